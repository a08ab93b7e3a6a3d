// @ts-check
/** Leads, contacts, companies and their links; tags, fields and pipelines. */
import { batch, between, hal, listed, nothing, paged, there, wrongItem } from "./call.mjs";
import { change, digits, every, KINDS, link, linked, make, openDeal, same, self, shown, tag, unlink, wrong } from "./entities.mjs";
import { missing, noChoice, noEntity, noType, tooMany } from "./refused.mjs";
import { fire } from "./webhooks.mjs";
import { randomUUID } from "node:crypto";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Kind} Kind */
/** @typedef {import("./call.mjs").Call} Call */

const KIND = "(leads|contacts|companies)";
const COMPLEX = 50;
const COMPLEX_VALUES = 40;
const FIELDS = ["text", "numeric", "checkbox", "select", "multiselect", "date", "url", "textarea", "radiobutton", "streetaddress", "birthday", "date_time", "multitext", "file"];
const CHOOSING = ["select", "multiselect", "radiobutton"];

/** @param {Call} call */
const kindOf = (call) => /** @type {Kind} */ (call.parts[0]);
const with_ = (/** @type {Call} */ { query }) => (query.with ? String(query.with).split(",") : []);

/** Whether a person may see a record. @param {Call} call @param {Kind} kind @param {Fields} record */
function seen({ user }, kind, record) {
  if (record.hidden && kind !== "leads") return false;
  if (user.is_admin) return true;
  const right = user.see[kind] ?? "A";
  return right === "A" || (right === "M" && record.responsible_user_id === user.id);
}

/** @param {Call} call @returns {import("./call.mjs").Answer} */
function list(call) {
  const { account, query } = call;
  const kind = kindOf(call);
  let all = [...account.entities[kind].values()].filter((record) => seen(call, kind, record));
  if (query.query !== undefined) all = all.filter((record) => hit(call, kind, record, String(query.query)));
  // Filters by field are a paid option: without it they are passed over without a word.
  if (account.modes.filters) all = all.filter((record) => passes(record, query.filter ?? {}));
  for (const [name, way] of Object.entries(query.order ?? {})) all.sort((a, b) => (a[name] - b[name] || a.id - b.id) * (way === "desc" ? -1 : 1));
  return paged(call, kind, all, (record) => shown(account, kind, record, with_(call)));
}

/** A text anywhere in a record; of a number its digits, and numbers that only begin like it are found as well. @param {Call} call @param {Kind} kind @param {Fields} record @param {string} query */
function hit({ account }, kind, record, query) {
  const text = query.toLowerCase();
  const number = digits(query);
  const texts = [record.name, ...every(account, kind, record).map(({ value }) => value)].map(String);
  if (texts.some((one) => one.toLowerCase().includes(text))) return true;
  return number.length >= 5 && number.length >= query.length - 5 && texts.some((one) => digits(one).includes(number) || (number.length >= 10 && digits(one).includes(number.slice(0, 7))));
}

/** @param {Fields} record @param {Fields} filter */
function passes(record, filter) {
  const among = (/** @type {string} */ name) => listed(filter[name])?.includes(String(record[name])) ?? true;
  if (!["id", "name", "pipeline_id", "responsible_user_id"].every(among) || !["created_at", "updated_at", "closed_at"].every((name) => between(filter, name)(record[name] ?? 0))) return false;
  const statuses = filter.statuses && Object.values(filter.statuses);
  if (statuses && !statuses.some((/** @type {Fields} */ one) => Number(one.pipeline_id) === record.pipeline_id && Number(one.status_id) === record.status_id)) return false;
  return Object.entries(filter.custom_fields_values ?? {}).every(([id, wanted]) => record.values.get(Number(id))?.some((/** @type {Fields} */ one) => listed(wanted)?.includes(String(one.value))));
}

/** @param {Call} call @param {Kind} kind @param {Fields} record @param {string} [request_id] */
const brief = ({ account }, kind, record, request_id) => ({
  id: record.id, ...(request_id === undefined ? { updated_at: record.updated_at } : {}), ...(request_id === undefined ? {} : { request_id }), _links: self(account, kind, record.id),
});

