/** The day's numbers, made ready for the eye. Pure. */
import type { DayTally, HourTally } from "../types.ts";

export type Series = "inbound" | "outbound" | "begun";
export const SERIES: readonly Series[] = ["inbound", "outbound", "begun"];

export const sum = (day: DayTally, series: Series) => day.hours.reduce((all, hour) => all + hour[series], 0);

/** One column of the chart; a day of 23 or 25 hours stands beside one of 24. `clock`: the hour's name in the zone. */
export type Column = { clock: string; today: number; yesterday: number; ahead: boolean };

export function columns(today: DayTally, yesterday: DayTally, series: Series, clock: (at: string) => string, now: number): Column[] {
  const of = (hour: HourTally | undefined) => hour?.[series] ?? 0;
  return Array.from({ length: Math.max(today.hours.length, yesterday.hours.length) }, (_, at) => {
    const [one, other] = [today.hours[at], yesterday.hours[at]];
    return { clock: clock((one ?? other)?.at ?? ""), today: of(one), yesterday: of(other), ahead: one === undefined || Date.parse(one.at) > now };
  });
}

/** The hour in a zone; a zone this browser does not know is left out of it. */
export function clockIn(locale: string, timeZone: string): (at: string) => string {
  const make = (zone?: string) => new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false, ...(zone && { timeZone: zone }) });
  let format: Intl.DateTimeFormat;
  try {
    format = make(timeZone);
  } catch {
    format = make();
  }
  return (at) => (at === "" ? "" : format.format(new Date(at)));
}

/** A length of time in its greatest whole unit: 90 s, 5 min, 2 h. */
export function length(locale: string, seconds: number): string {
  const [value, unit] = seconds < 120 ? [seconds, "second"] : seconds < 7200 ? [Math.round(seconds / 60), "minute"] : seconds < 172_800 ? [Math.round(seconds / 3600), "hour"] : [Math.round(seconds / 86_400), "day"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(value);
}
