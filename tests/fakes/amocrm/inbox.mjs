// @ts-check
/** Incoming leads, talks, and which chat belongs to which contact. */
import { batch, hal, listed, nothing, paged, there, wrongItem } from "./call.mjs";
import { accept, decline, over } from "./chats.mjs";
import { link, make, remove, self, wrong } from "./entities.mjs";
import { missing, noChoice, noEntity, noType, problem } from "./refused.mjs";
import { fire } from "./webhooks.mjs";
import { randomUUID } from "node:crypto";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./call.mjs").Call} Call */

/** @param {Call} call @param {Fields} waits */
function shown({ account }, { uid, source_uid, source_name, category, pipeline_id, created_at, metadata, lead, contact }) {
  const of = (/** @type {string} */ kind, /** @type {number | undefined} */ id) => (id ? [{ id, _links: self(account, kind, id) }] : []);
  return {
    uid, source_uid, source_name, category, pipeline_id, created_at, metadata, account_id: account.id, _links: self(account, "leads/unsorted", uid),
    _embedded: { leads: of("leads", lead), contacts: of("contacts", contact), companies: [] },
  };
}

/** @param {Call} call */
const one = ({ account, parts }) => there(account.unsorted.get(parts[0] ?? ""), "Unsorted");

/** @param {Call} call */
function forms(call) {
  const { account, world, user, parts } = call;
  const needed = parts[0] === "forms" ? ["form_id", "form_name", "form_page", "form_sent_at"] : ["from", "phone", "called_at", "duration", "link", "service_code"];
  const check = (/** @type {Fields} */ item) => {
    const absent = ["source_uid", "source_name"].filter((name) => typeof item[name] !== "string").concat(needed.filter((name) => item.metadata?.[name] === undefined).map((name) => `metadata.${name}`));
    const inside = ["leads", "contacts", "companies"].flatMap((kind) => (item._embedded?.[kind] ?? []).flatMap((/** @type {Fields} */ one) => wrong(account, /** @type {any} */ (kind), one)));
    return [...absent.map(missing), ...inside];
  };
  const made = batch(call, { check }, (item, request_id) => {
    const way = account.way(item.pipeline_id);
    const status = way.statuses.find((/** @type {Fields} */ one) => one.type === 1);
    const lead = make(account, "leads", { ...item._embedded?.leads?.[0], _embedded: {}, status_id: status.id, pipeline_id: way.id, hidden: true, responsible_user_id: 0 }, user.id);
    const said = item._embedded?.contacts?.[0];
    const contact = said && make(account, "contacts", { ...said, hidden: true }, user.id);
    if (contact) link(account, "leads", lead.id, "contacts", contact.id, true);
    const uid = randomUUID().replaceAll("-", "");
    const waits = {
      uid, source_uid: item.source_uid, source_name: item.source_name, category: parts[0], pipeline_id: way.id, created_at: item.created_at ?? world.seconds(), account_id: account.id,
      metadata: item.metadata, lead: lead.id, contact: contact?.id,
    };
    account.unsorted.set(uid, waits);
    fire(account, "add_unsorted", "unsorted", "add", { uid, category: parts[0], lead_id: lead.id, pipeline_id: way.id, created_at: waits.created_at });
    return { ...shown(call, waits), request_id };
  });
  return hal({ _total_items: made.length, _embedded: { unsorted: made } });
}

/** @param {Call} call */
function accepted(call) {
  const { account, said, user } = call;
  const waits = one(call);
  const who = said.user_id ?? user.id;
  const errors = [];
  if (!account.users.some((one) => one.id === who && one.is_active)) errors.push(noChoice("user_id"));
  if (said.status_id !== undefined && !account.pipelines.some((way) => way.statuses.some((/** @type {Fields} */ status) => status.id === said.status_id && status.type === 0))) errors.push(noChoice("status_id"));
  if (errors.length) throw wrongItem(errors);
  const body = shown(call, waits);
  accept(account, waits, { user: who, status: said.status_id, by: user.id });
  return hal(body);
}

/** The chat of an incoming lead goes to a lead that is there: its own lead and contact are gone. @param {Call} call */
function linkedTo(call) {
  const { account, said, world } = call;
  const waits = one(call);
  if (waits.category !== "chats") throw problem(400, "Only chats can be linked");
  const { entity_id, entity_type, metadata } = said.link ?? {};
  const deal = entity_type === "leads" ? account.entities.leads.get(entity_id) : undefined;
  const contact = metadata?.contact_id ?? account.links.find((one) => one.a === "leads" && one.aid === entity_id && one.b === "contacts" && one.main)?.bid;
  if (!deal || !account.entities.contacts.has(contact)) throw wrongItem([noEntity("link.entity_id")]);
  const body = shown(call, waits);
  const chat = account.chats.get(waits.chat);
  if (chat) Object.assign(chat, { contact, link: world.next() });
  for (const talk of account.talks.values()) if (talk.chat_id === waits.chat) Object.assign(talk, { contact_id: contact, entity_id, entity_type: "lead" });
  if (account.entities.contacts.get(waits.contact)?.hidden) account.entities.contacts.delete(waits.contact);
  over(account, waits, "accept", { leads: [entity_id] });
  remove(account, "leads", waits.lead);
  return hal(body);
}

