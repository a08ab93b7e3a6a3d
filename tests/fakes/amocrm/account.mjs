// @ts-check
/** One account: its people, pipelines and fields as a new one has them, and room for what will be in it. */
import { randomUUID } from "node:crypto";

/** @typedef {Record<string, any>} Fields */
/** @typedef {"leads" | "contacts" | "companies"} Kind */

const DOMAINS = /** @type {Record<string, string>} */ ({ ru: "amocrm.ru", com: "amocrm.com", kommo: "kommo.com" });
const STAGES = ["Первичный контакт", "Переговоры", "Принимают решение", "Согласование договора"];
export const WON = 142;
export const LOST = 143;

const PHONES = ["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"];
const MAILS = ["WORK", "PRIV", "OTHER"];

export class Account {
  /** @param {import("./world.mjs").World} world @param {Fields} said */
  constructor(world, said) {
    /** @type {import("./world.mjs").World} */
    this.world = world;
    this.id = said.id ?? 30_000_000 + world.next();
    this.subdomain = String(said.subdomain);
    this.domain = DOMAINS[said.tld ?? "ru"] ?? String(said.tld);
    /** Names it had before. @type {string[]} */
    this.former = [];
    this.amojo_id = said.amojo_id ?? randomUUID();
    this.name = said.name ?? `Аккаунт ${said.subdomain}`;
    this.modes = { unpaid: false, blocked: false, filters: false };
    /** @type {Fields[]} */
    this.users = [];
    for (const user of said.users ?? [{ name: "Анна Админова", is_admin: true }, { name: "Борис Менеджеров" }, { name: "Вера Новикова", amojo_id: null }]) this.user(user);
    /** @type {Fields[]} */
    this.pipelines = [];
    for (const pipeline of said.pipelines ?? [{ name: "Воронка" }, { name: "Повторные продажи" }]) this.pipeline(pipeline);
    const multitext = (/** @type {string} */ name, /** @type {string} */ code, /** @type {string[]} */ enums) => this.field({ name, code, type: "multitext", enums: enums.map((one) => ({ value: one, code: one })) });
    /** @type {Record<string, Fields[]>} */
    this.fields = {
      leads: [],
      contacts: [this.field({ name: "Должность", code: "POSITION", type: "text" }), multitext("Телефон", "PHONE", PHONES), multitext("Email", "EMAIL", MAILS)],
      companies: [multitext("Телефон", "PHONE", PHONES), multitext("Email", "EMAIL", MAILS), this.field({ name: "Web", code: "WEB", type: "url" })],
    };
    /** @type {Record<Kind, Map<number, Fields>>} */
    this.entities = { leads: new Map(), contacts: new Map(), companies: new Map() };
    /** Who belongs to whom; the kinds in the order leads, contacts, companies. @type {{a: Kind, aid: number, b: Kind, bid: number, main: boolean}[]} */
    this.links = [];
    /** @type {Record<string, Fields[]>} */
    this.tags = { leads: [], contacts: [], companies: [] };
    /** @type {Map<number, Fields>} */
    this.notes = new Map();
    /** @type {Map<number, Fields>} */
    this.tasks = new Map();
    /** @type {Fields[]} */
    this.events = [];
    /** @type {Map<string, Fields>} */
    this.unsorted = new Map();
    /** @type {Map<number, Fields>} */
    this.talks = new Map();
    /** @type {Map<number, Fields>} */
    this.sources = new Map();
    /** @type {Fields[]} */
    this.webhooks = [];
    /** @type {Map<number, Fields>} */
    this.templates = new Map();
    /** Files of the drive by their id, and where they are attached. @type {Map<string, Fields>} */
    this.files = new Map();
    /** @type {{kind: string, id: number, file: string}[]} */
    this.attached = [];
    /** @type {Map<string, Fields>} */
    this.chats = new Map();
    /** People in chats. @type {Map<string, Fields>} */
    this.people = new Map();
    /** Chat channels that are connected, by channel. @type {Map<string, Fields>} */
    this.scopes = new Map();
    /** Integrations that are installed. @type {Map<string, Fields>} */
    this.installs = new Map();
    this.change(said);
  }

  get host() {
    return `${this.subdomain}.${this.domain}`;
  }

  get platform() {
    return this.domain === "amocrm.ru" ? 1 : 2;
  }

  get amojo() {
    return `amojo.${this.domain}`;
  }

  get drive() {
    return `drive-b.${this.domain}`;
  }

  get api() {
    return `api-b.${this.domain}`;
  }

