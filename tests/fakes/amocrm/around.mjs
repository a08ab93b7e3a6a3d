// @ts-check
/** What stands around the records: the account, its people, events, webhooks, widgets, sources, templates, attached files. */
import { batch, between, hal, listed, nothing, paged, there, wrongItem } from "./call.mjs";
import { self } from "./entities.mjs";
import { missing, noEntity, problem } from "./refused.mjs";
import { uninstalls } from "./oauth.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./call.mjs").Call} Call */

const EVENTS = 100;
const SOURCES = 50;
const SOURCE_ID = 36;
const TEMPLATES = 50;
const WEBHOOKS = 100;
const AMONG = 10;

/** @param {Call} call */
function account({ account, user, query }) {
  const asked = listed(query.with) ?? [];
  const { modes } = account;
  /** @type {Fields} */
  const more = {
    amojo_id: account.amojo_id, uuid: account.amojo_id, version: 9, drive_url: account.world.href(account.drive, ""), is_api_filter_enabled: modes.filters,
    entity_names: { leads: { ru: { gender: "f", plural_form: { dative: "сделкам", default: "сделки" } } } },
    datetime_settings: { date_pattern: "d.m.Y", timezone: "Europe/Moscow", timezone_offset: "+03:00" }, invoices_settings: { lang: null, currency: null },
  };
  const inside = {
    task_types: [{ id: 1, name: "Связаться", color: null, icon_id: null, code: "FOLLOW_UP" }, { id: 2, name: "Встреча", color: null, icon_id: null, code: "MEETING" }],
    users_groups: [{ id: 0, name: "Отдел продаж", uuid: null }],
    amojo_rights: { can_direct: true, can_create_groups: true },
  };
  const pick = (/** @type {Fields} */ from) => Object.fromEntries(Object.entries(from).filter(([name]) => asked.includes(name)));
  return hal({
    id: account.id, name: account.name, subdomain: account.subdomain, created_at: 1_600_000_000, created_by: 0, updated_at: 0, updated_by: 0, current_user_id: user.id,
    country: "RU", currency: "RUB", currency_symbol: "₽", customers_mode: "disabled",
    is_unsorted_on: account.pipelines.some((one) => one.is_unsorted_on), mobile_feature_version: 0, is_loss_reason_enabled: true, is_helpbot_enabled: false, is_technical_account: false,
    contact_name_display_order: 1, ...pick(more),
    _links: { self: { href: account.world.href(account.host, "/api/v4/account") } }, _embedded: pick(inside),
  });
}

/** @param {Call} call @param {Fields} user */
function userShown({ account, query }, { id, name, email, lang = "ru", is_admin, is_free, is_active, amojo_id, see }) {
  const right = (/** @type {string} */ kind) => ({ view: is_admin ? "A" : (see[kind] ?? "A"), edit: "A", add: "A", delete: "A", export: "A" });
  const rights = {
    leads: right("leads"), contacts: right("contacts"), companies: right("companies"), tasks: { edit: "A", delete: "A" }, mail_access: false, catalog_access: false, is_admin, is_free, is_active,
    group_id: null, role_id: null,
  };
  return { id, name, email, lang, rights, ...((listed(query.with) ?? []).includes("amojo_id") ? { amojo_id } : {}), _links: self(account, "users", id) };
}

/** @param {Call} call */
function inside({ integration }) {
  if (integration.kind === "external") throw problem(403, "Forbidden");
}

/** @param {Call} call */
function events(call) {
  const { account, query } = call;
  const filter = query.filter ?? {};
  const [kinds, ids, by, types] = [listed(filter.entity), listed(filter.entity_id), listed(filter.created_by), listed(filter.type)];
  if ((ids?.length ?? 0) > AMONG || (by?.length ?? 0) > AMONG || (ids && kinds?.length !== 1)) throw problem(400, "Invalid filter");
  const at = between(filter, "created_at");
  const all = account.events.filter((event) => {
    // What is said in chats is found by its contact, though it is shown with the lead.
    const [kind, id] = event.type.endsWith("_chat_message") ? ["contact", event.linked_talk_contact_id] : [event.entity_type, event.entity_id];
    return (!kinds || kinds.includes(kind)) && (!ids || ids.includes(String(id))) && (!by || by.includes(String(event.created_by))) && (!types || types.includes(event.type)) && at(event.created_at);
  });
  return paged(call, "events", all.reverse(), (event) => ({
    ...event, _links: self(account, "events", event.id), _embedded: { entity: { id: event.entity_id, _links: self(account, `${event.entity_type}s`, event.entity_id) } },
  }), { most: EVENTS, usual: EVENTS });
}

