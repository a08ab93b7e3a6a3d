import { describe, expect, it } from "vitest";
import type { Can, ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { createConversations, PAGE as PAGE_OF_LIST, type Source } from "../src/state/conversations.ts";
import { EVERYTHING, fits, type Query, type View, VIEWS } from "../src/state/query.ts";
import { SparseIds } from "../src/state/sparse.ts";
import { createFar, createThread, MOST, PAGE } from "../src/state/thread.ts";
import { parseOrigins } from "../src/settings/origins.ts";
import { lengthIn } from "../src/thread/length.ts";
import { askedReply, fillIn, findReplies } from "../src/thread/canned.ts";
import { freshId, rowsOf } from "../src/thread/rows.ts";
import { createPicks } from "../src/thread/picks.ts";
import { type Asker, mayForward, undeletable } from "../src/thread/rights.ts";
import { markWords } from "../src/ui/hits.ts";
import { snoozeTimes } from "../src/thread/snooze.ts";
import type { ReplyView } from "../src/types.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 0, minute)).toISOString();
const talk = (id: string, minute: number, more: Partial<ConversationView> = {}): ConversationView =>
  ({ id, active_at: at(minute), created_at: at(0), status: "open", unread: 0, marked_unread: false, assignee: null, tags: [], version: 1, ...more }) as ConversationView;
const message = (number: number, more: Partial<MessageView> = {}): MessageView =>
  ({ id: `m${String(number).padStart(5, "0")}`, conversation: "c", direction: "inbound", author: { kind: "customer", id: "a", name: "" }, text: "", attachments: [], client_id: null, written_at: at(number), state: { status: "sent", at: at(number) }, ...more }) as MessageView;

const asked = (view: View, more: Partial<Query> = {}): Query => ({ ...EVERYTHING, view, ...more });

describe("sparse ids", () => {
  const page = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => ({ id: `c${String(from + n).padStart(6, "0")}`, rank: String(2_000_000 - from - n) }));
  const make = () => {
    const list = new SparseIds(true);
    list.fill(0, page(0, 50), 100_000);
    return list;
  };

  it("hold a hundred thousand places and load those that are looked at", () => {
    const list = make();
    list.fill(99_950, page(99_950, 100_000), 100_000);
    expect([list.length, list.loaded, list.at(99_999), list.at(500)]).toEqual([100_000, 100, "c099999", undefined]);
    expect(list.prune(99_990, 50)).toEqual([]);
    list.fill(50_000, page(50_000, 50_050), 100_000);
    expect(list.prune(99_990, 60)).toHaveLength(50);
    expect(list.loaded).toBe(100);
  });

  it("move what is loaded at once, and say when only the server knows", () => {
    const list = make();
    expect(list.put("c000049", "3000000", true)).toBe(true);
    expect([list.at(0), list.at(1), list.length]).toEqual(["c000049", "c000000", 100_000]);
    // One from below the loaded part comes up: its old place is not known.
    expect(list.put("c070000", "4000000", true)).toBe(false);
    expect([list.at(0), list.length]).toEqual(["c070000", 100_000]);
    expect(list.put("new", "5000000", false)).toBe(true);
    expect([list.at(0), list.length]).toEqual(["new", 100_001]);
    // One that belongs where nothing is loaded leaves a hole there.
    expect(list.put("c000000", "1", true)).toBe(false);
    expect([list.has("c000000"), list.length]).toEqual([false, 100_001]);
    expect([list.drop("new", true), list.drop("c090000", true), list.length]).toEqual([true, false, 99_999]);
  });

  it("believe the server where a page says otherwise", () => {
    const list = make();
    list.fill(0, [{ id: "c000007", rank: "9" }, { id: "x", rank: "8" }], 2);
    expect([list.at(0), list.at(1), list.length, list.loaded]).toEqual(["c000007", "x", 2, 2]);
  });

  it("stand in the order of their ids where ranks are equal, as on the server", () => {
    const list = new SparseIds(false);
    for (const id of ["b", "c", "a"]) list.put(id, "1", false);
    expect([0, 1, 2].map((index) => list.at(index))).toEqual(["a", "b", "c"]);
  });
});

