// @ts-check
/**
 * The webhooks of the CRM: forms of bracket keys, everything a text, without a signature, two seconds to answer, tried again after 5 and 15 minutes, and
 * after 15 more and an hour when the answer was 499 or 5xx, by the fake's clock; off after more than a hundred bad answers in two hours.
 */

/** @typedef {Record<string, any>} Fields */
/** @typedef {{entity: string, act: string, item: Fields}} Told */

const MINUTE = 60_000;
const AGAIN = [5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 60 * MINUTE];
const BAD = 100;
const BAD_WITHIN = 120 * MINUTE;

const each = (/** @type {string[]} */ acts, /** @type {string[]} */ of) => acts.flatMap((act) => of.map((one) => `${act}_${one}`));
/** What may be asked for; whatever else a request names is left out without a word. */
const KNOWN = new Set([
  ...each(["add", "update", "delete", "responsible"], ["lead", "contact", "company", "customer", "task"]), ...each(["restore"], ["lead", "contact", "company"]), ...each(["note"], ["lead", "contact", "company", "customer"]),
  ...each(["add", "update", "delete"], ["unsorted"]), "status_lead", "add_talk", "update_talk", "add_chat_template_review", "add_message",
]);

/** Something is told to the webhooks that asked for it. @param {import("./account.mjs").Account} account @param {string} setting @param {string} entity @param {string} act @param {Fields} item */
export const fire = (account, setting, entity, act, item) => account.world.crm.tell(account, setting, { entity: ENTITY[entity] ?? entity, act, item });

// Companies come as contacts, told apart by their `type`.
const ENTITY = /** @type {Record<string, string>} */ ({ companies: "contacts", tasks: "task", talks: "talk" });

/** Bracket keys of whatever there is, every value a text. @param {string} key @param {unknown} value @param {[string, string][]} into */
export function flat(key, value, into = /** @type {[string, string][]} */ ([])) {
  if (value === null || value === undefined) return into;
  if (typeof value === "object") for (const [name, one] of Object.entries(value)) flat(key ? `${key}[${name}]` : name, one, into);
  else into.push([key, typeof value === "boolean" ? (value ? "1" : "0") : String(value)]);
  return into;
}

export class Crm {
  /** @param {import("./world.mjs").World} world */
  constructor(world) {
    this.world = world;
    /** How deliveries behave: `hold` keeps them until `release`, the next `lose` never come, each comes `twice`. */
    this.modes = { hold: false, lose: 0, twice: false };
    /** @type {{account: import("./account.mjs").Account, webhook: Fields, told: Told}[]} */
    this.held = [];
    /** @type {Fields[]} */
    this.delivered = [];
  }

  /** @param {import("./account.mjs").Account} account @param {Fields} said @param {string} client */
  subscribe(account, { destination, settings, sort = 500 }, client) {
    const known = account.webhooks.find((one) => one.destination === destination);
    const kept = [...new Set(/** @type {string[]} */ (settings))].filter((one) => KNOWN.has(one));
    const now = this.world.seconds();
    if (known) {
      Object.assign(known, { settings: kept, sort, updated_at: now });
      if (this.world.settings.webhook_reenable) Object.assign(known, { disabled: false, bad: [] });
      return known;
    }
    const made = { id: this.world.next(), destination, settings: kept, sort, created_by: 0, account_id: account.id, created_at: now, updated_at: now, disabled: false, client, bad: [] };
    account.webhooks.push(made);
    return made;
  }

  /** @param {import("./account.mjs").Account} account @param {string} setting @param {Told} told */
  tell(account, setting, told) {
    // Incoming leads have no name of their own in the papers: they come to those who asked for leads, too.
    const asked = [setting, setting.replace(/_unsorted$/, "_lead")];
    for (const webhook of account.webhooks) {
      if (webhook.disabled || !asked.some((one) => webhook.settings.includes(one))) continue;
      if (this.modes.lose > 0) {
        this.modes.lose -= 1;
        continue;
      }
      const all = this.modes.twice ? [told, told] : [told];
      if (this.modes.hold) this.held.push(...all.map((one) => ({ account, webhook, told: structuredClone(one) })));
      else for (const one of all) void this.post(account, webhook, this.body(account, [one]), told, 0);
    }
  }

  /** What was held goes out; `reverse`d, or all of a webhook `together` in one post. @param {{reverse?: boolean, together?: boolean}} how */
  async release({ reverse = false, together = false }) {
    this.modes.hold = false;
    const held = this.held.splice(0);
    if (reverse) held.reverse();
    if (!together) {
      for (const { account, webhook, told } of held) await this.post(account, webhook, this.body(account, [told]), told, 0);
      return held.length;
    }
    for (const webhook of new Set(held.map((one) => one.webhook))) {
      const own = held.filter((one) => one.webhook === webhook);
      const first = own[0];
      if (first) await this.post(first.account, webhook, this.body(first.account, own.map(({ told }) => told)), first.told, 0);
    }
    return held.length;
  }

  /** @param {import("./account.mjs").Account} account @param {Told[]} all */
  body(account, all) {
    /** @type {Record<string, Record<string, Fields[]>>} */
    const body = {};
    for (const { entity, act, item } of all) {
      // A template's review has no entity before it.
      const place = entity ? (body[entity] ??= {}) : /** @type {Record<string, any>} */ (body);
      (place[act] ??= []).push(item);
    }
    const own = { subdomain: account.subdomain, id: account.id, _links: { self: `https://${account.host}` } };
    return new URLSearchParams(flat("", { ...body, account: own })).toString();
  }

  /** @param {import("./account.mjs").Account} account @param {Fields} webhook @param {string} body @param {Told} told @param {number} nth  how often it was tried before */
  async post(account, webhook, body, told, nth) {
    if (webhook.disabled || !account.webhooks.includes(webhook)) return;
    const started = performance.now();
    let status = 0;
    try {
      const headers = { "content-type": "application/x-www-form-urlencoded", "user-agent": "amoCRM-Webhooks/3.0" };
      const answer = await fetch(webhook.destination, { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(this.world.settings.webhook_patience_ms) });
      status = answer.status;
      await answer.arrayBuffer();
    } catch {
      status = 0;
    }
    const now = this.world.now();
    this.delivered.push({
      at: now, account: account.subdomain, url: webhook.destination, entity: told.entity, act: told.act, id: told.item.id ?? told.item.uid ?? told.item.talk_id, nth, status,
      ms: Math.round(performance.now() - started), body,
    });
    if (status >= 100 && status < 300) return;
    webhook.bad = [...webhook.bad.filter((/** @type {number} */ at) => at > now - BAD_WITHIN), now];
    if (webhook.bad.length > BAD) webhook.disabled = true;
    const wait = AGAIN[nth];
    if (wait === undefined || (nth >= 2 && !(status === 499 || status >= 500))) return;
    this.world.later(wait, () => this.post(account, webhook, body, told, nth + 1));
  }
}
