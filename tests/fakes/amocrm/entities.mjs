// @ts-check
/** Leads, contacts and companies: what may be written into them, how they are shown, and who belongs to whom. */
import { LOST, ONE, WON } from "./account.mjs";
import { fire } from "./webhooks.mjs";
import { noChoice, noType } from "./refused.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */
/** @typedef {import("./account.mjs").Kind} Kind */
/** @typedef {{code: string, path: string, detail: string}} Wrong */

export const KINDS = /** @type {Kind[]} */ (["leads", "contacts", "companies"]);
const NUMBERS = ["price", "status_id", "pipeline_id", "responsible_user_id", "created_by", "updated_by", "created_at", "updated_at", "closed_at", "loss_reason_id"];
const TEXTS = ["name", "first_name", "last_name", "request_id"];
export const digits = (/** @type {unknown} */ text) => String(text ?? "").replaceAll(/\D/g, "");

/** What is wrong with an item, and where. @param {Account} account @param {Kind} kind @param {Fields} item @param {Fields} [before]  the record it changes */
export function wrong(account, kind, item, before) {
  /** @type {Wrong[]} */
  const errors = [];
  const type = (/** @type {string} */ path, /** @type {string} */ wanted) => errors.push(noType(path, wanted));
  const choice = (/** @type {string} */ path) => errors.push(noChoice(path));
  for (const name of NUMBERS) if (item[name] !== undefined && item[name] !== null && !Number.isInteger(item[name])) type(name, "int");
  for (const name of TEXTS) if (item[name] !== undefined && typeof item[name] !== "string") type(name, "string");
  if (errors.length) return errors;
  if (item.responsible_user_id && !account.users.some((user) => user.id === item.responsible_user_id && user.is_active)) choice("responsible_user_id");
  if (kind === "leads") stage(account, item, before, choice);
  values(account, kind, item.custom_fields_values, type, choice);
  for (const [path, tags] of Object.entries({ "_embedded.tags": item._embedded?.tags, tags_to_add: item.tags_to_add, tags_to_delete: item.tags_to_delete })) {
    if (tags === undefined || tags === null) continue;
    if (!Array.isArray(tags)) type(path, "array");
    else tags.forEach((tag, at) => {
      if (tag.id === undefined && typeof tag.name !== "string") type(`${path}.${at}.name`, "string");
      if (tag.id !== undefined && !account.tags[kind]?.some(({ id }) => id === tag.id)) choice(`${path}.${at}.id`);
    });
  }
  for (const other of KINDS) {
    for (const [at, one] of (item._embedded?.[other] ?? []).entries()) if (one.id !== undefined && !account.entities[other].has(one.id)) choice(`_embedded.${other}.${at}.id`);
  }
  return errors;
}

/**
 * A lead stands in a status of its pipeline, never of another one, and nobody but amoCRM puts one into «Неразобранное».
 * @param {Account} account
 * @param {Fields} item
 * @param {Fields | undefined} before
 * @param {(path: string) => unknown} choice
 */
function stage(account, item, before, choice) {
  const named = item.pipeline_id ?? before?.pipeline_id;
  if (named !== undefined && !account.pipelines.some((pipeline) => pipeline.id === named)) return void choice("pipeline_id");
  const changes = item.status_id !== undefined && item.status_id !== before?.status_id;
  if (!changes) return;
  const ways = named === undefined ? account.pipelines : [account.way(named)];
  if (!ways.some((way) => way.statuses.some((/** @type {Fields} */ status) => status.id === item.status_id && status.type === 0))) choice("status_id");
}