describe("conversations", () => {
  const counters = { open: 0, unread: 0, unanswered: 0, unassigned: 0, mine: 0, snoozed: 0 };
  const make = (all: ConversationView[]) => {
    const server = { all, calls: 0 };
    const later: (() => void)[] = [];
    const source: Source = {
      conversations: (query, { skip = 0, cursor }) => {
        server.calls += 1;
        const fit = server.all.filter((one) => fits(query, one, "me")).sort((a, b) => (a.active_at < b.active_at ? 1 : -1));
        const from = cursor ? Number(cursor) : skip;
        return Promise.resolve({ items: fit.slice(from, from + PAGE_OF_LIST), next: from + PAGE_OF_LIST < fit.length ? String(from + PAGE_OF_LIST) : null, total: fit.length });
      },
      counters: () => Promise.resolve(counters),
    };
    const store = createConversations(source, () => "me", (act) => later.push(act));
    const ids = (query: Query) => Array.from({ length: store.list(query).length }, (_, index) => store.list(query).at(index));
    const settle = () => new Promise((done) => setTimeout(done));
    const look = async (query: Query, from = 0, to = 20) => {
      store.look(query, from, to);
      await settle();
    };
    return { store, ids, look, server, mend: async () => { later.splice(0).forEach((act) => act()); await settle(); } };
  };
  const all = asked("all");
  const many = (n: number) => Array.from({ length: n }, (_, index) => talk(`c${String(index).padStart(4, "0")}`, 5_000 - index));

  it("move up when somebody writes, and an older view changes nothing", async () => {
    const { store, ids, look } = make([talk("a", 3), talk("b", 2)]);
    await look(all);
    store.upsert(talk("b", 9, { version: 5 }));
    store.upsert(talk("b", 1, { version: 4, status: "closed" }));
    expect(ids(all)).toEqual(["b", "a"]);
  });

  it("are loaded where one looks, also at the very end, and far ones are let go", async () => {
    const { store, look, server } = make(many(3_000));
    await look(all);
    expect(store.list(all).length).toBe(3_000);
    await look(all, 2_980, 2_999);
    expect(store.list(all).at(2_999)).toBe("c2999");
    expect(store.list(all).at(1_500)).toBeUndefined();
    expect(server.calls).toBe(2);
    for (let from = 0; from < 2_900; from += 40) await look(all, from, from + 20);
    expect(store.list(all).at(2_999)).toBeUndefined();
  });

  it("one that comes up from where nothing is loaded is shown at once, and the rest is asked for anew", async () => {
    const { store, ids, look, server, mend } = make(many(300));
    await look(all);
    await look(all, 100, 120);
    const moved = talk("c0290", 9_000, { version: 2 });
    server.all = [moved, ...server.all.filter((one) => one.id !== "c0290")];
    store.upsert(moved);
    expect([ids(all)[0], ids(all).length]).toEqual(["c0290", 300]);
    await mend();
    expect(ids(all).slice(100, 103)).toEqual(["c0099", "c0100", "c0101"]);
  });

  it("leave a view they no longer fit, but not while they are on screen", async () => {
    const unread = asked("unread");
    const { store, ids, look } = make([talk("a", 3, { unread: 1 }), talk("b", 2, { unread: 1 })]);
    await look(unread);
    store.keep("a");
    store.upsert(talk("a", 3, { version: 2 }));
    store.upsert(talk("b", 2, { version: 2 }));
    expect(ids(unread)).toEqual(["a"]);
    store.keep(null);
    expect(ids(unread)).toEqual([]);
  });

  it("do not move while somebody points at them", async () => {
    const { store, ids, look } = make([talk("a", 3), talk("b", 2)]);
    await look(all);
    store.hold(true);
    store.upsert(talk("b", 9, { version: 2, title: "новое" }));
    expect([ids(all), store.get("b")?.title]).toEqual([["a", "b"], "новое"]);
    store.hold(false);
    expect(ids(all)).toEqual(["b", "a"]);
  });

  it("what comes while a page is on its way is not lost", async () => {
    const { store, ids } = make([talk("a", 3)]);
    const loading = store.reload(all);
    store.upsert(talk("new", 20));
    await loading;
    expect(ids(all)).toEqual(["new", "a"]);
  });

  it("what is gone after a reload is gone from the list", async () => {
    const { store, ids, look, server } = make([talk("a", 3), talk("b", 2)]);
    await look(all);
    server.all = [talk("b", 2)];
    await store.reload(all);
    expect(ids(all)).toEqual(["b"]);
  });

  it("closed ones come page by page", async () => {
    const closed = asked("closed");
    const { store, look } = make(many(120).map((one) => ({ ...one, status: "closed" })));
    await look(closed);
    expect([store.list(closed).length, store.list(closed).more]).toEqual([50, true]);
    await look(closed, 30, 49);
    await look(closed, 80, 99);
    expect([store.list(closed).length, store.list(closed).more]).toEqual([120, false]);
  });

  it("views and filters", () => {
    const views = (one: ConversationView) => VIEWS.filter((view) => fits(asked(view), one, "me"));
    expect(views(talk("a", 1, { unanswered_since: at(1), unread: 2 }))).toEqual(["all", "unassigned", "unanswered", "unread"]);
    expect(views(talk("a", 1, { assignee: "me", marked_unread: true }))).toEqual(["all", "mine", "unread"]);
    expect(views(talk("a", 1, { snoozed_until: at(9), unread: 1 }))).toEqual(["snoozed"]);
    expect(views(talk("a", 1, { status: "closed", assignee: "me" }))).toEqual(["closed"]);
    const one = talk("a", 1, { channel: "site", tags: ["vip"], assignee: "ann" });
    const wanted: [Partial<Query>, boolean][] = [[{ channel: "site" }, true], [{ channel: "other" }, false], [{ tag: "vip" }, true], [{ tag: "x" }, false], [{ assignee: "ann", tag: "vip" }, true], [{ assignee: "bob" }, false]];
    for (const [filter, yes] of wanted) expect(fits(asked("all", filter), one, "me"), JSON.stringify(filter)).toBe(yes);
  });
});