/** @param {Call} call */
function closed({ account, world, parts }) {
  const talk = account.talks.get(Number(parts[0]));
  if (!talk) throw problem(404, "Talk not found");
  if (!talk.is_in_work) throw problem(422, "Talk is already closed");
  Object.assign(talk, { is_in_work: false, updated_at: world.seconds() });
  fire(account, "update_talk", "talk", "update", talk);
  return { status: 202, body: "" };
}

/** Only chats of a channel that belongs to the integration. @param {Call} call @param {Fields | undefined} chat */
const mine = ({ world, integration }, chat) => !!chat && world.channels.get(chat.channel)?.client_id === integration.client_id;

/** @param {Call} call */
function join(call) {
  const { account, world } = call;
  noCookies(call);
  const check = (/** @type {Fields} */ { contact_id, chat_id }) => {
    const no = (/** @type {string} */ path) => [noEntity(path)];
    if (!Number.isInteger(contact_id)) return [noType("contact_id", "int")];
    return !account.entities.contacts.has(contact_id) ? no("contact_id") : mine(call, account.chats.get(chat_id)) ? [] : no("chat_id");
  };
  const chats = batch(call, { check }, ({ contact_id, chat_id }, request_id) => {
    const chat = /** @type {Fields} */ (account.chats.get(chat_id));
    // It moves from whom it belonged to; the link is a new one.
    Object.assign(chat, { contact: contact_id, link: world.next() });
    for (const talk of account.talks.values()) if (talk.chat_id === chat_id) talk.contact_id = contact_id;
    return { id: chat.link, contact_id, chat_id, request_id };
  });
  return hal({ _total_items: chats.length, _embedded: { chats } });
}

/** With the cookies of a session it is refused. @param {Call} call */
function noCookies({ asked }) {
  if (asked.headers["cookie"] !== undefined) throw problem(403, "Forbidden");
}

/** @type {import("./call.mjs").Route[]} */
export const calls = [
  ["GET", /^\/leads\/unsorted$/, "unsorted", (call) => {
    const { category, pipeline_id, uid } = call.query.filter ?? {};
    const all = [...call.account.unsorted.values()].filter((one) => (listed(category)?.includes(one.category) ?? true) && (listed(pipeline_id)?.includes(String(one.pipeline_id)) ?? true) && (listed(uid)?.includes(one.uid) ?? true));
    return paged(call, "unsorted", all, (one) => shown(call, one));
  }],
  ["GET", /^\/leads\/unsorted\/summary$/, "unsorted.summary", ({ account }) => hal({ total: account.unsorted.size, accepted: 0, declined: 0, average_sort_time: 0, categories: { chats: { total: account.unsorted.size } } })],
  ["GET", /^\/leads\/unsorted\/([^/]+)$/, "unsorted.get", (call) => {
    const found = call.account.unsorted.get(call.parts[0] ?? "");
    return found ? hal(shown(call, found)) : nothing;
  }],
  ["POST", /^\/leads\/unsorted\/(forms|sip)$/, "unsorted.create", forms],
  ["POST", /^\/leads\/unsorted\/([^/]+)\/accept$/, "unsorted.accept", accepted],
  ["DELETE", /^\/leads\/unsorted\/([^/]+)\/decline$/, "unsorted.decline", (call) => {
    const body = shown(call, one(call));
    decline(call.account, one(call));
    return hal(body);
  }],
  ["POST", /^\/leads\/unsorted\/([^/]+)\/link$/, "unsorted.link", linkedTo],
  // Of the list of talks only Kommo writes.
  ["GET", /^\/talks$/, "talks", (call) => {
    if (call.account.domain === "amocrm.ru") throw problem(404, "Not found");
    const of = listed(call.query.filter?.contact_id);
    return paged(call, "talks", [...call.account.talks.values()].filter((one) => !of || of.includes(String(one.contact_id))), (talk) => talk);
  }],
  ["GET", /^\/talks\/(\d+)$/, "talks.get", ({ account, parts }) => hal(there(account.talks.get(Number(parts[0])), "Talk"))],
  ["POST", /^\/talks\/(\d+)\/close$/, "talks.close", closed],
  ["POST", /^\/contacts\/chats$/, "contacts.chats.link", join, "admin"],
  ["GET", /^\/contacts\/chats$/, "contacts.chats", (call) => {
    noCookies(call);
    const [contacts, ids] = [listed(call.query.contact_id), listed(call.query.chat_id)];
    if (!contacts && !ids) throw problem(400, "contact_id or chat_id is required");
    const all = [...call.account.chats.values()].filter((chat) => chat.contact && mine(call, chat) && (!contacts || contacts.includes(String(chat.contact))) && (!ids || ids.includes(chat.id)));
    return all.length ? hal({ _total_items: all.length, _embedded: { chats: all.map((chat) => ({ id: chat.link, contact_id: chat.contact, chat_id: chat.id })) } }) : nothing;
  }, "admin"],
];
