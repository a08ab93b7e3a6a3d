/** The moments a conversation is usually put aside until: in working hours, never in the past, no two the same. */
import type { WordKey } from "../i18n.ts";

type Moment = { word: WordKey; at: Date; far: boolean };
const MORNING = 9;
const EVENING = 18;

export function snoozeTimes(now: Date): Moment[] {
  const at = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const hours = (n: number) => new Date(now.getTime() + n * 3_600_000);
  // Monday is 1; from a Monday the next one is a week away.
  const toMonday = ((8 - now.getDay()) % 7) || 7;
  const moments: Moment[] = [
    { word: "snooze.hour", at: hours(1), far: false },
    { word: "snooze.three", at: hours(3), far: false },
    { word: "snooze.evening", at: at(0, EVENING), far: false },
    { word: "snooze.tomorrow", at: at(1, MORNING), far: true },
    { word: "snooze.monday", at: at(toMonday, MORNING), far: true },
    { word: "snooze.month", at: at(30, MORNING), far: true },
  ];
  return moments.filter((one, index) => one.at.getTime() > now.getTime() + 600_000 && !moments.slice(0, index).some((other) => other.at.getTime() === one.at.getTime()));
}
