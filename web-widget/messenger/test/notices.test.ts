import { describe, expect, it } from "vitest";
import type { ConversationView, MessageView, NoticeSettings, QuietHours, Wish } from "@kommutator/shared/generated/protocol.ts";
import { isAway, tomorrow } from "../src/state/absence.ts";
import { isQuiet, means, ofChange, ofMessage } from "../src/state/notices.ts";
import { askedMention, findColleagues, mentionedIn, mentionParts } from "../src/thread/mentions.ts";

const all = [true, true, true, true, true, true, true] as QuietHours["days"];
const weekdays = [true, true, true, true, true, false, false] as QuietHours["days"];
const quiet = (from: string, to: string, days = all): QuietHours => ({ on: true, from, to, days, overdue_passes: true });

// The rows of the server's own table (`model/notice_tests.rs`): both must say the same.
it.each([
  [quiet("22:00", "08:00"), "Europe/Moscow", "2026-11-23T18:59:59.999Z", false],
  [quiet("22:00", "08:00"), "Europe/Moscow", "2026-11-23T19:00:00Z", true],
  [quiet("22:00", "08:00"), "Europe/Moscow", "2026-11-23T23:00:00Z", true],
  [quiet("22:00", "08:00"), "Europe/Moscow", "2026-11-24T04:59:59Z", true],
  [quiet("22:00", "08:00"), "Europe/Moscow", "2026-11-24T05:00:00Z", false],
  [quiet("22:00", "08:00"), "UTC", "2026-11-23T19:00:00Z", false],
  [quiet("22:00", "08:00", weekdays), "Europe/Moscow", "2026-11-28T02:00:00Z", true],
  [quiet("22:00", "08:00", weekdays), "Europe/Moscow", "2026-11-28T20:00:00Z", false],
  [quiet("22:00", "08:00", weekdays), "Europe/Moscow", "2026-11-29T02:00:00Z", false],
  [quiet("12:00", "13:30", weekdays), "Europe/Moscow", "2026-11-23T09:00:00Z", true],
  [quiet("12:00", "13:30", weekdays), "Europe/Moscow", "2026-11-23T10:30:00Z", false],
  [quiet("22:00", "08:00"), "Europe/Berlin", "2026-03-29T05:59:00Z", true],
  [quiet("22:00", "08:00"), "Europe/Berlin", "2026-03-29T06:00:00Z", false],
  [quiet("22:00", "08:00"), "Europe/Berlin", "2026-10-25T06:59:00Z", true],
  [quiet("22:00", "08:00"), "Europe/Berlin", "2026-10-25T07:00:00Z", false],
])("quiet hours %# %o %s %s", (hours, zone, now, wanted) => {
  expect(isQuiet(hours, zone, new Date(now))).toBe(wanted);
  expect(isQuiet({ ...hours, on: false }, zone, new Date(now))).toBe(false);
});

const wish: Wish = { sound: true, desktop: true, push: true, letter: true };
const settings: NoticeSettings = { mine: wish, unassigned: wish, colleagues: { ...wish, sound: false, desktop: false }, assigned: wish, mentioned: wish, overdue: wish, trouble: wish, quiet: quiet("00:00", "00:00"), repeat_minutes: 0, show_text: true };
const free = { away: false, muted: false, looking: false, zone: "UTC", now: new Date("2026-11-23T12:00:00Z") };
const awake: NoticeSettings = { ...settings, quiet: { ...settings.quiet, on: false } };

it.each([
  ["mine", [true, false, false, false, false]],
  ["assigned", [true, false, false, true, false]],
  ["mentioned", [true, false, false, true, false]],
  ["overdue", [true, true, true, false, false]],
  ["colleagues", [false, false, false, false, false]],
] as const)("tells of %s when it may", (event, wanted) => {
  const rows = [means(awake, event, free), means(awake, event, { ...free, away: true }), means(settings, event, free), means(awake, event, { ...free, muted: true }), means(awake, event, { ...free, looking: true })];
  expect(rows.map((one) => one.sound)).toEqual([...wanted]);
});