/** @param {Account} account @param {Kind} kind @param {unknown} given @param {(path: string, wanted: string) => unknown} type @param {(path: string) => unknown} choice */
function values(account, kind, given, type, choice) {
  if (given === undefined || given === null) return;
  if (!Array.isArray(given)) return void type("custom_fields_values", "array");
  given.forEach((one, at) => {
    const path = `custom_fields_values.${at}`;
    const field = found(account, kind, one);
    if (!field) return void choice(`${path}.${one.field_id === undefined ? "field_code" : "field_id"}`);
    if (one.values === null) return;
    if (!Array.isArray(one.values)) return void type(`${path}.values`, "array");
    one.values.forEach((/** @type {Fields} */ value, /** @type {number} */ nth) => {
      const here = `${path}.values.${nth}`;
      const said = value.value;
      if (["text", "textarea", "url", "multitext", "streetaddress"].includes(field.type) && typeof said !== "string") type(`${here}.value`, "string");
      if (field.type === "numeric" && !(typeof said === "number" || /^-?\d+([.]\d+)?$/.test(String(said)))) type(`${here}.value`, "numeric");
      if (field.type === "checkbox" && typeof said !== "boolean") type(`${here}.value`, "bool");
      if (["date", "date_time"].includes(field.type) && !Number.isInteger(said)) type(`${here}.value`, "int");
      const by = value.enum_id !== undefined ? "enum_id" : value.enum_code !== undefined ? "enum_code" : "value";
      if (field.enums && (by !== "value" || field.type !== "multitext") && !option(field, value)) choice(`${here}.${by}`);
    });
  });
}

/** @param {Account} account @param {Kind} kind @param {Fields} one */
const found = (account, kind, one) => account.fields[kind]?.find((field) => (one.field_id === undefined ? field.code !== null && field.code === one.field_code : field.id === one.field_id));

/** @param {Fields} field @param {Fields} value */
const option = (field, value) => field.enums?.find((/** @type {Fields} */ one) => (value.enum_id !== undefined ? one.id === value.enum_id : value.enum_code !== undefined ? one.code === value.enum_code : one.value === value.value));

/** @param {Account} account @param {Kind} kind @param {Fields} record @param {Fields[] | null | undefined} given */
function write(account, kind, record, given) {
  for (const one of given ?? []) {
    const field = found(account, kind, one);
    if (!field) continue;
    const fresh = (one.values ?? []).map((/** @type {Fields} */ value) => {
      const chosen = field.type === "multitext" && value.enum_id === undefined && value.enum_code === undefined ? field.enums?.[0] : option(field, value);
      return { value: field.type === "multitext" || !chosen ? value.value : chosen.value, ...(chosen ? { enum_id: chosen.id, ...(chosen.code ? { enum_code: chosen.code } : {}) } : {}) };
    });
    const kept = field.type === "multitext" && account.world.settings.multitext === "add" ? (record.values.get(field.id) ?? []) : [];
    if (one.values?.length) record.values.set(field.id, [...kept, ...fresh]);
    else record.values.delete(field.id);
  }
}

/** @param {Account} account @param {Kind} kind @param {Fields} one */
function tag(account, kind, one) {
  const known = account.tags[kind]?.find((tag) => (one.id === undefined ? tag.name === one.name : tag.id === one.id));
  if (known) return known;
  const made = { id: account.world.next(), name: one.name, color: kind === "leads" ? (one.color ?? null) : null };
  account.tags[kind]?.push(made);
  return made;
}
export { tag };

/** @param {Account} account @param {Kind} kind @param {Fields} record @param {Fields} item */
function tags(account, kind, record, item) {
  const named = (/** @type {Fields[] | undefined} */ list) => (list ?? []).map((one) => tag(account, kind, one));
  // The embedded list is the whole of them; the other two add and take away.
  if (item._embedded?.tags !== undefined) record.tags = named(item._embedded.tags ?? []);
  for (const one of named(item.tags_to_add)) if (!record.tags.includes(one)) record.tags.push(one);
  const gone = named(item.tags_to_delete);
  record.tags = record.tags.filter((/** @type {Fields} */ one) => !gone.includes(one));
}

