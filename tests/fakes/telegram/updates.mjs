// @ts-check
/** What happens goes to the bot: into its queue, from where it is fetched (getUpdates) or brought (webhook). */
import { Refused } from "./world.mjs";

/** @typedef {import("./world.mjs").World} World */
/** @typedef {{id: number, kind: string, chat: string, text: string, at: number, again?: boolean}} Waiting */
/** @typedef {{url: string, secret: string, allowed: string[] | null, max: number, ip?: string, lastErrorDate: number, lastError: string}} Webhook */

/** Only these are not sent unless asked for. */
const ASKED_FOR = ["chat_member", "message_reaction", "message_reaction_count"];
const DAY = 24 * 3600;

export class Queue {
  /** @param {World} world */
  constructor(world) {
    this.world = world;
    /** @type {Waiting[]} */
    this.waiting = [];
    this.next = 1000;
    /** @type {Webhook | null} */
    this.webhook = null;
    /** @type {string[] | null} */
    this.allowed = null;
    /** @type {((why: Refused) => void) | null} */
    this.poller = null;
    /** @type {(() => void)[]} */
    this.wakes = [];
    /** @type {Set<string>} */
    this.busy = new Set();
    /** @type {Waiting[]} */
    this.past = [];
    /** What the webhook took, the greatest number among it, how many came behind a greater one, and how many deliveries failed. */
    this.seen = { taken: 0, greatest: 0, overtaken: 0, failed: 0 };
    this.webhookSetAt = -Infinity;
    this.generation = 0;
    /** What carries out a call that came as the answer to a delivery. @type {(call: any) => Promise<unknown>} */
    this.carry = async () => undefined;
  }

  /** Something happened. Nothing if the bot did not ask for such. @param {string} kind @param {any} body @param {string} chat  updates of one chat keep their order */
  add(kind, body, chat) {
    const allowed = this.webhook ? this.webhook.allowed : this.allowed;
    const wanted = allowed?.length ? allowed.includes(kind) : !ASKED_FOR.includes(kind);
    if (!wanted) return 0;
    const id = this.next;
    this.next += 1;
    this.push({ id, kind, chat, text: JSON.stringify({ update_id: id, [kind]: body }), at: this.world.now() });
    return id;
  }

  /** @param {Waiting} one */
  push(one) {
    this.waiting.push(one);
    this.past.push(one);
    this.wakes.splice(0).forEach((wake) => wake());
    this.deliver(one.chat);
  }

  /** Brings again what was acknowledged already. @param {number[]} ids */
  repeat(ids) {
    const again = this.past.filter((one) => ids.includes(one.id));
    for (const one of again) {
      this.waiting.push({ ...one, again: true, at: this.world.now() });
      this.deliver(one.chat);
    }
    this.wakes.splice(0).forEach((wake) => wake());
    return again.length;
  }

