// @ts-check
/** What there is and what hour it is: accounts, integrations, chat channels, tokens, and the switches for what nobody knows of amoCRM for certain. */
import { randomBytes, randomUUID } from "node:crypto";
import { Account } from "./account.mjs";
import { Limits } from "./limits.mjs";
import { Crm } from "./webhooks.mjs";
import { Wire } from "./wire.mjs";

/** @typedef {Record<string, any>} Fields */

/** What is known of amoCRM in two ways or in none stands here, each at first as it is harder for a gateway. */
const SETTINGS = {
  /** Calls a second of one integration and into one account; whether the first is counted for all accounts at once ("integration") or for each ("account"): unverified. */
  limits: true,
  per_integration: 7,
  per_account: 50,
  limit_key: "integration",
  /** Whether a refused call fills the second too: unverified. */
  refused_count: true,
  /** The form of a 429: "alternate", "json" or "html"; what its `retry_after` says, in seconds. */
  busy: "alternate",
  retry_after: 1,
  /** So many 429 of one account within a minute, and everything of it is answered 403 with a page until `blocks {on: false}`. 0: never. */
  block_after: 50,
  /** Chats: how many calls a second; of this no figure is found, so there is none. */
  amojo_per_second: 0,
  /** A refresh token used again kills the pair that came of it too: unverified. */
  reuse_revokes: true,
  /** What the old name of a renamed account answers: "gone" (401 with code 101, the token endpoint 404) or "redirect" (301): unverified. */
  renamed: "gone",
  /** How what is called with our token is named in answers: "real" (`https://demo.amocrm.ru/…`, to be reached as everything else) or "fake" (through this server). What is downloaded without a token always comes from here. */
  links: "real",
  /** Whether the age of a signature goes by the fake's clock, which a test moves, or by the real one. */
  signature_clock: "fake",
  /** How far ahead of our clock a `Date` may be, in milliseconds: unverified. */
  date_ahead_ms: 15 * 60_000,
  /** A `msgid` seen before: "refused" (400) or "same" (200 with the same ids): unverified. */
  duplicate: "refused",
  /** Whether a message of a known manager that was written outside and put in comes back as a hook: unverified. */
  echo_managers: true,
  /** Where the state of a message stands: "both" (either), "delivery_status" or "status_code": the papers contradict each other. */
  status_field: "both",
  /** A state behind the one there is: "applied" or "kept": unverified. */
  downgrade: "applied",
  /** Whether a state may be told of a message not written in amoCRM; otherwise 404: unverified. */
  status_of_imported: false,
  /** Links in what a manager writes are made short (`amo.si/…`, the manual); what such an address answers nobody wrote down: a redirect. */
  shortens: true,
  /** The longest text in a chat, in characters, 0 for any: unverified. */
  text_limit: 4096,
  /** The largest media in a chat: unverified. */
  media_limit: 20 * 1024 * 1024,
  /** How long an address of media in a hook is good, in milliseconds of the fake's clock; the history gives it anew: unverified. */
  media_life_ms: 3_600_000,
  /** When media and avatars are fetched after they were told of, in milliseconds of the fake's clock. */
  media_delay_ms: 30,
  /** The way a reaction names its message: "msgid" (as the example), "message" (as the table) or "both". */
  reaction_form: "message",
  /** The uninstall hook names the integration by "client_uuid" or "client_id". */
  uninstall_field: "client_uuid",
  /** A POST of a webhook answers 201, or 200 (as Kommo writes). */
  webhook_created: 201,
  /** Whether a destination that was switched off works again when it is written again: unverified. */
  webhook_reenable: false,
  /** Writing the values of a field "replace"s all of them or "add"s: unverified. */
  multitext: "replace",
  /** Duplicate control by phone and e-mail, in complex and of what comes by chats. */
  duplicate_control: false,
  /** A message into a linked chat whose deals are all closed makes an incoming lead: unverified. */
  closed_makes_lead: false,
  /** What messages make after an incoming lead was declined: "nothing", or "again" a lead. */
  declined: "nothing",
  /** How many sources an integration may have (the papers say 100 and 50). */
  sources: 50,
  /** How long an answer to a hook of the chats and to a webhook of the CRM is waited for. */
  hook_patience_ms: 5_000,
  webhook_patience_ms: 2_000,
  /** What a hook that was too slow costs: those behind it wait so long. */
  slow_ms: 1_000,
};