/** A record more. @param {Account} account @param {Kind} kind @param {Fields} item @param {number} by  the user it is made as, 0 a robot */
export function make(account, kind, item, by) {
  const now = account.world.seconds();
  const id = account.world.next();
  const whole = [item.first_name, item.last_name].filter(Boolean).join(" ");
  /** @type {Fields} */
  const record = {
    id, name: item.name ?? (whole || (kind === "leads" ? `Сделка #${id}` : "")), responsible_user_id: item.responsible_user_id ?? by, group_id: 0, created_by: item.created_by ?? by, updated_by: item.updated_by ?? by,
    created_at: item.created_at ?? now, updated_at: item.updated_at ?? now, closest_task_at: null, is_deleted: false, values: new Map(), tags: [], hidden: item.hidden ?? false,
  };
  if (kind === "contacts") Object.assign(record, { first_name: item.first_name ?? "", last_name: item.last_name ?? "" });
  if (kind === "leads") {
    const source = [...account.sources.values()].find((one) => one.external_id === item._embedded?.source?.external_id);
    // The two that end a lead are in every pipeline, and tell of none.
    const told = [WON, LOST].includes(item.status_id) ? undefined : account.pipelines.find((one) => one.statuses.some((/** @type {Fields} */ status) => status.id === item.status_id));
    const way = account.way(item.pipeline_id ?? told?.id ?? source?.pipeline_id ?? undefined);
    const status = item.status_id ?? way.statuses.find((/** @type {Fields} */ status) => status.type === 0)?.id;
    Object.assign(record, {
      price: item.price ?? 0, status_id: status, pipeline_id: way.id, loss_reason_id: item.loss_reason_id ?? null, closed_at: [WON, LOST].includes(status) ? (item.closed_at ?? now) : null,
      source: source?.external_id ?? null, history: [status],
    });
  }
  write(account, kind, record, item.custom_fields_values);
  tags(account, kind, record, item);
  account.entities[kind].set(id, record);
  for (const other of KINDS) for (const one of item._embedded?.[other] ?? []) link(account, kind, id, other, one.id, one.is_main);
  if (!record.hidden) announce(account, kind, record, by);
  return record;
}

/** @param {Account} account @param {Kind} kind @param {Fields} record @param {number} by */
export function announce(account, kind, record, by) {
  account.event(`${ONE[kind]}_added`, { kind, id: record.id, by });
  fire(account, `add_${ONE[kind]}`, kind, "add", told(account, kind, record));
}

/** A record changes. @param {Account} account @param {Kind} kind @param {Fields} record @param {Fields} item @param {number} by */
export function change(account, kind, record, item, by) {
  const before = { status: record.status_id, pipeline: record.pipeline_id, responsible: record.responsible_user_id };
  for (const name of [
    "name", "first_name", "last_name", "price", "status_id", "pipeline_id", "responsible_user_id", "loss_reason_id", "created_at", "created_by", "closed_at",
  ]) if (item[name] !== undefined) record[name] = item[name];
  if (kind === "contacts" && item.name === undefined && (item.first_name !== undefined || item.last_name !== undefined)) record.name = [record.first_name, record.last_name].filter(Boolean).join(" ");
  const moves = kind === "leads" && item.pipeline_id !== undefined && item.pipeline_id !== before.pipeline;
  if (moves && item.status_id === undefined) record.status_id = account.way(item.pipeline_id).statuses.find((/** @type {Fields} */ status) => status.type === 0)?.id;
  Object.assign(record, { updated_at: item.updated_at ?? account.world.seconds(), updated_by: item.updated_by ?? by });
  write(account, kind, record, item.custom_fields_values);
  tags(account, kind, record, item);
  if (kind === "leads" && (record.status_id !== before.status || record.pipeline_id !== before.pipeline)) {
    record.closed_at = [WON, LOST].includes(record.status_id) ? account.world.seconds() : null;
    record.history.push(record.status_id);
    const at = (/** @type {number} */ id, /** @type {number} */ way) => [{ lead_status: { id, pipeline_id: way } }];
    account.event("lead_status_changed", { kind, id: record.id, by, after: at(record.status_id, record.pipeline_id), before: at(before.status, before.pipeline) });
    fire(account, "status_lead", kind, "status", { ...told(account, kind, record), old_status_id: before.status, old_pipeline_id: before.pipeline });
  }
  if (record.responsible_user_id !== before.responsible) {
    account.event("entity_responsible_changed", { kind, id: record.id, by, after: [{ responsible_user: { id: record.responsible_user_id } }], before: [{ responsible_user: { id: before.responsible } }] });
    fire(account, `responsible_${ONE[kind]}`, kind, "responsible", { ...told(account, kind, record), old_responsible_user_id: before.responsible });
  }
  fire(account, `update_${ONE[kind]}`, kind, "update", told(account, kind, record));
  return record;
}

