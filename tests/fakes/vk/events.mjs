// @ts-check
/** How events reach the gateway: the Callback API with its repeats, and Long Poll. */
import { randomBytes } from "node:crypto";
import { Refused } from "./world.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {{id: number, title: string, url: string, secret_key: string, status: string, creator_id: number, settings: Fields, queue: Fields[], busy: boolean}} Server */

const PATIENCE_MS = 10_000;

export class Wire {
  /** @param {import("./world.mjs").World} world */
  constructor(world) {
    this.world = world;
    /** @type {Server[]} */
    this.servers = [];
    this.nextServer = 1;
    this.callbacks = { retry_ms: 100, most: 5, hold: false, shuffle: 0 };
    /** How often what was said later in a dialog was told first, and what is still to be told of it. */
    this.shuffled = 0;
    /** @type {Set<Fields>} */
    this.behind = new Set();
    /** What was delivered, and how it was answered. @type {Fields[]} */
    this.delivered = [];
    this.poll = { enabled: false, settings: /** @type {Fields} */ ({}), key: "k1", ts: 10, first: 11, fail: 0, keep: 1000 };
    /** @type {{ts: number, event: Fields}[]} */
    this.events = [];
    /** @type {Set<() => void>} */
    this.waiting = new Set();
  }

  /** An event happens. @param {string} type @param {Fields} object */
  emit(type, object) {
    const event = { type, group_id: this.world.group.id, event_id: randomBytes(20).toString("hex"), v: "5.199", object };
    this.push(event);
    return event;
  }

  /** @param {Fields} event */
  push(event) {
    for (const server of this.servers) {
      if (!server.settings[event.type] || server.status === "failed") continue;
      server.queue.push(event);
      if (!this.callbacks.hold) void this.deliver(server);
    }
    if (this.poll.enabled && this.poll.settings[event.type]) {
      this.events.push({ ts: (this.poll.ts += 1), event });
      while (this.events.length > this.poll.keep) this.poll.first = (this.events.shift()?.ts ?? 0) + 1;
      for (const go of [...this.waiting]) go();
    }
  }

  /** @param {Server} server */
  async deliver(server) {
    if (server.busy) return;
    server.busy = true;
    let failed = 0;
    for (let event = server.queue[0]; event && server.status !== "failed"; event = server.queue[0]) {
      if (!failed && !this.behind.has(event) && Math.random() < this.callbacks.shuffle) event = this.later(server, event);
      const ok = await this.post(server, event, failed);
      if (ok) {
        server.queue.shift();
        this.behind.delete(event);
        failed = 0;
        continue;
      }
      failed += 1;
      if (failed >= this.callbacks.most) server.status = "failed";
      else await new Promise((go) => setTimeout(go, this.callbacks.retry_ms));
    }
    server.busy = false;
  }

  /** The next of the same dialog goes right before an event. @param {Server} server @param {Fields} event */
  later(server, event) {
    const dialog = (/** @type {Fields} */ one) => one.object?.message?.peer_id;
    const at = server.queue.findIndex((one, at) => at > 0 && at < 10 && dialog(event) !== undefined && dialog(one) === dialog(event));
    const other = server.queue[at];
    if (!other) return event;
    server.queue.unshift(...server.queue.splice(at, 1));
    this.shuffled += 1;
    this.behind.add(event);
    return other;
  }

  /** @param {Server} server @param {Fields} event @param {number} retry */
  async post(server, event, retry) {
    const body = { ...event, ...(server.secret_key ? { secret: server.secret_key } : {}) };
    const headers = { "content-type": "application/json", ...(retry ? { "x-retry-counter": String(retry) } : {}) };
    const [status, text] = await said(server.url, { method: "POST", body: JSON.stringify(body), headers });
    this.delivered.push({ server: server.id, type: event.type, event_id: event.event_id, retry, status, text });
    return status === 200 && text === "ok";
  }

  /** VK asks for the code while the server is being added or edited. @param {Server} server */
  async confirm(server) {
    server.status = "wait";
    const body = { type: "confirmation", group_id: this.world.group.id, ...(server.secret_key ? { secret: server.secret_key } : {}) };
    const [status, text] = await said(server.url, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    server.status = status === 200 && text === this.world.confirmation ? "ok" : "failed";
    this.delivered.push({ server: server.id, type: "confirmation", retry: 0, status, text });
    if (server.status === "ok") void this.deliver(server);
  }

  /** @param {Fields} said */
  server(said) {
    const found = this.servers.find((server) => server.id === Number(said.server_id));
    if (!found) throw new Refused(2001, "Server with this id not found");
    return found;
  }

  /** @param {URLSearchParams} query */
  async longPoll(query) {
    const { poll } = this;
    const json = (/** @type {Fields} */ body) => ({ status: 200, body });
    if (poll.fail) {
      const failed = poll.fail;
      poll.fail = 0;
      if (failed > 1) poll.key = `k${randomBytes(4).toString("hex")}`;
      return json(failed === 1 ? { failed, ts: poll.ts } : { failed });
    }
    if (query.get("act") !== "a_check") return json({ failed: 4, min_version: 1, max_version: 3 });
    if (query.get("key") !== poll.key) return json({ failed: 2 });
    const from = Number(query.get("ts"));
    if (Number.isNaN(from) || from > poll.ts) return json({ failed: 3 });
    if (from + 1 < poll.first) return json({ failed: 1, ts: poll.ts });
    const fresh = () => this.events.filter(({ ts }) => ts > from);
    if (!fresh().length) {
      await new Promise((go) => {
        const done = () => {
          clearTimeout(timer);
          this.waiting.delete(done);
          go(null);
        };
        const timer = setTimeout(done, Math.min(90, Number(query.get("wait") ?? 25)) * 1000);
        this.waiting.add(done);
      });
    }
    return json({ ts: String(poll.ts), updates: fresh().map(({ event }) => event) });
  }
}

/** @param {string} url @param {RequestInit} request @returns {Promise<[number, string]>} */
async function said(url, request) {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
    return [answer.status, await answer.text()];
  } catch (error) {
    return [0, String(error)];
  }
}