export class World {
  constructor() {
    this.origin = "";
    this.settings = { ...SETTINGS };
    /** How far our clock is ahead of the real one, in milliseconds. */
    this.ahead = 0;
    /** Where the clock of the machine was stopped. @type {number | undefined} */
    this.stopped = undefined;
    this.last = 1_000;
    /** @type {Account[]} */
    this.accounts = [];
    /** @type {Map<string, Fields>} */
    this.integrations = new Map();
    /** @type {Map<string, Fields>} */
    this.channels = new Map();
    /** @type {Map<string, Fields>} */
    this.codes = new Map();
    /** @type {Map<string, Fields>} */
    this.access = new Map();
    /** @type {Map<string, Fields>} */
    this.refresh = new Map();
    this.revokedAnswers = 0;
    /** Files of amoCRM that are there for whoever has their address, some not for ever. @type {Map<string, {name: string, type: string, bytes: Buffer, until: number}>} */
    this.files = new Map();
    /** What short links lead to, by their code. @type {Map<string, string>} */
    this.links = new Map();
    /** @type {{at: number, run: () => unknown}[]} */
    this.timers = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.alarm = undefined;
    this.limits = new Limits(this);
    this.crm = new Crm(this);
    this.wire = new Wire(this);
    this.integration({ name: "Коммутатор" });
    this.channel({});
    this.account({ subdomain: "demo", id: 12345678, amojo_id: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" });
    this.account({ subdomain: "second", id: 87654321, amojo_id: "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff" });
  }

  now() {
    return this.real() + this.ahead;
  }

  /** The clock of the machine, unless a test stopped it. */
  real() {
    return this.stopped ?? Date.now();
  }

  seconds() {
    return Math.floor(this.now() / 1000);
  }

  /** @returns {number} */
  next() {
    return (this.last += 1);
  }

  /** Does something so much later by our clock. @param {number} ms @param {() => unknown} run */
  later(ms, run) {
    this.timers.push({ at: this.now() + ms, run });
    this.timers.sort((a, b) => a.at - b.at);
    this.plan();
  }

  plan() {
    clearTimeout(this.alarm);
    const next = this.timers[0];
    if (!next || this.stopped !== undefined) return;
    this.alarm = setTimeout(() => {
      while (this.timers[0] && this.timers[0].at <= this.now()) void this.timers.shift()?.run();
      this.plan();
    }, Math.min(Math.max(next.at - this.now(), 0), 2 ** 31 - 1));
  }

  /** The clock goes on, and what is due on the way happens in its order, each at its hour. @param {number} ms */
  async advance(ms) {
    const goal = this.now() + ms;
    for (let next = this.timers[0]; next && next.at <= goal; next = this.timers[0]) {
      this.timers.shift();
      this.ahead = Math.max(this.ahead, next.at - this.real());
      await next.run();
    }
    this.ahead = Math.max(this.ahead, goal - this.real());
    this.plan();
  }

  /** The clock is set, also back; nothing happens on the way. @param {number} at */
  set(at) {
    this.ahead = at - this.real();
    this.plan();
  }

  /** @param {boolean} stop */
  stop(stop) {
    const now = this.now();
    this.stopped = stop ? Date.now() : undefined;
    this.set(now);
  }

  /** An account more, or more of one. @param {Fields} said */
  account(said) {
    const known = this.accounts.find((account) => account.subdomain === said.subdomain);
    if (known) {
      for (const user of said.users ?? []) known.user(user);
      for (const pipeline of said.pipelines ?? []) known.pipeline(pipeline);
      return known.change(said);
    }
    const account = new Account(this, said);
    this.accounts.push(account);
    return account;
  }

  /** @param {string | undefined} name  a subdomain or a host; the first account without one */
  named(name) {
    const found = name === undefined ? this.accounts[0] : this.accounts.find((account) => [account.subdomain, account.host, String(account.id)].includes(String(name)));
    if (!found) throw new Error(`no account ${name}`);
    return found;
  }

  /** @param {Fields} said */
  integration(said) {
    const client_id = said.client_id ?? "0d0d0d0d-1111-4222-8333-444444444444";
    const usual = {
      client_id, client_secret: "demo-client-secret", redirect_uri: "", kind: "public", uninstall_url: "", name: "Интеграция", widget: "kommutator", lead_sources: true,
      scopes: ["crm", "notifications", "files"], accounts: null,
    };
    const found = Object.assign(this.integrations.get(client_id) ?? usual, said);
    this.integrations.set(client_id, found);
    return found;
  }

  /** A chat channel as the people of amoCRM's support make it. @param {Fields} said */
  channel(said) {
    const id = said.id ?? "11111111-2222-4333-8444-555555555555";
    const usual = {
      id, secret: "7d1f0c2b9a8e4d6f5b3a1c0e9d8f7a6b5c4d3e2f", code: `amo.ext.${this.next()}`, hook_url: "", accounts: null, client_id: [...this.integrations.keys()][0], typing: true, v1: false,
      bot: { id: "b0b0b0b0-1111-4222-8333-444444444444", client_id: "gateway-bot", name: "Бот" },
    };
    const found = Object.assign(this.channels.get(id) ?? usual, said);
    this.channels.set(id, found);
    return found;
  }

  /** A file that anybody may download who knows where. @param {string} host @param {string} name @param {string} type @param {Buffer} bytes @param {number} [life] */
  publish(host, name, type, bytes, life = Infinity) {
    const key = randomUUID();
    this.files.set(key, { name, type, bytes, until: this.now() + life });
    return `${this.origin}/${host}/attachments/${key}/${encodeURIComponent(name)}`;
  }

  /** A file by its address, if that is good still. @param {string} path @param {boolean} [anew] */
  fileAt(path, anew = false) {
    const file = this.files.get(/\/attachments\/([^/]+)/.exec(path)?.[1] ?? "");
    if (file && anew) file.until = Math.max(file.until, this.now() + this.settings.media_life_ms);
    return file && file.until > this.now() ? file : undefined;
  }

  /** How an address of amoCRM's that is called with a token is written. @param {string} host @param {string} path */
  href(host, path) {
    return this.settings.links === "fake" ? `${this.origin}/${host}${path}` : `https://${host}${path}`;
  }

  secret() {
    return randomBytes(48).toString("base64url");
  }
}