describe("canned replies", () => {
  const reply = (shortcut: string, more: Partial<ReplyView> = {}): ReplyView => ({ id: shortcut, shared: true, shortcut, title: "", text: "", files: [], changed_at: at(1), ...more });
  const all = [reply("цена", { title: "О ценах" }), reply("доставка", { text: "Цены на доставку" }), reply("hello", { shared: false }), reply("цена", { id: "own", shared: false })];
  it("are found by a few letters, in either layout, one's own first", () => {
    expect(findReplies(all, "це").map((one) => one.id)).toEqual(["own", "цена"]);
    expect(findReplies(all, "wty").map((one) => one.id)).toEqual(["own", "цена", "доставка"]);
    expect(findReplies(all, "руд").map((one) => one.id)).toEqual(["hello"]);
    expect(findReplies(all, "zzz")).toEqual([]);
    expect(findReplies(all, "")).toHaveLength(4);
  });
  it("are asked for by a slash at the beginning only", () => {
    expect(["/", "/це", "/це ", "а /це", "//", "5/6"].map(askedReply)).toEqual(["", "це", null, null, "/", null]);
  });
  it("are filled in without holes", () => {
    const names = { name: "Анна", manager: "Олег", channel: "Сайт", company: "Лавка" };
    expect(fillIn("%NAME%, здравствуйте! Это %MANAGER%, %COMPANY%.", names)).toBe("Анна, здравствуйте! Это Олег, Лавка.");
    expect(fillIn("%NAME%, здравствуйте!", { ...names, name: "" })).toBe("Здравствуйте!");
    expect(fillIn("100 % — %OTHER%", names)).toBe("100 % — %OTHER%");
  });
});

