/** What this manager wants to be told, and whether now is the time. The same rules as the server's (`model/notice.rs`), for what an open page tells. */
import type { ConversationView, MessageView, NoticeEvent, NoticeSettings, QuietHours, Wish } from "@kommutator/shared/generated/protocol.ts";

const minutes = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** The hands of the clock and the day of the week (Monday: 0) in a zone; an empty name is the browser's own. */
function here(zone: string, now: Date): { hand: number; day: number } {
  const ask = (timeZone: string | undefined) => new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(timeZone && { timeZone }) }).formatToParts(now);
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = ask(zone);
  } catch {
    parts = ask(undefined);
  }
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return { hand: Number(part("hour")) * 60 + Number(part("minute")), day: Math.max(0, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(part("weekday"))) };
}

export function isQuiet(quiet: QuietHours, zone: string, now: Date): boolean {
  if (!quiet.on) return false;
  const [from, to, { hand, day }] = [minutes(quiet.from), minutes(quiet.to), here(zone, now)];
  const begins = (at: number) => quiet.days[at % 7] ?? false;
  if (from < to) return hand >= from && hand < to && begins(day);
  return (hand >= from && begins(day)) || (hand < to && begins(day + 6));
}

/** Whose business a customer's message is. */
export const whose = (one: ConversationView, me: string): NoticeEvent => (one.assignee === null ? "unassigned" : one.assignee === me ? "mine" : "colleagues");

/** What a message is to this manager; none: nothing. */
export function ofMessage(message: MessageView, one: ConversationView | undefined, me: string): NoticeEvent | null {
  if (one === undefined || one.blocked || message.author.id === me) return null;
  if (message.direction === "inbound") return whose(one, me);
  return message.direction === "note" && (message.mentions ?? []).some((mention) => mention.user === me) ? "mentioned" : null;
}

/** What a change of a conversation is to this manager. What they did themselves is known before the server says it. */
export function ofChange(before: ConversationView | undefined, after: ConversationView, me: string, isChief: boolean): NoticeEvent | null {
  if (before === undefined || after.blocked) return null;
  if (after.assignee === me && before.assignee !== me) return "assigned";
  if (after.overdue && !before.overdue) return after.assignee === me || after.assignee === null || isChief ? "overdue" : null;
  return null;
}

export type Standing = { away: boolean; muted: boolean; looking: boolean; zone: string; now: Date };

/** By what it is to be told now. */
export function means(settings: NoticeSettings, event: NoticeEvent, at: Standing): Pick<Wish, "sound" | "desktop"> {
  const overdue = event === "overdue";
  const silent =
    at.looking ||
    (at.muted && event !== "assigned" && event !== "mentioned") ||
    (at.away && !overdue) ||
    (isQuiet(settings.quiet, at.zone, at.now) && !(overdue && settings.quiet.overdue_passes));
  return silent ? { sound: false, desktop: false } : settings[event];
}
