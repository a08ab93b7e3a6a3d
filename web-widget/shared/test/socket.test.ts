import { beforeEach, describe, expect, it } from "vitest";
import type { MessageView } from "../src/generated/protocol.ts";
import { limits, type ReadyBase, SocketClient, type SocketLike, type Status, type Timers } from "../src/socket/client.ts";
import type { QueueEntry } from "../src/socket/queue.ts";

type Send = { client_id: string; conversation: string; text?: string };
type Frame = Record<string, unknown> & { type: string };

class FakeTimers implements Timers {
  time = 1_000_000;
  private next = 1;
  private list = new Map<number, { at: number; act: () => void }>();
  now = () => this.time;
  set = (act: () => void, ms: number) => {
    this.list.set(this.next, { at: this.time + ms, act });
    return this.next++;
  };
  clear = (timer: unknown) => void this.list.delete(timer as number);
  /** Lets time pass; what falls due runs in its order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.list].filter(([, one]) => one.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.time = due[1].at;
      this.list.delete(due[0]);
      due[1].act();
    }
    this.time = end;
  }
}

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Frame[] = [];
  closed = false;
  send = (data: string) => void this.sent.push(JSON.parse(data) as Frame);
  close = () => void (this.closed = true);
  say = (frame: object) => this.onmessage?.({ data: JSON.stringify(frame) });
  of = (type: string) => this.sent.filter((frame) => frame.type === type);
}

class FakeStorage {
  map = new Map<string, string>();
  get length() {
    return this.map.size;
  }
  key = (at: number) => [...this.map.keys()][at] ?? null;
  getItem = (key: string) => this.map.get(key) ?? null;
  setItem = (key: string, value: string) => void this.map.set(key, value);
  removeItem = (key: string) => void this.map.delete(key);
}

const message = (clientId: string): MessageView =>
  ({ id: `m-${clientId}`, conversation: "c", client_id: clientId, direction: "outbound", text: "", attachments: [], state: { status: "queued", at: "" } }) as unknown as MessageView;

let timers: FakeTimers;
let storage: FakeStorage;
let sockets: FakeSocket[];
let random: number;
let log: { ready: boolean[]; events: unknown[]; resets: number; accepted: string[]; status: Status[]; queue: readonly QueueEntry<Send>[]; refused: string[] };

function make(): SocketClient<Send, ReadyBase> {
  return new SocketClient<Send, ReadyBase>({
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    hello: (cursor) => ({ cursor }),
    timers,
    random: () => random,
    storage,
    queuePrefix: "q.",
    lane: (frame) => frame.conversation,
    handlers: {
      ready: (frame) => log.ready.push(frame.resumed),
      event: (event) => log.events.push(event),
      typing: () => undefined,
      accepted: (frame) => log.accepted.push(`${frame.client_id}${frame.duplicate ? " again" : ""}`),
      reset: () => (log.resets += 1),
      queue: (entries) => (log.queue = entries),
      status: (status) => log.status.push(status),
      refused: (code) => log.refused.push(code),
    },
  });
}

const last = () => sockets.at(-1)!;
const say = (id: string, conversation = "c") => ({ client_id: id, conversation, text: id });
const accept = (id: string, duplicate = false) => last().say({ type: "accepted", client_id: id, message: message(id), duplicate });
function greet(cursor = "e.0", resumed = false): void {
  last().onopen?.();
  last().say({ type: "ready", session: "s", cursor, resumed, server_time: "", me: {} });
}

beforeEach(() => {
  timers = new FakeTimers();
  storage = new FakeStorage();
  sockets = [];
  random = 1;
  log = { ready: [], events: [], resets: 0, accepted: [], status: [], queue: [], refused: [] };
});

describe("resume", () => {
  it("says hello without a cursor first and with the last one after a drop", () => {
    const client = make();
    client.start();
    greet("e.5");
    last().say({ type: "event", cursor: "e.6", event: { kind: "channel.updated", channel: "x" } });
    last().say({ type: "cursor", cursor: "e.9" });
    last().onclose?.({ code: 1006 });
    timers.pass(limits.backoffFirst);
    last().onopen?.();
    expect(sockets[0]!.of("hello")).toEqual([{ type: "hello" }]);
    expect(last().of("hello")).toEqual([{ type: "hello", cursor: "e.9" }]);
  });

  it("keeps its own cursor until the replayed events moved it", () => {
    const client = make();
    client.start();
    greet("e.5");
    last().onclose?.({ code: 4001 });
    timers.pass(limits.backoffFirst);
    greet("e.50", true);
    last().onclose?.({ code: 1006 });
    timers.pass(limits.backoffMost);
    last().onopen?.();
    expect(last().of("hello")[0]).toEqual({ type: "hello", cursor: "e.5" });
    expect(log.ready).toEqual([false, true]);
  });

  it("forgets the cursor at a reset before ready and goes on from ready", () => {
    const client = make();
    client.start();
    greet("e.5");
    last().onclose?.({ code: 1006 });
    timers.pass(limits.backoffFirst);
    last().onopen?.();
    last().say({ type: "reset" });
    last().say({ type: "ready", cursor: "f.1", resumed: false });
    last().onclose?.({ code: 1006 });
    timers.pass(limits.backoffMost);
    last().onopen?.();
    expect(log.resets).toBe(1);
    expect(last().of("hello")[0]).toEqual({ type: "hello", cursor: "f.1" });
  });

  it("comes back from the cursor after a frame it cannot read", () => {
    const client = make();
    client.start();
    greet("e.5");
    last().onmessage?.({ data: "{" });
    expect(client.status.kind).toBe("waiting");
  });
});

describe("close codes", () => {
  for (const code of [1000, 1001, 1006, 1011, 4000, 4001, 4002, 4099]) {
    it(`${code} comes back`, () => {
      const client = make();
      client.start();
      greet();
      last().onclose?.({ code });
      expect(client.status.kind).toBe("waiting");
      timers.pass(limits.backoffFirst);
      expect(sockets).toHaveLength(2);
    });
  }
  for (const code of [4400, 4401, 4403, 4429, 4499]) {
    it(`${code} stops with its reason, until started again`, () => {
      const client = make();
      client.start();
      greet();
      last().onclose?.({ code });
      timers.pass(10 * limits.backoffMost);
      expect(client.status).toEqual({ kind: "stopped", code });
      expect(sockets).toHaveLength(1);
      client.start();
      expect(sockets).toHaveLength(2);
    });
  }
});

describe("back-off", () => {
  it("doubles from half a second to thirty, with full jitter", () => {
    const client = make();
    client.start();
    const waits: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      last().onclose?.({ code: 1006 });
      const status = client.status;
      if (status.kind === "waiting") waits.push(status.until - timers.now());
      timers.pass(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    random = 0;
    last().onclose?.({ code: 1006 });
    expect(client.status).toEqual({ kind: "waiting", until: timers.now() });
  });

  it("starts anew after a link that held, not after one that broke at once", () => {
    const client = make();
    client.start();
    const wait = () => (client.status.kind === "waiting" ? client.status.until - timers.now() : -1);
    for (const expected of [500, 1000]) {
      greet("e.1", sockets.length > 1);
      last().onclose?.({ code: 4000 });
      expect(wait()).toBe(expected);
      timers.pass(expected);
    }
    greet("e.1", true);
    timers.pass(limits.settled);
    last().onclose?.({ code: 4000 });
    expect(wait()).toBe(500);
  });

  it("gives up on a server that takes the socket and says nothing", () => {
    const client = make();
    client.start();
    last().onopen?.();
    timers.pass(limits.greeting);
    expect(client.status.kind).toBe("waiting");
    expect(last().closed).toBe(true);
  });
});

describe("queue", () => {
  it("sends one lane strictly in order, another beside it", () => {
    const client = make();
    client.start();
    greet();
    for (const [id, lane] of [["a", "c"], ["b", "c"], ["x", "d"]] as const) client.send(say(id, lane));
    expect(last().of("send").map((frame) => frame.client_id)).toEqual(["a", "x"]);
    accept("a");
    expect(last().of("send").map((frame) => frame.client_id)).toEqual(["a", "x", "b"]);
    expect(log.queue.map((entry) => entry.frame.client_id)).toEqual(["b", "x"]);
  });

  it("resends what was not answered with the same keys, before what is new", () => {
    const client = make();
    client.start();
    greet();
    client.send(say("a"));
    last().onclose?.({ code: 1006 });
    client.send(say("b"));
    timers.pass(limits.backoffFirst);
    greet("e.0", true);
    client.send(say("c"));
    accept("a", true);
    accept("b");
    accept("c");
    expect(last().of("send").map((frame) => frame.client_id)).toEqual(["a", "b", "c"]);
    expect(log.accepted).toEqual(["a again", "b", "c"]);
    expect(log.queue).toEqual([]);
  });

  it("survives a reload of the page in its order", () => {
    const before = make();
    for (const id of ["a", "b", "c"]) before.send(say(id), { files: id });
    const after = make();
    after.start();
    expect(log.queue.map((entry) => [entry.frame.client_id, entry.meta])).toEqual([["a", { files: "a" }], ["b", { files: "b" }], ["c", { files: "c" }]]);
    greet();
    accept("a");
    expect(last().of("send").map((frame) => frame.text)).toEqual(["a", "b"]);
    expect([...storage.map.keys()].sort()).toEqual(["q.b", "q.c"]);
  });

  it("waits as long as the server says and then tries the same key, the rest of the lane behind it", () => {
    const client = make();
    client.start();
    greet();
    client.send(say("a"));
    client.send(say("b"));
    last().say({ type: "error", code: "try_again", message: "", client_id: "a", retry_after_ms: 1234 });
    timers.pass(1233);
    expect(last().of("send")).toHaveLength(1);
    timers.pass(1);
    expect(last().of("send").map((frame) => frame.client_id)).toEqual(["a", "a"]);
    accept("a");
    expect(last().of("send").map((frame) => frame.client_id)).toEqual(["a", "a", "b"]);
  });

  it("shows a refusal, lets the next pass, and retries it under a new key", () => {
    const client = make();
    client.start();
    greet();
    client.send(say("a"));
    client.send(say("b"));
    last().say({ type: "error", code: "blocked", message: "", client_id: "a" });
    expect(log.queue[0]?.failed).toBe("blocked");
    accept("b");
    client.retry("a", "a2");
    accept("a2");
    expect(last().of("send").map((frame) => frame.client_id)).toEqual(["a", "b", "a2"]);
    expect(log.queue).toEqual([]);
    last().say({ type: "error", code: "slow_down", message: "" });
    expect(log.refused).toEqual(["slow_down"]);
  });

  it("does not trust a link that leaves a message unanswered", () => {
    const client = make();
    client.start();
    greet();
    client.send(say("a"));
    timers.pass(limits.answer);
    expect(client.status.kind).toBe("waiting");
  });

  it("has a bound, and refuses what no frame can hold", () => {
    const client = make();
    for (let n = 0; n < 200; n += 1) expect(client.send(say(`n${n}`))).toBe(true);
    expect(client.send(say("over"))).toBe(false);
    client.discard("n0");
    expect(client.send({ ...say("long"), text: "ы".repeat(40_000) })).toBe(false);
    expect(client.send(say("fits"))).toBe(true);
  });

  it("goes on in memory when the storage is full or foreign", () => {
    storage.map.set("q.broken", "{");
    storage.setItem = () => {
      throw new Error("quota");
    };
    const client = make();
    client.start();
    greet();
    client.send(say("a"));
    expect(last().of("send")).toHaveLength(1);
  });
});

describe("signs of life", () => {
  it("throttles typing and says nothing while there is no link", () => {
    const client = make();
    client.start();
    client.typing("c", { type: "typing" });
    greet();
    for (let n = 0; n < 5; n += 1) client.typing("c", { type: "typing" });
    timers.pass(limits.typing);
    client.typing("c", { type: "typing" });
    expect(last().of("typing")).toHaveLength(2);
  });

  it("keeps the last read of each place until there is a link", () => {
    const client = make();
    client.start();
    client.read("c", { type: "read", up_to: "1" });
    client.read("c", { type: "read", up_to: "2" });
    greet();
    expect(last().of("read")).toEqual([{ type: "read", up_to: "2" }]);
  });

  it("stays on a link that only says its heartbeat, and makes a new one after 70 s of silence", () => {
    const client = make();
    client.start();
    greet();
    for (let beat = 0; beat < 20; beat += 1) {
      timers.pass(25_000);
      last().say({ type: "cursor", cursor: "e.1" });
    }
    timers.pass(limits.silence - 1);
    expect(sockets).toHaveLength(1);
    timers.pass(1);
    expect(limits.silence).toBe(70_000);
    expect(sockets).toHaveLength(2);
    last().onopen?.();
    expect(last().of("hello")).toEqual([expect.objectContaining({ cursor: "e.1" })]);
  });

  it("knows a dead link only by silence while it is ready", () => {
    const client = make();
    client.start();
    greet();
    client.offline();
    timers.pass(10 * limits.silence);
    expect(sockets).toHaveLength(1);
  });

  it("sends again by itself, with the same key, what a full store did not take", () => {
    for (const code of ["store_full", "store_read_only"]) {
      sockets.length = 0;
      const client = make();
      client.start();
      greet();
      client.send({ client_id: code, conversation: "c", text: "x" });
      last().say({ type: "error", code, message: "", client_id: code, retry_after_ms: 5_000 });
      expect(client.entries[0]?.failed).toBeUndefined();
      timers.pass(5_000);
      expect(last().of("send").filter((frame) => (frame as { client_id?: string }).client_id === code)).toHaveLength(2);
      client.stop();
      client.discard(code);
    }
  });

  it("follows the browser: offline, online, looked at again", () => {
    const client = make();
    client.start();
    greet();
    client.offline();
    expect(client.status.kind).toBe("offline");
    client.online();
    expect(sockets).toHaveLength(2);
    greet("e.1", true);
    client.visible();
    expect(sockets).toHaveLength(2);
    timers.pass(limits.silence);
    client.visible();
    expect(sockets).toHaveLength(3);
    last().onclose?.({ code: 1006 });
    client.visible();
    expect(sockets).toHaveLength(4);
  });
});