/** @param {Call} call @param {Fields} webhook */
const webhookShown = ({ account }, { id, destination, settings, sort, created_by, created_at, updated_at, disabled }) => ({ id, destination, created_at, updated_at, account_id: account.id, created_by, sort, disabled, settings });

/** @param {Call} call */
function webhookMade(call) {
  const { account, world, said, integration } = call;
  const { destination, settings } = said;
  const no = (/** @type {string} */ path) => wrongItem([{ code: "NotSupportedChoice", path, detail: "This value is not valid." }]);
  if (typeof destination !== "string" || !/^https?:\/\/[\x21-\x7e]+$/.test(destination)) throw no("destination");
  if (!Array.isArray(settings) || !settings.length) throw no("settings");
  if (account.webhooks.length >= WEBHOOKS && !account.webhooks.some((one) => one.destination === destination)) throw problem(422, "Webhooks limit exceeded");
  return hal(webhookShown(call, world.crm.subscribe(account, said, integration.client_id)), world.settings.webhook_created);
}

/** @param {Call} call */
function webhookGone({ account, said }) {
  const at = account.webhooks.findIndex((one) => one.destination === said?.destination);
  if (at < 0) throw problem(404, "Webhook not found");
  account.webhooks.splice(at, 1);
  return nothing;
}

/** Only those who uploaded a widget that is among the sources have any. @param {Call} call */
function own(call) {
  inside(call);
  if (!call.integration.lead_sources) throw problem(403, "Forbidden");
  return [...call.account.sources.values()].filter((one) => one.client === call.integration.client_id);
}

/** @param {Call} call @param {Fields} source */
const sourceShown = ({ account }, { client, ...source }) => ({ ...source, _links: self(account, "sources", source.id) });

/** @param {Call} call */
function sourcesMade(call) {
  const { account, world, integration, said } = call;
  const known = own(call);
  if (Array.isArray(said) && known.length + said.length > world.settings.sources) throw problem(422, "Sources limit exceeded");
  const check = (/** @type {Fields} */ { name, external_id, pipeline_id }) => {
    const no = (/** @type {string} */ code, /** @type {string} */ path, /** @type {string} */ detail) => [{ code, path, detail }];
    if (typeof name !== "string" || !name) return no("FieldMissing", "name", "This field is missing.");
    if (typeof external_id !== "string" || external_id.length > SOURCE_ID || !/^[\x20-\x7e]+$/.test(external_id)) return no("InvalidValue", "external_id", "This value is not valid.");
    const twice = Array.isArray(said) && said.filter((one) => one.external_id === external_id).length > 1;
    if (twice || known.some((one) => one.external_id === external_id)) return no("NotUnique", "external_id", "This value is already used.");
    return pipeline_id === undefined || account.pipelines.some((one) => one.id === pipeline_id) ? [] : no("NotSupportedChoice", "pipeline_id", "The value you selected is not a valid choice.");
  };
  const made = batch(call, { most: SOURCES, check }, (item, request_id) => {
    const { name, external_id, pipeline_id = account.way().id, origin_code = null, services = [] } = item;
    const source = { id: world.next(), name, external_id, pipeline_id, default: false, origin_code, services, client: integration.client_id };
    account.sources.set(source.id, source);
    usual(call, source, item.default);
    return { ...sourceShown(call, source), request_id };
  });
  return hal({ _total_items: made.length, _embedded: { sources: made } });
}

/** One of them at most is the usual one. @param {Call} call @param {Fields} source @param {boolean | undefined} is */
function usual(call, source, is) {
  if (is === undefined) return;
  if (is) for (const other of own(call)) other.default = false;
  source.default = is;
}

/** @param {Call} call @param {number} id @param {number} at */
function sourceOf(call, id, at = 0) {
  const found = own(call).find((one) => one.id === id);
  // Its errors are an object under `errors`, unlike all others.
  if (!found) throw problem(400, "Request validation failed", { errors: [{ request_id: String(at), errors: { code: "EntityNotFound", path: "id", detail: "Entity not found" } }] });
  return found;
}

