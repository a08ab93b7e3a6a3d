// @ts-check
/** How often one may ask, by the fake's clock: calls of the last second of an integration and into an account, and the block for whoever does not listen. */
import { page, problem, Refused } from "./refused.mjs";

const SECOND = 1_000;
const MINUTE = 60_000;

/** The calls of the last second under one name. @typedef {{times: number[], taken: number[], greatest: number, greatest_taken: number}} Window */

export class Limits {
  /** @param {import("./world.mjs").World} world */
  constructor(world) {
    this.world = world;
    /** @type {Map<string, Window>} */
    this.windows = new Map();
    /** @type {Map<string, number[]>} */
    this.refusals = new Map();
    this.refused = 0;
    this.blocked = 0;
  }

  /** @param {string} name */
  window(name) {
    let found = this.windows.get(name);
    if (!found) this.windows.set(name, (found = { times: [], taken: [], greatest: 0, greatest_taken: 0 }));
    return found;
  }

  /** A call comes. @param {import("./account.mjs").Account} account @param {string} client */
  admit(account, client) {
    const { settings } = this.world;
    if (account.modes.blocked) {
      this.blocked += 1;
      throw page(403);
    }
    const now = this.world.now();
    const own = settings.limit_key === "account" ? `integration ${client} in ${account.subdomain}` : `integration ${client}`;
    const asked = /** @type {[string, number][]} */ ([[own, settings.per_integration], [`account ${account.subdomain}`, settings.per_account]]);
    const full = settings.limits && asked.some(([name, most]) => this.count(name, now, settings.refused_count) >= most);
    for (const [name] of asked) this.add(name, now, !full);
    if (full) this.refuse(account, now);
  }

  /** The calls of the chats, when a bound is set. @param {string} scope */
  chat(scope) {
    const most = this.world.settings.amojo_per_second;
    const now = this.world.now();
    const full = most > 0 && this.count(`scope ${scope}`, now, false) >= most;
    this.add(`scope ${scope}`, now, !full);
    if (!full) return;
    this.refused += 1;
    throw new Refused(429, "Too Many Requests", { "content-type": "text/plain" });
  }

  /** @param {string} name @param {number} now @param {boolean} all */
  count(name, now, all) {
    const window = this.window(name);
    return (all ? window.times : window.taken).filter((at) => at > now - SECOND).length;
  }

  /** @param {string} name @param {number} now @param {boolean} taken */
  add(name, now, taken) {
    const window = this.window(name);
    const fresh = (/** @type {number[]} */ times) => times.filter((at) => at > now - SECOND);
    window.times = [...fresh(window.times), now];
    window.taken = taken ? [...fresh(window.taken), now] : fresh(window.taken);
    window.greatest = Math.max(window.greatest, window.times.length);
    window.greatest_taken = Math.max(window.greatest_taken, window.taken.length);
  }

  /** @param {import("./account.mjs").Account} account @param {number} now */
  refuse(account, now) {
    const { settings } = this.world;
    const before = (this.refusals.get(account.subdomain) ?? []).filter((at) => at > now - MINUTE);
    this.refusals.set(account.subdomain, [...before, now]);
    this.refused += 1;
    if (settings.block_after > 0 && before.length + 1 >= settings.block_after) account.modes.blocked = true;
    const html = settings.busy === "html" || (settings.busy === "alternate" && this.refused % 2 === 0);
    if (html) throw page(429);
    throw problem(429, "Too many requests", { retry_after: settings.retry_after }, { "retry-after": String(settings.retry_after) });
  }

  /** What a test compares. */
  report() {
    const windows = [...this.windows].map(([name, { greatest, greatest_taken }]) => ({ name, greatest, greatest_taken }));
    return { windows, refused: this.refused, blocked: this.blocked, greatest: Math.max(0, ...windows.filter(({ name }) => name.startsWith("integration ")).map((one) => one.greatest)) };
  }
}