/** @param {Call} call */
function create(call) {
  const { account, user } = call;
  const kind = kindOf(call);
  const made = batch(call, { check: (item) => wrong(account, kind, item) }, (item, request_id) => brief(call, kind, make(account, kind, { ...item, hidden: false }, user.id), request_id));
  return hal({ _links: { self: { href: call.world.href(account.host, `/api/v4/${kind}`) } }, _embedded: { [kind]: made } });
}

/** @param {Call} call */
function patchMany(call) {
  const { account, user } = call;
  const kind = kindOf(call);
  const of = (/** @type {Fields} */ item) => account.entities[kind].get(item.id);
  const check = (/** @type {Fields} */ item) => (of(item) ? wrong(account, kind, item, of(item)) : [noEntity("id")]);
  const changed = batch(call, { check }, (item, request_id) => ({ ...brief(call, kind, change(account, kind, /** @type {Fields} */ (of(item)), item, user.id), request_id), updated_at: of(item)?.updated_at }));
  return hal({ _embedded: { [kind]: changed } });
}

/** @param {Call} call */
function patchOne(call) {
  const { account, user, said } = call;
  const kind = kindOf(call);
  const record = there(account.entities[kind].get(Number(call.parts[1])), kind);
  const errors = wrong(account, kind, said, record);
  if (errors.length) throw wrongItem(errors, String(said.request_id ?? 0));
  return hal(brief(call, kind, change(account, kind, record, said, user.id)));
}

/** A lead with a contact and a company at once; the answer is a bare list. @param {Call} call */
function complex(call) {
  const { account, user, world } = call;
  const check = (/** @type {Fields} */ item) => {
    const errors = wrong(account, "leads", plain(item));
    for (const kind of /** @type {Kind[]} */ (["contacts", "companies"])) {
      const some = item._embedded?.[kind] ?? [];
      if (some.length > 1) errors.push(tooMany(`_embedded.${kind}`, 1));
      some.forEach((/** @type {Fields} */ one, /** @type {number} */ at) => {
        const inside = one.id === undefined ? wrong(account, kind, one) : account.entities[kind].has(one.id) ? [] : [noEntity("id")];
        errors.push(...inside.map((error) => ({ ...error, path: `_embedded.${kind}.${at}.${error.path}` })));
      });
    }
    const many = [item, ...(item._embedded?.contacts ?? []), ...(item._embedded?.companies ?? [])].some((one) => (one.custom_fields_values?.length ?? 0) > COMPLEX_VALUES);
    if (many) errors.push(tooMany("custom_fields_values", COMPLEX_VALUES));
    return errors;
  };
  const made = batch(call, { most: COMPLEX, check }, (item, request_id) => {
    const one = (/** @type {Kind} */ kind) => {
      const said = item._embedded?.[kind]?.[0];
      if (!said) return undefined;
      if (said.id !== undefined) return said.id;
      const value = (/** @type {string} */ code) => said.custom_fields_values?.find((/** @type {Fields} */ field) => field.field_code === code)?.values?.[0]?.value;
      const known = kind === "contacts" && world.settings.duplicate_control ? same(account, value("PHONE"), value("EMAIL")) : undefined;
      return (known ? change(account, kind, known, said, user.id) : make(account, kind, said, user.id)).id;
    };
    const [contact, company] = [one("contacts"), one("companies")];
    const before = contact && world.settings.duplicate_control ? openDeal(account, contact) : undefined;
    const incoming = item._embedded?.metadata;
    const lead = before ? change(account, "leads", before, plain(item), user.id) : make(account, "leads", incoming ? waiting(account, plain(item)) : plain(item), user.id);
    if (contact) link(account, "leads", lead.id, "contacts", contact, true);
    if (company) link(account, "leads", lead.id, "companies", company);
    if (contact && company) link(account, "contacts", contact, "companies", company);
    if (incoming && !before) wait(account, incoming, lead, contact);
    return { id: lead.id, contact_id: contact ?? null, company_id: company ?? null, request_id: [request_id], merged: !!before };
  });
  return { status: 200, body: made, headers: { "content-type": "application/json" } };
}

/** As it stands in «Неразобранное»: whatever stage it names. @param {import("./account.mjs").Account} account @param {Fields} item */
function waiting(account, item) {
  const way = account.way(item.pipeline_id);
  return { ...item, pipeline_id: way.id, status_id: way.statuses.find((/** @type {Fields} */ one) => one.type === 1).id, responsible_user_id: 0, hidden: true };
}