/** @param {Call} call @param {Fields} source @param {Fields} item */
function sourceChanged(call, source, item) {
  const { name = source.name, pipeline_id = source.pipeline_id, origin_code = source.origin_code, services = source.services } = item;
  if (item.external_id !== undefined && item.external_id !== source.external_id) throw wrongItem([{ code: "NotSupportedChoice", path: "external_id", detail: "This value cannot be changed." }]);
  Object.assign(source, { name, pipeline_id, origin_code, services });
  usual(call, source, item.default);
  return sourceShown(call, source);
}

/** @param {Call} call */
const templatesOf = ({ account, integration }) => [...account.templates.values()].filter((one) => one.client === integration.client_id);

/** @param {Fields} template */
const templateShown = ({ client, ...template }) => template;

/** @param {Call} call @param {(template: Fields | undefined, item: Fields, request_id: string) => Fields} run */
function templates(call, run) {
  const check = (/** @type {Fields} */ item) => {
    if (call.asked.method === "PATCH") return templatesOf(call).some((one) => one.id === item.id) ? [] : [noEntity("id")];
    return ["name", "content"].filter((name) => typeof item[name] !== "string" || !item[name]).map(missing);
  };
  const made = batch(call, { check }, (item, request_id) => ({ ...templateShown(run(call.account.templates.get(item.id), item, request_id)), request_id }));
  return hal({ _total_items: made.length, _embedded: { chat_templates: made } });
}

const KIND = "(leads|contacts|companies)";