describe("what happened", () => {
  const one = (part: Partial<ConversationView>) => ({ id: "c", assignee: null, blocked: false, overdue: false, ...part }) as ConversationView;
  const said = (part: Partial<MessageView>) => ({ direction: "inbound", author: { kind: "customer", id: "i", name: "" }, ...part }) as MessageView;
  it("is mine, or nobody's, or a colleague's", () => {
    expect([ofMessage(said({}), one({ assignee: "me" }), "me"), ofMessage(said({}), one({}), "me"), ofMessage(said({}), one({ assignee: "ann" }), "me")]).toEqual(["mine", "unassigned", "colleagues"]);
    expect([ofMessage(said({}), one({ blocked: true }), "me"), ofMessage(said({ direction: "outbound" }), one({}), "me")]).toEqual([null, null]);
  });
  it("is a mention only where one is named by another", () => {
    const note = said({ direction: "note", author: { kind: "manager", id: "ann", name: "Ann" }, mentions: [{ user: "me", name: "Me" }] });
    expect([ofMessage(note, one({}), "me"), ofMessage(note, one({}), "bob"), ofMessage({ ...note, author: { ...note.author, id: "me" } }, one({}), "me")]).toEqual(["mentioned", null, null]);
  });
  it("is told when it changes, and not what one did oneself", () => {
    expect(ofChange(one({}), one({ assignee: "me" }), "me", false)).toBe("assigned");
    expect(ofChange(one({ assignee: "me" }), one({ assignee: "me" }), "me", false)).toBeNull();
    const late = (assignee: string | null, chief: boolean) => ofChange(one({ assignee }), one({ assignee, overdue: true }), "me", chief);
    expect([late("me", false), late(null, false), late("ann", false), late("ann", true)]).toEqual(["overdue", "overdue", null, "overdue"]);
  });
});

describe("mentions", () => {
  const crew = [{ id: "1", name: "Анна Иванова", role: "manager", away: false }, { id: "2", name: "Анна", role: "manager", away: false }, { id: "3", name: "Борис", role: "admin", away: false }] as const;
  it("are asked for behind an @ that begins a word", () => {
    expect(askedMention("@", 1)).toEqual({ at: 0, words: "" });
    expect(askedMention("скажи @ан", 9)).toEqual({ at: 6, words: "ан" });
    expect(askedMention("a@b.ru", 6)).toBeNull();
    expect(askedMention("скажи @ан потом", 3)).toBeNull();
  });
  it("are found by any part of a name, also in the other layout", () => {
    expect(findColleagues(crew, "ив").map((one) => one.id)).toEqual(["1"]);
    expect(findColleagues(crew, ",jh").map((one) => one.id)).toEqual(["3"]);
  });
  it("are read from the words, the longest name first", () => {
    expect(mentionedIn("@Борис, глянь", crew)).toEqual(["3"]);
    const parts = mentionParts("Да, @Анна Иванова и @Анна!", [{ user: "2", name: "Анна" }, { user: "1", name: "Анна Иванова" }]);
    expect(parts).toEqual([{ text: "Да, " }, { text: "@Анна Иванова", user: "1" }, { text: " и " }, { text: "@Анна", user: "2" }, { text: "!" }]);
  });
});

it("an absence ends by itself", () => {
  const person = (until?: string) => ({ id: "1", name: "A", role: "manager" as const, away: true, ...(until && { away_until: until }) });
  const now = Date.parse("2026-11-23T12:00:00Z");
  expect([isAway(person(), now), isAway(person("2026-11-23T12:00:01Z"), now), isAway(person("2026-11-23T12:00:00Z"), now), isAway(undefined, now)]).toEqual([true, true, false, false]);
  expect(tomorrow(new Date(2026, 10, 30, 23, 0)).toString()).toBe(new Date(2026, 11, 1, 8, 0).toString());
});