/** @param {import("./account.mjs").Account} account @param {Fields} metadata @param {Fields} lead @param {number | undefined} contact */
function wait(account, { category, ...metadata }, lead, contact) {
  const uid = randomUUID().replaceAll("-", "");
  account.unsorted.set(uid, {
    uid, source_uid: metadata.form_id, source_name: metadata.form_name, category, pipeline_id: lead.pipeline_id, created_at: account.world.seconds(), account_id: account.id, metadata, lead: lead.id, contact,
  });
  fire(account, "add_unsorted", "unsorted", "add", { uid, category, lead_id: lead.id, pipeline_id: lead.pipeline_id, created_at: account.world.seconds() });
}

/** @param {Fields} item */
const plain = (item) => ({ ...item, _embedded: { ...(item._embedded?.tags === undefined ? {} : { tags: item._embedded.tags }), ...(item._embedded?.source ? { source: item._embedded.source } : {}) } });

/** @param {Call} call */
function linkThem(call) {
  const { account, parts } = call;
  const kind = kindOf(call);
  const own = parts[2] === undefined ? undefined : Number(parts[1]);
  const undo = parts.at(-1) === "unlink";
  if (own !== undefined) there(account.entities[kind].get(own), kind);
  const check = (/** @type {Fields} */ { entity_id = own, to_entity_id, to_entity_type }) => {
    const right = account.entities[kind].has(entity_id) && KINDS.includes(to_entity_type) && account.entities[/** @type {Kind} */ (to_entity_type)].has(to_entity_id);
    return right ? [] : [noEntity("to_entity_id")];
  };
  const links = batch(call, { check }, ({ entity_id = own, to_entity_id, to_entity_type, metadata }) => {
    if (undo) unlink(account, kind, entity_id, to_entity_type, to_entity_id);
    else link(account, kind, entity_id, to_entity_type, to_entity_id, metadata?.is_main);
    return { entity_id, entity_type: kind, to_entity_id, to_entity_type, metadata: metadata ? { main_contact: !!metadata.is_main } : null };
  });
  return undo ? nothing : hal({ _total_items: links.length, _embedded: { links } });
}

/** @param {Call} call */
function links(call) {
  const { account, parts, query } = call;
  const kind = kindOf(call);
  const ids = parts[1] === undefined ? (listed(query.filter?.entity_id) ?? []).map(Number) : [Number(parts[1])];
  const all = ids.flatMap((id) => linked(account, kind, id).map((one) => ({
    entity_id: id, entity_type: kind, to_entity_id: one.id, to_entity_type: one.kind, metadata: one.kind === "contacts" ? { main_contact: one.main } : null,
  })));
  return all.length ? hal({ _total_items: all.length, _embedded: { links: all } }) : undefined;
}

/** @param {Call} call @param {Fields} field */
const fieldShown = ({ account }, field) => ({ ...field, _links: self(account, "custom_fields", field.id) });

/** @param {Call} call */
function fieldsMade(call) {
  const { account } = call;
  const kind = kindOf(call);
  const known = account.fields[kind] ?? [];
  const check = (/** @type {Fields} */ item) => {
    const no = (/** @type {string} */ path) => [noChoice(path)];
    if (typeof item.name !== "string" || !item.name) return [missing("name")];
    if (!FIELDS.includes(item.type) || (item.type === "multitext" && kind !== "contacts")) return no("type");
    if (item.code && known.some((one) => one.code === item.code)) return no("code");
    return CHOOSING.includes(item.type) && !item.enums?.length ? [missing("enums")] : [];
  };
  const made = batch(call, { check }, (item, request_id) => {
    const field = account.field(/** @type {any} */ (item));
    known.push(field);
    return { ...fieldShown(call, field), request_id };
  });
  return hal({ _total_items: made.length, _embedded: { custom_fields: made } }, 201);
}

/** @param {Call} call */
function pipelines({ account, parts }) {
  const show = (/** @type {Fields} */ { statuses, ...pipeline }) => ({ ...pipeline, _links: self(account, "leads/pipelines", pipeline.id), _embedded: { statuses } });
  if (!parts[0]) return hal({ _total_items: account.pipelines.length, _embedded: { pipelines: account.pipelines.map(show) } });
  return hal(show(there(account.pipelines.find((one) => one.id === Number(parts[0])), "Pipeline")));
}