/** @type {import("./call.mjs").Route[]} */
export const calls = [
  ["GET", /^\/account$/, "account", account],
  ["GET", /^\/users$/, "users", (call) => (inside(call), paged(call, "users", call.account.users, (user) => userShown(call, user))), "admin"],
  ["GET", /^\/users\/(\d+)$/, "users.get", (call) => hal(userShown(call, there(call.account.users.find((one) => one.id === Number(call.parts[0])), "User"))), "admin"],
  ["GET", /^\/events$/, "events", events],
  ["GET", /^\/webhooks$/, "webhooks", (call) => {
    const named = listed(call.query.filter?.destination);
    const all = call.account.webhooks.filter((one) => !named || named.includes(one.destination));
    return all.length ? hal({ _total_items: all.length, _embedded: { webhooks: all.map((one) => webhookShown(call, one)) } }) : nothing;
  }, "admin"],
  ["POST", /^\/webhooks$/, "webhooks.create", webhookMade, "admin"],
  ["DELETE", /^\/webhooks$/, "webhooks.delete", webhookGone, "admin"],
  ["GET", /^\/widgets$/, "widgets", ({ account, integration }) => (account.installs.get(integration.client_id)?.widget ? hal({ _embedded: { widgets: [{ code: integration.widget, is_configured: true }] } }) : nothing), "admin"],
  [
    "GET", /^\/widgets\/([^/]+)$/, "widgets.get",
    ({ account, integration, parts }) => (parts[0] === integration.widget ? hal({
      code: integration.widget, settings: account.installs.get(integration.client_id)?.widget ?? null, is_configured: !!account.installs.get(integration.client_id)?.widget,
    }) : nothing),
    "admin",
  ],
  ["POST", /^\/widgets\/([^/]+)$/, "widgets.install", ({ account, integration, parts, said }) => {
    if (parts[0] !== integration.widget) throw problem(404, "Widget not found");
    Object.assign(account.installs.get(integration.client_id) ?? {}, { widget: said });
    return hal({ code: integration.widget, settings: said, is_configured: true });
  }, "admin"],
  ["DELETE", /^\/widgets\/([^/]+)$/, "widgets.delete", ({ world, account, integration, parts }) => {
    if (parts[0] !== integration.widget) throw problem(404, "Widget not found");
    void uninstalls(world, account, integration);
    return nothing;
  }, "admin"],
  ["GET", /^\/sources$/, "sources", (call) => {
    const named = listed(call.query.filter?.external_id);
    const all = own(call).filter((one) => !named || named.includes(one.external_id));
    return all.length ? hal({ _total_items: all.length, _embedded: { sources: all.map((one) => sourceShown(call, one)) } }) : nothing;
  }, "admin"],
  ["POST", /^\/sources$/, "sources.create", sourcesMade, "admin"],
  ["PATCH", /^\/sources$/, "sources.update", (call) => {
    batch(call, { most: SOURCES }, (item, at) => sourceOf(call, item.id, Number(at)));
    return hal({ _embedded: { sources: batch(call, { most: SOURCES }, (item) => sourceChanged(call, sourceOf(call, item.id), item)) } });
  }, "admin"],
  ["DELETE", /^\/sources$/, "sources.delete", (call) => {
    const gone = batch(call, { most: SOURCES }, (item, at) => sourceOf(call, item.id, Number(at)));
    for (const { id } of gone) call.account.sources.delete(id);
    return nothing;
  }, "admin"],
  ["GET", /^\/sources\/(\d+)$/, "sources.get", (call) => {
    const found = own(call).find((one) => one.id === Number(call.parts[0]));
    return found ? hal(sourceShown(call, found)) : nothing;
  }, "admin"],
  ["PATCH", /^\/sources\/(\d+)$/, "sources.update", (call) => hal(sourceChanged(call, sourceOf(call, Number(call.parts[0])), call.said)), "admin"],
  ["DELETE", /^\/sources\/(\d+)$/, "sources.delete", (call) => {
    call.account.sources.delete(sourceOf(call, Number(call.parts[0])).id);
    return nothing;
  }, "admin"],
  ["GET", /^\/chats\/templates$/, "templates", (call) => {
    const named = listed(call.query.filter?.external_id);
    return paged(call, "chat_templates", templatesOf(call).filter((one) => !named || named.includes(one.external_id)), templateShown, { most: TEMPLATES });
  }, "admin"],
  ["POST", /^\/chats\/templates$/, "templates.create", (call) => templates(call, (_, item) => {
    const { name, content, external_id = null, is_editable = true, type = "amocrm", buttons = [], attachment = null, request_id, ...waba } = item;
    const template = {
      id: call.world.next(), account_id: call.account.id, name, content, created_at: call.world.seconds(), updated_at: call.world.seconds(), external_id, is_editable, type, buttons, attachment,
      ...waba, client: call.integration.client_id,
    };
    call.account.templates.set(template.id, template);
    return template;
  }), "admin"],
  ["PATCH", /^\/chats\/templates$/, "templates.update", (call) => templates(call, (template, { id, request_id, ...item }) => Object.assign(template ?? {}, item, { updated_at: call.world.seconds() })), "admin"],
  ["DELETE", /^\/chats\/templates\/(\d+)$/, "templates.delete", (call) => {
    const found = templatesOf(call).find((one) => one.id === Number(call.parts[0]));
    if (!found) throw problem(404, "Template not found");
    call.account.templates.delete(found.id);
    return nothing;
  }, "admin"],
  ["POST", /^\/chats\/templates\/(\d+)\/review\/(\d+)$/, "templates.review", (call) => {
    const found = there(templatesOf(call).find((one) => one.id === Number(call.parts[0])), "Template");
    if (!["approved", "paused", "rejected"].includes(call.said.status)) throw problem(400, "status");
    const review = there(found.reviews?.find((/** @type {Fields} */ one) => one.id === Number(call.parts[1])), "Review");
    return hal(Object.assign(review, { status: call.said.status, reject_reason: call.said.reject_reason ?? null }));
  }, "admin"],
  ["PUT", new RegExp(`^/${KIND}/(\\d+)/files$`), "files.attach", ({ account, parts, said }) => {
    const [kind = "", id] = [parts[0], Number(parts[1])];
    there(account.entities[/** @type {import("./account.mjs").Kind} */ (kind)].get(id), kind);
    for (const { file_uuid } of said) if (!account.files.has(file_uuid)) throw wrongItem([noEntity("file_uuid")]);
    for (const { file_uuid } of said) account.attached.push({ kind, id, file: file_uuid });
    return { status: 202, body: "" };
  }],
  ["GET", new RegExp(`^/${KIND}/(\\d+)/files$`), "files", ({ account, parts }) => {
    const all = account.attached.filter((one) => one.kind === parts[0] && one.id === Number(parts[1]));
    return all.length ? hal({ _embedded: { files: all.map(({ file }, at) => ({ id: at + 1, file_uuid: file })) } }) : nothing;
  }],
  ["DELETE", new RegExp(`^/${KIND}/(\\d+)/files$`), "files.detach", ({ account, parts, said }) => {
    const gone = new Set((said ?? []).map((/** @type {Fields} */ one) => one.file_uuid));
    account.attached = account.attached.filter((one) => !(one.kind === parts[0] && one.id === Number(parts[1]) && gone.has(one.file)));
    return { status: 202, body: "" };
  }],
];
