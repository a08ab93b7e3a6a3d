/** When somebody is away. */
import type { Colleague } from "../types.ts";

const HOUR_MS = 3_600_000;
const NIGHT_HOUR = 8;

export const inAnHour = (now: Date) => new Date(now.getTime() + HOUR_MS);
/** The next morning at eight. */
export function tomorrow(now: Date): Date {
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(NIGHT_HOUR, 0, 0, 0);
  return morning;
}

/** An absence that ended by itself is over, also where nobody said so. */
export const isAway = (one: Colleague | undefined, now = Date.now()) => one?.away === true && (one.away_until === undefined || Date.parse(one.away_until) > now);