/** @param {Account} account @param {Kind} kind @param {number} id */
export function remove(account, kind, id) {
  const record = account.entities[kind].get(id);
  if (!record) return;
  account.entities[kind].delete(id);
  account.links = account.links.filter((one) => !((one.a === kind && one.aid === id) || (one.b === kind && one.bid === id)));
  if (kind === "contacts") for (const chat of account.chats.values()) if (chat.contact === id) chat.contact = null;
  fire(account, `delete_${ONE[kind]}`, kind, "delete", kind === "companies" ? { id, type: "company" } : kind === "contacts" ? { id, type: "contact" } : { id, status_id: record.status_id, pipeline_id: record.pipeline_id });
}

/** Two belong together. @param {Account} account @param {Kind} kind @param {number} id @param {Kind} other @param {number} with_id @param {boolean} [main] */
export function link(account, kind, id, other, with_id, main) {
  const [a, aid, b, bid] = KINDS.indexOf(kind) <= KINDS.indexOf(other) ? [kind, id, other, with_id] : [other, with_id, kind, id];
  const first = b === "contacts" && !account.links.some((one) => one.a === a && one.aid === aid && one.b === b);
  if (main && b === "contacts") for (const one of account.links) if (one.a === a && one.aid === aid && one.b === b) one.main = false;
  const known = account.links.find((one) => one.a === a && one.aid === aid && one.b === b && one.bid === bid);
  if (known) known.main ||= !!main;
  else account.links.push({ a, aid, b, bid, main: first || !!main });
}

/** @param {Account} account @param {Kind} kind @param {number} id @param {Kind} other @param {number} with_id */
export function unlink(account, kind, id, other, with_id) {
  account.links = account.links.filter((one) => !((one.a === kind && one.aid === id && one.b === other && one.bid === with_id) || (one.a === other && one.aid === with_id && one.b === kind && one.bid === id)));
}

/** Those that belong to a record. @param {Account} account @param {Kind} kind @param {number} id @returns {{kind: Kind, id: number, main: boolean}[]} */
export function linked(account, kind, id) {
  return account.links.flatMap((one) => (one.a === kind && one.aid === id ? [{ kind: one.b, id: one.bid, main: one.main }] : one.b === kind && one.bid === id ? [{ kind: one.a, id: one.aid, main: one.main }] : []));
}

/** The open deal of a contact that was made last. @param {Account} account @param {number} contact */
export function openDeal(account, contact) {
  const deals = linked(account, "contacts", contact).flatMap(({ kind, id }) => (kind === "leads" ? [account.entities.leads.get(id)] : []));
  return deals.filter((deal) => deal && ![WON, LOST].includes(deal.status_id)).at(-1);
}

/** Whoever has this phone or e-mail already. @param {Account} account @param {unknown} phone @param {unknown} email */
export function same(account, phone, email) {
  const number = digits(phone).slice(-10);
  /** @param {{field: Fields, value: unknown}} one */
  const is = ({ field, value }) => (field.code === "PHONE" && number.length === 10 && digits(value).endsWith(number)) || (field.code === "EMAIL" && email && value === email);
  return [...account.entities.contacts.values()].find((contact) => !contact.hidden && every(account, "contacts", contact).some(is));
}

/** @param {Account} account @param {Kind} kind @param {Fields} record @returns {{field: Fields, value: unknown}[]} */
export function every(account, kind, record) {
  return [...record.values].flatMap(([id, values]) => {
    const field = account.fields[kind]?.find((one) => one.id === id);
    return field ? values.map((/** @type {Fields} */ one) => ({ field, value: one.value })) : [];
  });
}

/** @param {Account} account @param {Kind} kind @param {Fields} record */
function shownValues(account, kind, record) {
  const shown = [...record.values].flatMap(([id, values]) => {
    const field = account.fields[kind]?.find((one) => one.id === id);
    return field ? [{ field_id: id, field_name: field.name, field_code: field.code, field_type: field.type, values }] : [];
  });
  return shown.length ? shown : null;
}

