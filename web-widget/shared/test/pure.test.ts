import { describe, expect, it } from "vitest";
import { accentOr, contrast, textOn } from "../src/contrast.ts";
import { brief, day, initials, size, waiting } from "../src/format.ts";
import type { AttachmentView, MessageView, SendStatus } from "../src/generated/protocol.ts";
import { pickLocale, pluralForm, put } from "../src/i18n.ts";
import { decode, encode } from "../src/json.ts";
import { linkParts } from "../src/links.ts";
import { laterState, mergeMessage, mergeMessages, startsGroup } from "../src/messages.ts";

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();
const view = (id: string, more: Partial<MessageView> = {}): MessageView => ({
  id, conversation: "c", direction: "inbound", author: { kind: "customer", id: "a", name: "" }, text: id, attachments: [], reply_to: null, client_id: null,
  written_at: at(0), imported_at: at(0), state: { status: "sent", at: at(0) }, crm: [], ...more,
});

describe("states", () => {
  const rows: [SendStatus, number, SendStatus, number, SendStatus][] = [
    ["sent", 1, "queued", 2, "sent"],
    ["queued", 1, "sent", 1, "sent"],
    ["read", 1, "delivered", 9, "read"],
    ["delivered", 1, "read", 0, "read"],
    ["queued", 1, "failed", 2, "failed"],
    ["failed", 2, "queued", 1, "failed"],
    ["unknown", 1, "sent", 2, "sent"],
  ];
  for (const [have, haveAt, came, cameAt, expected] of rows) {
    it(`${have} then ${came} is ${expected}`, () => {
      expect(laterState({ status: have, at: at(haveAt) }, { status: came, at: at(cameAt) }).status).toBe(expected);
    });
  }
});

describe("messages", () => {
  it("stand in log order, each once, newest state", () => {
    const list = mergeMessages([view("b"), view("d")], [view("c"), view("a"), view("d", { state: { status: "read", at: at(5) } })]);
    expect(list.map((one) => [one.id, one.state.status])).toEqual([["a", "sent"], ["b", "sent"], ["c", "sent"], ["d", "read"]]);
  });
  it("are not undone by an older view: edits, deletions, files", () => {
    const file = (status: AttachmentView["status"]): AttachmentView => ({ id: "f", name: "f", media_type: "image/png", size: 1, status });
    const newer = view("a", { text: "", deleted_at: at(9), attachments: [file("ready")] });
    const merged = mergeMessage(newer, view("a", { text: "old", attachments: [file("pending")] }));
    expect([merged.text, merged.deleted_at, merged.attachments[0]?.status]).toEqual(["", at(9), "ready"]);
    expect(mergeMessage(view("a", { text: "new", edited_at: at(5) }), view("a", { text: "old" })).text).toBe("new");
    expect(mergeMessage(view("a", { attachments: [file("ready")] }), view("a", { attachments: [file("pending")] })).attachments[0]?.status).toBe("ready");
  });
  it("group within three minutes of one author", () => {
    const first = view("a");
    expect(startsGroup(undefined, first)).toBe(true);
    expect(startsGroup(first, view("b", { written_at: at(180) }))).toBe(false);
    expect(startsGroup(first, view("b", { written_at: at(181) }))).toBe(true);
    expect(startsGroup(first, view("b", { author: { kind: "customer", id: "z", name: "" } }))).toBe(true);
  });
});

describe("words", () => {
  it("takes the plural form of the language", () => {
    const ru = { one: "файл", few: "файла", many: "файлов", other: "файла" };
    expect([1, 2, 5, 11, 21, 104].map((n) => pluralForm("ru", ru, n))).toEqual(["файл", "файла", "файлов", "файлов", "файл", "файла"]);
    expect([0, 1, 2].map((n) => pluralForm("en", { one: "file", other: "files" }, n))).toEqual(["files", "file", "files"]);
    expect(pluralForm("es", { one: "a", many: "b", other: "c" }, 1_000_000)).toBe("b");
  });
  it("puts names in and leaves what it does not know", () => expect(put("{a} и {b}", { a: 1 })).toBe("1 и {b}"));
  it("picks a language it speaks", () => expect(["ru-RU", "EN", "es_MX", "de", null].map((one) => pickLocale(one, "en"))).toEqual(["ru", "en", "es", "en", "en"]));
});

describe("format", () => {
  const now = new Date(2026, 10, 21, 15, 0).getTime();
  it("names days", () => {
    expect([0, 1, 2, 400].map((back) => day("ru", now - back * 86_400_000, now))).toEqual(["сегодня", "вчера", "19 ноября", "17 октября 2025 г."]);
    expect(day("en", now - 86_400_000, now)).toBe("yesterday");
  });
  it("is brief in the list", () => {
    expect(brief("ru", now, now)).toBe("15:00");
    expect(brief("ru", now - 86_400_000, now)).toBe("пт");
    expect(brief("ru", now - 30 * 86_400_000, now)).toBe("22.10.26");
  });
  it("says sizes and waiting times", () => {
    const plain = (text: string) => text.replace(/\s/g, " ");
    expect([512, 1536, 3_145_728].map((bytes) => plain(size("ru", bytes)))).toEqual(["512 Б", "1,5 кБ", "3 МБ"]);
    expect([5, 125, 3000].map((minutes) => plain(waiting("ru", now - minutes * 60_000, now)))).toEqual(["5 мин", "2 ч", "2 дн."]);
  });
  it("takes letters only for initials", () => expect(["Анна Кузнецова", "Сергей (опт)", "", "🙂 Ёж"].map(initials)).toEqual(["АК", "СО", "", "Ё"]));
});

describe("links", () => {
  const rows: [string, (string | undefined)[]][] = [
    ["no links", [undefined]],
    ["see https://a.example/x?y=1, ok", [undefined, "https://a.example/x?y=1", undefined]],
    ["javascript:alert(1) data:text/html,x", [undefined]],
    ["(http://a.example)", [undefined, "http://a.example", undefined]],
    ['https://a.example"onx=1', ["https://a.example", undefined]],
  ];
  for (const [text, expected] of rows) {
    it(text, () => {
      expect(linkParts(text).map((part) => part.href)).toEqual(expected);
      expect(linkParts(text).map((part) => part.text).join("")).toBe(text);
    });
  }
});

it("text on any accent can be read", () => {
  for (const accent of ["#000000", "#ffffff", "#0f766e", "#facc15", "#808080", "#3b5bdb", "#ff0000"]) expect(contrast(accent, textOn(accent))).toBeGreaterThanOrEqual(4.5);
  expect(["#12345", "red; x", null, "#ABCDEF"].map((one) => accentOr("#000000", one))).toEqual(["#000000", "#000000", "#000000", "#ABCDEF"]);
});

it("writes no half of a pair alone, and leaves everything else as it is", () => {
  expect(decode(encode({ title: "a\ud83d" }))).toEqual({ title: "a\ufffd" });
  expect(encode("\udc00b")).toBe('"\ufffdb"');
  for (const text of ["👍🏽", "\\ud800", "\\\\ud800 \"\n\t", "\u0000\u202e"]) expect(decode(encode(text))).toBe(text);
});