/** @type {import("./call.mjs").Route[]} */
export const calls = [
  ["POST", /^\/leads\/complex$/, "leads.complex", complex],
  ["GET", /^\/leads\/pipelines(?:\/(\d+))?$/, "pipelines", pipelines],
  ["GET", new RegExp(`^/${KIND}$`), "list", list],
  ["POST", new RegExp(`^/${KIND}$`), "create", create],
  ["PATCH", new RegExp(`^/${KIND}$`), "update", patchMany],
  ["GET", new RegExp(`^/${KIND}/(\\d+)$`), "get", (call) => {
    const record = call.account.entities[kindOf(call)].get(Number(call.parts[1]));
    return record && seen(call, kindOf(call), record) ? hal(shown(call.account, kindOf(call), record, with_(call))) : nothing;
  }],
  ["PATCH", new RegExp(`^/${KIND}/(\\d+)$`), "update", patchOne],
  ["GET", new RegExp(`^/${KIND}/links$`), "links", links],
  ["GET", new RegExp(`^/${KIND}/(\\d+)/links$`), "links", links],
  ["POST", new RegExp(`^/${KIND}/(\\d+)/(link|unlink)$`), "link", linkThem],
  ["POST", new RegExp(`^/${KIND}/(link|unlink)$`), "link", linkThem],
  ["GET", new RegExp(`^/${KIND}/tags$`), "tags", (call) => {
    const named = listed(call.query.filter?.name);
    const all = (call.account.tags[kindOf(call)] ?? []).filter((one) => (!named || named.includes(one.name)) && (call.query.query === undefined || one.name.includes(call.query.query)));
    return paged(call, "tags", all, (one) => one);
  }],
  ["POST", new RegExp(`^/${KIND}/tags$`), "tags.create", (call) => {
    const check = (/** @type {Fields} */ item) => (typeof item.name === "string" && item.name ? [] : [noType("name", "string")]);
    return hal({ _embedded: { tags: batch(call, { check }, (item, request_id) => ({ ...tag(call.account, kindOf(call), { name: item.name, color: item.color }), request_id })) } });
  }],
  ["GET", new RegExp(`^/${KIND}/custom_fields$`), "custom_fields", (call) => paged(call, "custom_fields", call.account.fields[kindOf(call)] ?? [], (field) => fieldShown(call, field))],
  ["POST", new RegExp(`^/${KIND}/custom_fields$`), "custom_fields.create", fieldsMade, "admin"],
  ["GET", new RegExp(`^/${KIND}/custom_fields/(\\d+)$`), "custom_fields.get", (call) => hal(fieldShown(call, there(call.account.fields[kindOf(call)]?.find((one) => one.id === Number(call.parts[1])), "Field")))],
  ["PATCH", new RegExp(`^/${KIND}/custom_fields/(\\d+)$`), "custom_fields.update", (call) => {
    const field = there(call.account.fields[kindOf(call)]?.find((one) => one.id === Number(call.parts[1])), "Field");
    const { name = field.name, sort = field.sort } = call.said;
    return hal(fieldShown(call, Object.assign(field, { name, sort })));
  }, "admin"],
  ["DELETE", new RegExp(`^/${KIND}/custom_fields/(\\d+)$`), "custom_fields.delete", (call) => {
    there(call.account.fields[kindOf(call)]?.find((one) => one.id === Number(call.parts[1])), "Field");
    noField(call.account, kindOf(call), Number(call.parts[1]));
    return nothing;
  }, "admin"],
];

/** A field is gone, and all its values with it. @param {import("./account.mjs").Account} account @param {Kind} kind @param {number} id */
export function noField(account, kind, id) {
  account.fields[kind] = (account.fields[kind] ?? []).filter((one) => one.id !== id);
  for (const record of account.entities[kind].values()) record.values.delete(id);
}

/** What a call on one of three kinds is called: `leads.create`. @param {string} name @param {string[]} parts */
export const full = (name, parts) => (/^(leads|contacts|companies)$/.test(parts[0] ?? "") ? `${parts[0]}.${name}` : name);
