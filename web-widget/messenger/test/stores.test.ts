import { describe, expect, it } from "vitest";
import type { ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { createConversations, fits, type Source } from "../src/state/conversations.ts";
import { OrderedIds } from "../src/state/ordered.ts";
import { createThread, MOST, PAGE } from "../src/state/thread.ts";
import { parseOrigins } from "../src/settings/origins.ts";
import { lengthIn } from "../src/thread/length.ts";
import { freshId, rowsOf } from "../src/thread/rows.ts";
import type { View } from "../src/types.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 0, minute)).toISOString();
const talk = (id: string, minute: number, more: Partial<ConversationView> = {}): ConversationView =>
  ({ id, active_at: at(minute), status: "open", unread: 0, version: 1, ...more }) as ConversationView;
const message = (number: number, more: Partial<MessageView> = {}): MessageView =>
  ({ id: `m${String(number).padStart(5, "0")}`, conversation: "c", direction: "inbound", author: { kind: "customer", id: "a", name: "" }, text: "", attachments: [], client_id: null, written_at: at(number), state: { status: "sent", at: at(number) }, ...more }) as MessageView;

describe("ordered ids", () => {
  it("stay newest first through a hundred thousand moves", () => {
    const list = new OrderedIds();
    for (let n = 0; n < 100_000; n += 1) list.set(`c${n}`, String(20_000_000 - n));
    for (let n = 0; n < 2_000; n += 1) list.set(`c${(n * 7919) % 100_000}`, String(30_000_000 + n));
    expect(list.length).toBe(100_000);
    expect(list.at(0)).toBe(`c${(1999 * 7919) % 100_000}`);
    expect(list.indexOf(list.at(54_321) ?? "")).toBe(54_321);
    list.delete(list.at(0) ?? "");
    expect(list.length).toBe(99_999);
  }, 30_000);
});

describe("conversations", () => {
  const make = (pages: Partial<Record<View, ConversationView[][]>>) => {
    const source: Source = {
      conversations: (view, cursor) => {
        const all = pages[view] ?? [[]];
        const index = Number(cursor ?? 0);
        return Promise.resolve({ items: all[index] ?? [], next: index + 1 < all.length ? String(index + 1) : null });
      },
      counters: () => Promise.resolve({ open: 0, unread: 0, unanswered: 0 }),
    };
    const store = createConversations(source, () => undefined);
    const ids = (view: View) => Array.from({ length: store.list(view).length }, (_, index) => store.list(view).at(index));
    return { store, ids };
  };

  it("move up when somebody writes, and an older view changes nothing", async () => {
    const { store, ids } = make({ all: [[talk("a", 3), talk("b", 2)]] });
    await store.open("all");
    store.upsert(talk("b", 9, { version: 5 }));
    store.upsert(talk("b", 1, { version: 4, status: "closed" }));
    expect(ids("all")).toEqual(["b", "a"]);
  });

  it("below the loaded part stay out until their page comes", async () => {
    const { store, ids } = make({ all: [[talk("a", 9), talk("b", 8)], [talk("c", 7), talk("z", 1)]] });
    await store.open("all");
    store.upsert(talk("z", 1, { version: 2 }));
    expect(ids("all")).toEqual(["a", "b"]);
    await store.more("all");
    expect(ids("all")).toEqual(["a", "b", "c", "z"]);
    expect(store.list("all").more).toBe(false);
  });

  it("leave a view they no longer fit, but not while they are on screen", async () => {
    const { store, ids } = make({ unread: [[talk("a", 3, { unread: 1 }), talk("b", 2, { unread: 1 })]] });
    await store.open("unread");
    store.keep("a");
    store.upsert(talk("a", 3, { version: 2 }));
    store.upsert(talk("b", 2, { version: 2 }));
    expect(ids("unread")).toEqual(["a"]);
    store.keep(null);
    expect(ids("unread")).toEqual([]);
  });

  it("what comes while a page is on its way is not lost", async () => {
    const { store, ids } = make({ all: [[talk("a", 3)]] });
    const loading = store.reload("all");
    store.upsert(talk("new", 20));
    await loading;
    expect(ids("all")).toEqual(["new", "a"]);
  });

  it("what is gone after a reload is gone from the list", async () => {
    const pages = { all: [[talk("a", 3), talk("b", 2)]] };
    const { store, ids } = make(pages);
    await store.open("all");
    pages.all = [[talk("b", 2)]];
    await store.reload("all");
    expect(ids("all")).toEqual(["b"]);
  });

  it("views", () => {
    const waiting = talk("a", 1, { unanswered_since: at(1), unread: 2 });
    expect((["all", "unread", "unanswered", "closed"] as View[]).filter((view) => fits(view, waiting))).toEqual(["all", "unread", "unanswered"]);
    expect((["all", "unread", "unanswered", "closed"] as View[]).filter((view) => fits(view, talk("b", 1, { status: "closed" })))).toEqual(["closed"]);
  });
});

describe("thread", () => {
  const history = Array.from({ length: 1000 }, (_, n) => message(n));
  const source = ({ limit, before, after, around }: { limit: number; before?: string; after?: string; around?: string }) => {
    const place = (id: string | undefined) => history.findIndex((one) => one.id === id);
    let [from, to] = [history.length - limit, history.length];
    if (before) [from, to] = [place(before) - limit, place(before)];
    if (after) [from, to] = [place(after) + 1, place(after) + 1 + limit];
    if (around) [from, to] = [place(around) - limit / 2, place(around) + limit / 2];
    from = Math.max(0, from);
    return Promise.resolve({ items: history.slice(from, to), next: from > 0 ? history[from]!.id : null });
  };

  it("is one stretch without holes, bounded, in both directions", async () => {
    const thread = createThread(source);
    await thread.load();
    for (let n = 0; n < 12; n += 1) await thread.loadOlder();
    expect(thread.messages()).toHaveLength(MOST);
    expect(thread.atEnd()).toBe(false);
    thread.take(message(5000), true);
    expect(thread.missed()).toBe(1);
    for (let n = 0; n < 30 && !thread.atEnd(); n += 1) await thread.loadNewer();
    expect(thread.messages().at(-1)?.id).toBe(history.at(-1)!.id);
    const ids = thread.messages().map((one) => Number(one.id.slice(1)));
    expect(ids.every((id, index) => index === 0 || id === ids[index - 1]! + 1)).toBe(true);
    expect(thread.older()).toBe(thread.messages()[0]?.id);
  });

  it("keeps what came while it was loading", async () => {
    const thread = createThread(source);
    const loading = thread.load();
    thread.take(message(5000), true);
    await loading;
    expect(thread.messages().at(-1)?.id).toBe(message(5000).id);
    expect(thread.messages()).toHaveLength(PAGE + 1);
  });

  it("jumps into the middle and back", async () => {
    const thread = createThread(source);
    await thread.load("m00500");
    expect(thread.atEnd()).toBe(false);
    expect(thread.messages().some((one) => one.id === "m00500")).toBe(true);
    await thread.load();
    expect(thread.atEnd()).toBe(true);
  });
});

describe("rows", () => {
  it("mark days, groups and the first unread", () => {
    const list = [message(1), message(2), message(10), message(1500, { direction: "outbound" }), message(1501)];
    const rows = rowsOf(list, "m01501");
    expect(rows.map((row) => [row.day, row.first, row.last, row.fresh])).toEqual([
      [true, true, false, false],
      [false, false, true, false],
      [false, true, true, false],
      [true, true, true, false],
      [false, true, true, true],
    ]);
  });
  it("find the first of the unread", () => {
    const list = [message(1), message(2), message(3, { direction: "outbound" }), message(4)];
    expect([0, 1, 2, 3, 9].map((count) => freshId(list, count))).toEqual([null, "m00004", "m00002", "m00001", "m00001"]);
  });
});

it("counts a text as its channel does", () => expect(["characters", "utf16", "bytes"].map((unit) => lengthIn(unit, "Ы🙂"))).toEqual([2, 3, 6]));

it("reads origins one per line", () => {
  expect(parseOrigins("https://a.example/x\nhttp://b.example:8080, https://a.example")).toEqual({ origins: ["https://a.example", "http://b.example:8080"], wrong: null });
  expect(["ftp://a", "a.example", "javascript:1"].map((text) => parseOrigins(text).wrong)).toEqual(["ftp://a", "a.example", "javascript:1"]);
});