describe("moments to put aside until", () => {
  it("lie ahead and differ", () => {
    // Saturday noon, Monday evening, Sunday late: local time.
    for (const [day, hour] of [[21, 12], [23, 19], [22, 23]] as const) {
      const now = new Date(2026, 10, day, hour, 30);
      const times = snoozeTimes(now).map((one) => one.at.getTime());
      expect(times.every((time) => time > now.getTime())).toBe(true);
      expect(new Set(times).size).toBe(times.length);
      expect(snoozeTimes(now).some((one) => one.word === "snooze.evening")).toBe(hour < 18);
    }
    expect(snoozeTimes(new Date(2026, 10, 22, 10)).find((one) => one.word === "snooze.monday")).toBeUndefined();
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
    for (let n = 0; n < 5; n += 1) await thread.loadOlder();
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

  it("holds on to a jump when everything is fetched anew", async () => {
    const thread = createThread(source);
    await thread.load();
    const jump = thread.load({ around: "m00500" });
    expect(await thread.reload()).toBe(false);
    expect(await jump).toBe(true);
    expect(thread.messages().some((one) => one.id === "m00500")).toBe(true);
  });

  it("counts what comes while its reader is elsewhere, and lets nothing grow without end", async () => {
    const thread = createThread(source);
    await thread.load();
    for (let n = 2000; n < 2400; n += 1) thread.take(message(n), true);
    expect([thread.messages().length, thread.missed(), thread.messages().at(-1)?.id, thread.older()]).toEqual([MOST, 0, "m02399", "m02200"]);
    thread.follow(false);
    for (let n = 2400; n < 2410; n += 1) thread.take(message(n), true);
    // What is read stays; the new ones are fetched on the way down.
    expect([thread.messages().length, thread.missed(), thread.messages()[0]?.id, thread.atEnd()]).toEqual([MOST, 10, "m02200", false]);
    await thread.load();
    thread.follow(true);
    expect([thread.missed(), thread.atEnd()]).toEqual([0, true]);
  });

  it("finds the first unread beyond the stretch", async () => {
    const thread = createThread(source);
    await thread.load();
    expect(await thread.findUnread(130)).toBe("m00870");
  });

  it("asks once for a message that is elsewhere, and says when there is none", async () => {
    let asked = 0;
    const far = createFar((ask) => { asked += 1; return source(ask); });
    expect([far("m00017"), far("m00017")]).toEqual([undefined, undefined]);
    expect(far("nobody")).toBe(undefined);
    await new Promise((done) => setTimeout(done));
    expect([far("m00017")?.id, far("nobody"), asked]).toEqual(["m00017", null, 2]);
  });

  it("jumps into the middle and back", async () => {
    const thread = createThread(source);
    await thread.load({ around: "m00500" });
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

describe("words that were looked for", () => {
  const hits = (text: string, words: string) => markWords(text, words).filter((cut) => cut.hit).map((cut) => cut.text);
  it("are marked in every form of the word, and nothing else is", () => {
    expect(hits("Жёлтая доставка, доставки и до", "доставку")).toEqual(["доставка", "доставки"]);
    expect(hits("ещё Ёлка", "елка еще")).toEqual(["ещё", "Ёлка"]);
    expect(hits("order 20417 ordinary", "204 order")).toEqual(["order", "20417"]);
    expect(hits("a+b (c)", "+ (")).toEqual([]);
  });
  it("leave the text as it is", () => expect(markWords("один, два", "два").map((cut) => cut.text).join("")).toBe("один, два"));
});

describe("picked messages", () => {
  const shown = [message(1), message(2, { direction: "system" }), message(3, { deleted_at: at(4) }), message(4), message(5)];
  it("go by ranges, leave out what is gone, and come in order", () => {
    const picks = createPicks(() => shown);
    picks.start(shown[4]!);
    picks.toggle(shown[0]!, true);
    expect(picks.list().map((one) => one.id)).toEqual(["m00001", "m00004", "m00005"]);
    picks.toggle(shown[3]!);
    expect([picks.count(), picks.has("m00004")]).toEqual([2, false]);
    picks.end();
    expect(picks.on()).toBe(false);
  });
  it("are no more than one can mean", () => {
    const many = Array.from({ length: 200 }, (_, n) => message(n));
    const picks = createPicks(() => many);
    picks.start(many[0]!);
    expect([picks.toggle(many[150]!, true), picks.count(), picks.toggle(many[99]!, true), picks.count()]).toEqual([false, 1, true, 100]);
  });
  it("can be deleted as far as one's rights and the channel go", () => {
    const can = { delete: true } as Can;
    const by = (id: string, more: Partial<MessageView>) => message(1, { author: { kind: "manager", id, name: "" }, ...more });
    const why = (one: MessageView, asker: Partial<Asker> = {}) => undeletable(one, { can, me: "me", admin: false, ...asker });
    expect(why(message(1))).toBe("customers");
    expect([why(by("me", { direction: "outbound" })), why(by("other", { direction: "outbound" })), why(by("other", { direction: "outbound" }), { admin: true })]).toEqual([null, "others", null]);
    expect([why(by("me", { direction: "outbound" }), { can: { ...can, delete: false } }), why(by("me", { direction: "note" }), { can: undefined })]).toEqual(["channel", null]);
    expect([mayForward(by("me", { direction: "note" })), mayForward(message(1)), mayForward(message(1, { deleted_at: at(2) }))]).toEqual([false, true, false]);
  });
});

it("counts a text as its channel does", () => expect(["characters", "utf16", "bytes"].map((unit) => lengthIn(unit, "Ы🙂"))).toEqual([2, 3, 6]));

it("reads origins one per line", () => {
  expect(parseOrigins("https://a.example/x\nhttp://b.example:8080, https://a.example")).toEqual({ origins: ["https://a.example", "http://b.example:8080"], wrong: null });
  expect(["ftp://a", "a.example", "javascript:1"].map((text) => parseOrigins(text).wrong)).toEqual(["ftp://a", "a.example", "javascript:1"]);
});