  /** getUpdates. @param {Record<string, any>} asked */
  async fetch(asked) {
    if (this.webhook) throw new Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first");
    if (asked.allowed_updates !== undefined) this.allowed = list(asked.allowed_updates);
    this.poller?.(new Refused(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"));
    const offset = Number(asked.offset ?? 0);
    const limit = Math.min(Math.max(Number(asked.limit ?? 100), 1), 100);
    const until = performance.now() + Math.min(Number(asked.timeout ?? 0), 50) * 1000;
    if (offset > 0) this.waiting = this.waiting.filter((one) => one.id >= offset);
    if (offset < 0) this.waiting = this.waiting.slice(offset);
    this.drop();
    /** @type {Refused | undefined} */
    let ended;
    /** @type {(() => void) | undefined} */
    let wake;
    const mine = (/** @type {Refused} */ why) => {
      ended = why;
      wake?.();
    };
    this.poller = mine;
    while (!ended && !this.waiting.length && performance.now() < until) {
      await new Promise((go) => {
        const timer = setTimeout(go, Math.max(until - performance.now(), 1));
        wake = () => (clearTimeout(timer), go(null));
        this.wakes.push(wake);
      });
    }
    if (ended) throw ended;
    this.poller = null;
    return { raw: `[${this.waiting.slice(0, limit).map((one) => one.text).join(",")}]` };
  }

  /** setWebhook; an empty address takes it off. @param {Record<string, any>} asked */
  set(asked) {
    const now = this.world.tick();
    if (now - this.webhookSetAt < 1000 && this.world.settings.limits) throw new Refused(429, "Too Many Requests: retry after 1", { retry_after: 1 });
    this.webhookSetAt = now;
    const url = String(asked.url ?? "");
    if (asked.drop_pending_updates === true || asked.drop_pending_updates === "true") this.waiting = [];
    this.generation += 1;
    if (!url) {
      this.webhook = null;
      return { description: "Webhook was deleted" };
    }
    const address = URL.canParse(url) ? new URL(url) : null;
    if (!address) throw new Refused(400, "Bad Request: bad webhook: invalid webhook URL specified");
    if (address.protocol !== "https:" && !this.world.settings.local) throw new Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
    const port = address.port || (address.protocol === "https:" ? "443" : "80");
    if (!this.world.settings.local && !["443", "80", "88", "8443"].includes(port)) {
      throw new Refused(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
    }
    const secret = String(asked.secret_token ?? "");
    if (secret && !/^[A-Za-z0-9_-]{1,256}$/.test(secret)) throw new Refused(400, "Bad Request: secret token contains unallowed characters");
    const allowed = asked.allowed_updates === undefined ? (this.webhook?.allowed ?? this.allowed) : list(asked.allowed_updates);
    const same = this.webhook && this.webhook.url === url && this.webhook.secret === secret && JSON.stringify(this.webhook.allowed) === JSON.stringify(allowed);
    this.webhook = { url, secret, allowed, max: Number(asked.max_connections ?? 40), lastErrorDate: 0, lastError: "" };
    this.allowed = allowed;
    this.poller?.(new Refused(409, "Conflict: terminated by setWebhook request"));
    this.poller = null;
    for (const chat of new Set(this.waiting.map((one) => one.chat))) this.deliver(chat);
    return { description: same ? "Webhook is already set" : "Webhook was set" };
  }

  info() {
    this.drop();
    const hook = this.webhook;
    if (!hook) return { url: "", has_custom_certificate: false, pending_update_count: this.waiting.length };
    const failed = hook.lastErrorDate ? { last_error_date: hook.lastErrorDate, last_error_message: hook.lastError } : {};
    const allowed = hook.allowed?.length ? { allowed_updates: hook.allowed } : {};
    return { url: hook.url, has_custom_certificate: false, pending_update_count: this.waiting.length, max_connections: hook.max, ...failed, ...allowed };
  }

  /** What nobody took for a day is gone. */
  drop() {
    this.waiting = this.waiting.filter((one) => this.world.now() - one.at < DAY);
  }

  /** Brings what waits for a chat, one after the other. @param {string} chat */
  async deliver(chat) {
    if (!this.webhook || this.busy.has(chat)) return;
    this.busy.add(chat);
    let failures = 0;
    for (;;) {
      this.drop();
      const hook = this.webhook;
      const one = this.waiting.find((waiting) => waiting.chat === chat);
      if (!hook || !one) break;
      const { generation } = this;
      // A chat's updates keep their order; others go on meanwhile.
      if (Math.random() < this.world.settings.late) await new Promise((go) => setTimeout(go, 50 + Math.random() * 100));
      const { ok, words, pause, said } = await bring(hook, one.text);
      if (ok) {
        // The answer may be a call; nobody hears what came of it.
        if (said) await this.carry(said).catch(() => undefined);
        this.waiting = this.waiting.filter((waiting) => waiting !== one);
        this.seen.taken += 1;
        if (one.id < this.seen.greatest && !one.again) this.seen.overtaken += 1;
        this.seen.greatest = Math.max(this.seen.greatest, one.id);
        failures = 0;
        continue;
      }
      hook.lastErrorDate = this.world.now();
      hook.lastError = words;
      failures += 1;
      this.seen.failed += 1;
      const cap = 60 + Math.random() * 60;
      const seconds = pause ?? (failures === 1 ? 0 : Math.min(2 ** (failures - 1), cap));
      await new Promise((go) => setTimeout(go, (seconds * 1000) / this.world.settings.speed));
      if (generation !== this.generation) failures = 0;
    }
    this.busy.delete(chat);
    // Something may have come between the last look and here.
    if (this.webhook && this.waiting.some((one) => one.chat === chat)) void this.deliver(chat);
  }
}

/** @param {Webhook} hook @param {string} text */
async function bring(hook, text) {
  try {
    /** @type {Record<string, string>} */
    const headers = { "content-type": "application/json", "accept-encoding": "gzip, deflate" };
    if (hook.secret) headers["x-telegram-bot-api-secret-token"] = hook.secret;
    const answer = await fetch(hook.url, { method: "POST", headers, body: text, redirect: "manual", signal: AbortSignal.timeout(60_000) });
    const body = await answer.text();
    const said = body.startsWith("{") ? JSON.parse(body) : null;
    const pause = Number(answer.headers.get("retry-after"));
    const words = `Wrong response from the webhook: ${answer.status} ${answer.statusText}`;
    return { ok: answer.status >= 200 && answer.status < 300, words, pause: pause > 0 ? Math.min(pause, 3600) : undefined, said: said?.method ? said : null };
  } catch (error) {
    return { ok: false, words: error instanceof Error && error.name === "TimeoutError" ? "Read timeout expired" : "Connection refused", pause: undefined, said: null };
  }
}

/** A list, whether it came as JSON or as its text. @param {any} value @returns {any[]} */
export function list(value) {
  const read = typeof value === "string" ? JSON.parse(value || "[]") : value;
  return Array.isArray(read) ? read : [];
}