  /** @param {Fields} said */
  change({ name, filters, unpaid, unsorted }) {
    if (name !== undefined) this.name = name;
    if (filters !== undefined) this.modes.filters = filters;
    if (unpaid !== undefined) this.modes.unpaid = unpaid;
    if (unsorted !== undefined) for (const pipeline of this.pipelines) pipeline.is_unsorted_on = unsorted;
    return this;
  }

  /** @param {Fields} said */
  user({ name, id = this.world.next(), amojo_id, is_admin = false, is_free = false, is_active = true, email, see = { leads: "A", contacts: "A", companies: "A" } }) {
    // `amojo_id` may be null: of that person no chat knows who they are.
    this.users.push({ id, name, email: email ?? `user${id}@example.test`, is_admin, is_free, is_active, see, amojo_id: amojo_id === undefined ? randomUUID() : amojo_id });
    return id;
  }

  /** @param {Fields} said */
  pipeline({ name, stages = STAGES, is_unsorted_on = true }) {
    const id = this.world.next();
    const status = (/** @type {string} */ name, /** @type {number} */ sort, /** @type {number} */ status, type = 0) => ({
      id: status, name, sort, is_editable: type === 0 && sort < 10_000, pipeline_id: id, color: "#c1c1c1", type, account_id: this.id,
    });
    const statuses = [
      status("Неразобранное", 10, this.world.next(), 1),
      ...stages.map((/** @type {string} */ stage, /** @type {number} */ at) => status(stage, 20 + at * 10, this.world.next())),
      status("Успешно реализовано", 10_000, WON),
      status("Закрыто и не реализовано", 11_000, LOST),
    ];
    this.pipelines.push({ id, name, sort: this.pipelines.length + 1, is_main: this.pipelines.length === 0, is_unsorted_on, is_archive: false, account_id: this.id, statuses });
    return id;
  }

  /** A stage more, before the two that end it. @param {string} name @param {number} [id]  of its pipeline */
  stage(name, id) {
    const way = this.way(id);
    const at = way.statuses.findIndex((/** @type {Fields} */ one) => one.id === WON);
    const status = { ...way.statuses[at - 1], id: this.world.next(), name, sort: way.statuses[at - 1].sort + 10, type: 0, is_editable: true };
    way.statuses.splice(at, 0, status);
    return status.id;
  }

  /** A stage is gone, and its leads stand in the first one. @param {unknown} status */
  noStage(status) {
    for (const way of this.pipelines) {
      const gone = way.statuses.find((/** @type {Fields} */ one) => one.is_editable && [one.id, one.name].includes(status));
      if (!gone) continue;
      way.statuses = way.statuses.filter((/** @type {Fields} */ one) => one !== gone);
      const first = way.statuses.find((/** @type {Fields} */ one) => one.type === 0).id;
      for (const lead of this.entities.leads.values()) if (lead.status_id === gone.id && lead.pipeline_id === way.id) lead.status_id = first;
      return;
    }
    throw new Error(`no stage ${status}`);
  }

  /** A field as it is kept. @param {Fields} said */
  field({ name, type, code = null, sort = 500, group_id = null, is_api_only = false, enums }) {
    const known = enums?.map((/** @type {Fields} */ one, /** @type {number} */ at) => ({ id: this.world.next(), value: one.value, sort: one.sort ?? at, ...(one.code ? { code: one.code } : {}) })) ?? null;
    return { id: this.world.next(), name, type, code, sort, group_id, is_api_only, account_id: this.id, enums: known };
  }

  /** Something happened that the list of events tells of. @param {string} type @param {Fields} said */
  event(type, { kind, id, by = 0, after = [], before = [], talk_contact }) {
    this.events.push({
      id: `01${randomUUID().replaceAll("-", "").slice(0, 24)}`, type, entity_id: id, entity_type: ONE[kind] ?? kind, created_by: by, created_at: this.world.seconds(), value_after: after, value_before: before,
      account_id: this.id, ...(talk_contact ? { linked_talk_contact_id: talk_contact } : {}),
    });
  }

  /** @param {unknown} who  an id, a name or an `amojo_id`; the first with a place in chats without one */
  person(who) {
    const found = who === undefined ? this.users.find((user) => user.amojo_id) : this.users.find((user) => [user.id, user.name, user.amojo_id].includes(who));
    if (!found) throw new Error(`no user ${who}`);
    return found;
  }

  /** The main pipeline, or the one of an id. @param {number | undefined} [id] */
  way(id) {
    const found = this.pipelines.find((pipeline) => (id === undefined ? pipeline.is_main : pipeline.id === id));
    if (!found) throw new Error(`no pipeline ${id}`);
    return found;
  }
}

export const ONE = /** @type {Record<string, string>} */ ({ leads: "lead", contacts: "contact", companies: "company", customers: "customer", tasks: "task" });