/** A record as the API shows it. @param {Account} account @param {Kind} kind @param {Fields} record @param {string[]} [with_] */
export function shown(account, kind, record, with_ = []) {
  const { values, tags, hidden, history, source, ...plain } = record;
  const others = (/** @type {Kind} */ other) => linked(account, kind, record.id).filter((one) => one.kind === other).map(({ id, main }) => ({
    id, ...(other === "contacts" ? { is_main: main } : {}), _links: self(account, other, id),
  }));
  return {
    ...plain, custom_fields_values: shownValues(account, kind, record), account_id: account.id, _links: self(account, kind, record.id),
    _embedded: {
      tags, ...(kind !== "companies" ? { companies: others("companies") } : {}), ...(with_.includes("contacts") && kind !== "contacts" ? { contacts: others("contacts") } : {}),
      ...(with_.includes("leads") && kind !== "leads" ? { leads: others("leads") } : {}), ...(with_.includes("source") ? { source: source ? { external_id: source, type: "widget" } : null } : {}),
    },
  };
}

/** @param {Account} account @param {string} kind @param {number | string} id */
export const self = (account, kind, id) => ({ self: { href: account.world.href(account.host, `/api/v4/${kind}/${id}`) } });

/** A record as webhooks tell of it. @param {Account} account @param {Kind} kind @param {Fields} record */
export function told(account, kind, record) {
  const fields = shownValues(account, kind, record)?.map(({ field_id, field_name, field_code, values }) => ({
    id: field_id, name: field_name, ...(field_code ? { code: field_code } : {}),
    values: values.map((/** @type {Fields} */ one) => ({ value: one.value, ...(one.enum_id ? { enum: one.enum_id } : {}) })),
  }));
  return {
    id: record.id, name: record.name, responsible_user_id: record.responsible_user_id, created_user_id: record.created_by, modified_user_id: record.updated_by, date_create: record.created_at, last_modified: record.updated_at,
    created_at: record.created_at, updated_at: record.updated_at, account_id: account.id, ...(fields ? { custom_fields: fields } : {}),
    ...(record.tags.length ? { tags: record.tags.map((/** @type {Fields} */ tag) => ({ id: tag.id, name: tag.name })) } : {}),
    ...(kind === "leads" ? { status_id: record.status_id, pipeline_id: record.pipeline_id, price: record.price } : { type: kind === "companies" ? "company" : "contact" }),
  };
}

/** Several become one: what belonged to them is the one's, and they are gone. @param {Account} account @param {Kind} kind @param {number} into @param {number[]} from */
export function merge(account, kind, into, from) {
  const kept = account.entities[kind].get(into);
  if (!kept) throw new Error(`no ${kind} ${into}`);
  for (const id of from) {
    const gone = account.entities[kind].get(id);
    if (!gone) throw new Error(`no ${kind} ${id}`);
    for (const { kind: other, id: with_id, main } of linked(account, kind, id)) link(account, kind, into, other, with_id, main);
    if (kind === "contacts") for (const chat of account.chats.values()) if (chat.contact === id) Object.assign(chat, { contact: into, link: account.world.next() });
    for (const talk of account.talks.values()) {
      if (kind === "contacts" && talk.contact_id === id) talk.contact_id = into;
      if (kind === "leads" && talk.entity_id === id) talk.entity_id = into;
    }
    for (const one of [...account.notes.values(), ...account.tasks.values()]) if (one.entity_id === id && (one.kind ?? one.entity_type) === kind) one.entity_id = into;
    for (const [field, values] of gone.values) {
      const multitext = account.fields[kind]?.find((one) => one.id === field)?.type === "multitext";
      const known = kept.values.get(field) ?? [];
      if (multitext) kept.values.set(field, [...known, ...values.filter((/** @type {Fields} */ one) => !known.some((/** @type {Fields} */ other) => other.value === one.value))]);
      else if (!known.length) kept.values.set(field, values);
    }
    for (const one of gone.tags) if (!kept.tags.includes(one)) kept.tags.push(one);
    remove(account, kind, id);
  }
  return change(account, kind, kept, {}, 0);
}
