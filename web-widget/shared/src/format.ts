/** Dates, sizes and waiting times in the reader's language and zone. Pure but for the zone of the machine. */
import type { Locale } from "./i18n.ts";

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: Locale, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.DateTimeFormat(locale, options)));
  return found;
}

export function time(locale: Locale, at: string | number): string {
  return formatter(locale, "time", { hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(at));
}

export function dateTime(locale: Locale, at: string | number): string {
  return formatter(locale, "both", { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** A day of the machine's zone as a number that grows by one each day. */
export function dayNumber(at: string | number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** «сегодня», «вчера», «3 марта», «3 марта 2024 г.» */
export function day(locale: Locale, at: string | number, now: number): string {
  const back = dayNumber(at) - dayNumber(now);
  if (back === 0 || back === -1) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(back, "day");
  const date = new Date(at);
  if (date.getFullYear() === new Date(now).getFullYear()) return formatter(locale, "day", { day: "numeric", month: "long" }).format(date);
  return formatter(locale, "year", { day: "numeric", month: "long", year: "numeric" }).format(date);
}

/** For a list's row: the time today, the weekday this week, else the date. */
export function brief(locale: Locale, at: string | number, now: number): string {
  const back = dayNumber(now) - dayNumber(at);
  if (back <= 0) return time(locale, at);
  if (back < 7) return formatter(locale, "week", { weekday: "short" }).format(new Date(at));
  return formatter(locale, "short", { day: "2-digit", month: "2-digit", year: "2-digit" }).format(new Date(at));
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

export function size(locale: Locale, bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: "unit", unit: UNITS[unit] ?? "byte", unitDisplay: "short", maximumFractionDigits: digits }).format(value);
}

/** How long somebody waits: minutes, then hours, then days, always one unit. */
export function waiting(locale: Locale, since: string | number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - new Date(since).getTime()) / 60_000));
  const [value, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 1440 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1440), "day"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit, unitDisplay: "short" }).format(value);
}

export function initials(name: string): string {
  const words = name.trim().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => Array.from(word)[0] ?? "");
  return letters.join("").toUpperCase();
}

/** A steady hue of a name, so that a person keeps a colour. */
export function hue(key: string): number {
  let sum = 0;
  for (const letter of key) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 3600;
  return sum % 360;
}
