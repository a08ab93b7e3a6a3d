// @ts-check
/** The chats of an account: whose they are, what is said in them, and what that makes in the CRM: contacts, incoming leads, talks, events. */
import { randomUUID } from "node:crypto";
import { announce, link, make, openDeal, same } from "./entities.mjs";
import { origin } from "./refused.mjs";
import { fire } from "./webhooks.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */

const FILES = ["file", "video", "picture"];
const KINDS = ["text", "contact", "file", "video", "picture", "voice", "audio", "sticker", "location"];

/** What is not as it should be: nothing known says what the body of that is. @param {string} what */
export const bad = (what) => origin(400, "BAD_REQUEST", what);

/** A field of a type and no other: numbers are numbers, texts texts, and null is neither. @param {Fields | undefined} object @param {string} name @param {"string" | "number" | "boolean" | "object"} type @param {boolean} [must] */
export function field(object, name, type, must = false) {
  const value = object?.[name];
  if (value === undefined) {
    if (must) throw bad(`${name} is required`);
    return undefined;
  }
  const right = type === "number" ? typeof value === "number" && Number.isFinite(value) : type === "object" ? typeof value === "object" && value !== null && !Array.isArray(value) : typeof value === type;
  if (!right) throw bad(`${name} must be a ${type}`);
  if (must && value === "") throw bad(`${name} must not be empty`);
  return value;
}

/** @param {Fields} whole @param {string} name @param {boolean} must */
function someone(whole, name, must) {
  const one = field(whole, name, "object", must);
  if (!one) return;
  for (const [key, always] of /** @type {[string, boolean][]} */ ([["id", true], ["name", true], ["ref_id", false], ["avatar", false], ["profile_link", false]])) field(one, key, "string", always);
  const profile = field(one, "profile", "object");
  for (const key of ["phone", "email"]) field(profile, key, "string");
}

/** Of a message, with its strict types. @param {Account} account @param {Fields} message */
export function content(account, message) {
  const type = field(message, "type", "string", true);
  if (!KINDS.includes(type)) throw bad(`type ${type}`);
  const text = field(message, "text", "string", type === "text");
  const most = account.world.settings.text_limit;
  if (most && [...(text ?? "")].length > most) throw bad("text is too long");
  for (const key of ["media", "file_name", "sticker_id", "callback_data"]) field(message, key, "string");
  for (const key of ["file_size", "media_duration"]) field(message, key, "number");
  if ([...FILES, "voice", "audio"].includes(type) && !/^https?:\/\//.test(message.media ?? "")) throw bad("media is required");
  if (FILES.includes(type)) {
    field(message, "file_name", "string", true);
    field(message, "file_size", "number", true);
  }
  if (type === "sticker" && !message.media && !message.sticker_id) throw bad("media or sticker_id is required");
  if (type === "location") for (const key of ["lon", "lat"]) field(field(message, "location", "object", true), key, "number", true);
  if (type === "contact") for (const key of ["name", "phone"]) field(field(message, "contact", "object", true), key, "string", true);
  const post = field(message, "post", "object");
  if (post) field(post, "id", "string", true);
  return message;
}

/** @param {Fields} payload */
export function shape(payload) {
  for (const key of ["timestamp", "msec_timestamp"]) field(payload, key, "number", true);
  for (const key of ["msgid", "conversation_id"]) field(payload, key, "string", true);
  field(payload, "conversation_ref_id", "string");
  field(payload, "silent", "boolean");
  someone(payload, "sender", true);
  someone(payload, "receiver", false);
  const source = field(payload, "source", "object");
  if (source && field(source, "external_id", "string", true).length > 40) throw bad("source.external_id is too long");
  const forwards = field(payload, "forwards", "object");
  if (forwards && forwards.messages?.length !== 1) throw bad("forwards.messages must be one");
  field(payload, "message", "object", true);
}

/** Whoever is the client of a chat, by our id or by the one of amoCRM. @param {Account} account @param {string} channel @param {Fields} said */
export function person(account, channel, said) {
  const mine = [...account.people.values()].filter((one) => one.channel === channel);
  let found = said.ref_id ? mine.find((one) => one.id === said.ref_id) : mine.find((one) => one.client_id === said.id);
  if (said.ref_id && !found) throw bad("ref_id is unknown");
  if (found && said.ref_id && said.id) {
    if (found.client_id && found.client_id !== said.id) throw bad("ref_id is of somebody else");
    found.client_id = said.id;
  }
  if (!found) account.people.set((found = { id: randomUUID(), client_id: said.id ?? null, channel, name: said.name ?? "" }).id, found);
  const { phone, email } = said.profile ?? {};
  Object.assign(found, { ...(said.name ? { name: said.name } : {}), ...(phone ? { phone } : {}), ...(email ? { email } : {}), ...(said.profile_link ? { profile_link: said.profile_link } : {}) });
  if (said.avatar && said.avatar !== found.avatar) {
    found.avatar = said.avatar;
    account.world.wire.pull(found, said.avatar, undefined);
  }
  return found;
}

/** @param {Account} account @param {string} channel @param {Fields} said */
export function open(account, channel, { client_id = null, who, source = null, contact = null }) {
  const chat = {
    id: randomUUID(), client_id, channel, person: who.id, source: known(account, source), contact, link: contact ? account.world.next() : null, unsorted: null, declined: false,
    messages: /** @type {Fields[]} */ ([]), created_at: account.world.seconds(),
  };
  account.chats.set(chat.id, chat);
  return chat;
}

/** A source that is there: the one that is named, else the usual one, else none. @param {Account} account @param {string | null | undefined} source */
function known(account, source) {
  const sources = [...account.sources.values()];
  return (sources.find((one) => one.external_id === source) ?? sources.find((one) => one.default))?.external_id ?? null;
}

/** @param {Account} account @param {string} channel @param {{id?: string, client_id?: string}} by */
export function chatOf(account, channel, { id, client_id }) {
  const found = id ? account.chats.get(id) : [...account.chats.values()].find((chat) => chat.channel === channel && chat.client_id === client_id);
  return found?.channel === channel ? found : undefined;
}

/** A message by the id of amoCRM or by ours. @param {Account} account @param {string} channel @param {{id?: string, msgid?: string}} by @param {Fields} [chat] */
export function messageOf(account, channel, { id, msgid }, chat) {
  const chats = chat ? [chat] : [...account.chats.values()].filter((one) => one.channel === channel);
  for (const one of chats) {
    const message = one.messages.find((/** @type {Fields} */ message) => (id ? message.id === id : message.client_id === msgid));
    if (message) return { chat: one, message };
  }
  return undefined;
}

/** A message comes from us. @param {Account} account @param {Fields} channel @param {Fields} payload */
export function receive(account, channel, payload) {
  shape(payload);
  content(account, payload.message);
  const { msgid, conversation_id, conversation_ref_id, sender, receiver } = payload;
  const before = messageOf(account, channel.id, { msgid });
  if (before && account.world.settings.duplicate === "refused") throw bad("msgid is known");
  if (before) return ids(before.chat, before.message);
  const by = receiver && author(account, channel, sender);
  const named = chatOf(account, channel.id, { client_id: conversation_id });
  let chat = conversation_ref_id === undefined ? named : chatOf(account, channel.id, { id: conversation_ref_id });
  if (conversation_ref_id !== undefined) {
    if (!chat) throw bad("conversation_ref_id is unknown");
    if (named ? named !== chat : chat.client_id && chat.client_id !== conversation_id) throw bad("conversation_id is of another conversation");
  }
  const answered = reply(account, channel.id, chat, payload.reply_to);
  const who = person(account, channel.id, receiver ?? sender);
  chat ??= open(account, channel.id, { client_id: conversation_id, who, source: payload.source?.external_id });
  chat.client_id = conversation_id;
  // A chat that was once given a source keeps one: nothing brings it back to the usual.
  if (payload.source) chat.source = known(account, payload.source.external_id);
  const message = put(account, chat, {
    client_id: msgid, written: by ? "outside" : "client", sender: by ?? { id: who.id, name: who.name, client_id: who.client_id },
    receiver: by ? { id: who.id, name: who.name, client_id: who.client_id } : undefined, timestamp: payload.timestamp, msec_timestamp: payload.msec_timestamp, silent: payload.silent ?? false,
    reply_to: answered, forwards: payload.forwards, ...picked(payload.message),
  });
  if (message.media) account.world.wire.pull(message, message.media, message.file_size);
  if (!message.silent && !(chat.declined && account.world.settings.declined === "nothing")) happened(account, channel, chat, message);
  else if (by) wrote(account, channel, chat, message);
  if (by?.user && account.world.settings.echo_managers) account.world.wire.send(account, chat, "message", { message: hook(account, chat, message) });
  return ids(chat, message);
}

/** Who wrote it outside: a manager that is known, or the bot. @param {Account} account @param {Fields} channel @param {Fields} sender */
function author(account, channel, sender) {
  if (sender.ref_id === channel.bot.id) return { id: channel.bot.id, name: channel.bot.name, user: 0 };
  const user = account.users.find((one) => one.amojo_id && one.amojo_id === sender.ref_id);
  if (!user) throw bad("sender.ref_id is neither a user nor the bot");
  return { id: user.amojo_id, name: user.name, user: user.id };
}

/** @param {Account} account @param {string} channel @param {Fields | undefined} chat @param {Fields | undefined} reply_to */
function reply(account, channel, chat, reply_to) {
  const { id, msgid, type } = reply_to?.message ?? {};
  if (!reply_to) return undefined;
  const to = chat && (id || msgid) && messageOf(account, channel, { id, msgid }, chat);
  if (to) return { id: to.message.id, msgid: to.message.client_id };
  // Without an id of this chat only a whole copy will do.
  if (!type) throw bad("reply_to.message is unknown");
  return { copy: reply_to.message };
}

/** @param {Fields} message */
const picked = ({
  type, text = "", media = "", thumbnail = "", file_name = "", file_size = 0, media_duration, sticker_id, location, contact, callback_data, post, shared_post,
}) => ({ type, text, media, thumbnail, file_name, file_size, media_duration, sticker_id, location, contact, callback_data, post, shared_post });

/** @param {Fields} chat @param {Fields} message */
const ids = (chat, message) => ({ conversation_id: chat.id, sender_id: message.sender.id, ...(message.receiver ? { receiver_id: message.receiver.id } : {}), msgid: message.id, ref_id: message.client_id });

/** A message takes its place. @param {Account} account @param {Fields} chat @param {Fields} said */
export function put(account, chat, said) {
  const now = account.world.now();
  /** @type {Fields} */
  const message = { id: randomUUID(), client_id: null, timestamp: Math.floor(now / 1000), msec_timestamp: Math.floor(now), states: [], state: 0, reactions: [], edits: 0, ...said };
  chat.messages.push(message);
  return message;
}

/** What a message does in the CRM. @param {Account} account @param {Fields} channel @param {Fields} chat @param {Fields} message */
export function happened(account, channel, chat, message) {
  const contact = chat.contact && account.entities.contacts.get(chat.contact);
  const waits = chat.unsorted && account.unsorted.get(chat.unsorted);
  if (!contact) arrive(account, channel, chat, message, undefined);
  else if (!waits && account.world.settings.closed_makes_lead && !openDeal(account, contact.id)) arrive(account, channel, chat, message, contact);
  else if (waits) {
    waits.metadata.last_message_text = message.text;
    fire(account, "update_unsorted", "unsorted", "update", { uid: waits.uid, category: "chats", lead_id: waits.lead, pipeline_id: waits.pipeline_id });
  }
  const talk = talkOf(account, channel, chat, message.post?.id);
  message.talk = talk.talk_id;
  if (message.written !== "client") return void wrote(account, channel, chat, message);
  talk.is_read = false;
  const kind = talk.entity_id ? "leads" : "contacts";
  account.event("incoming_chat_message", { kind, id: talk.entity_id ?? chat.contact, after: [{ message: { id: message.id, talk_id: talk.talk_id, origin: channel.code } }], talk_contact: chat.contact });
  fire(account, "add_message", "message", "add", {
    id: message.id, chat_id: chat.id, talk_id: talk.talk_id, contact_id: chat.contact, text: message.text, created_at: message.timestamp, entity_type: "lead",
    entity_id: talk.entity_id, element_type: 2, element_id: talk.entity_id, type: "incoming",
    author: { id: message.sender.id, type: "external", name: message.sender.name }, origin: channel.code, ...(message.media ? { attachment: { type: message.type, link: message.media, file_name: message.file_name } } : {}),
  });
}

/** A manager wrote, here or outside: the list of events tells of it. @param {Account} account @param {Fields} channel @param {Fields} chat @param {Fields} message */
export function wrote(account, channel, chat, message) {
  if (!chat.contact) return;
  const talk = [...account.talks.values()].findLast((one) => one.chat_id === chat.id);
  message.talk ??= talk?.talk_id ?? null;
  account.event("outgoing_chat_message", {
    kind: talk?.entity_id ? "leads" : "contacts", id: talk?.entity_id ?? chat.contact, by: message.sender.user ?? 0,
    after: [{ message: { id: message.id, talk_id: message.talk, origin: channel.code } }], talk_contact: chat.contact,
  });
}

/**
 * Somebody nobody knows, or one without an open deal: a contact, and a lead in «Неразобранное» where the pipeline has that.
 * @param {Account} account
 * @param {Fields} channel
 * @param {Fields} chat
 * @param {Fields} message
 * @param {Fields | undefined} contact
 */
function arrive(account, channel, chat, message, contact) {
  const { world } = account;
  const who = /** @type {Fields} */ (account.people.get(chat.person));
  const source = [...account.sources.values()].find((one) => one.external_id === chat.source);
  const way = account.way(source?.pipeline_id ?? undefined);
  const waits = way.is_unsorted_on;
  const known = contact ?? (world.settings.duplicate_control ? same(account, who.phone, who.email) : undefined);
  const told = (/** @type {string} */ code, /** @type {unknown} */ value) => (value ? [{ field_code: code, values: [{ value, enum_code: "WORK" }] }] : []);
  const one = known ?? make(account, "contacts", { name: who.name, hidden: waits, responsible_user_id: waits ? 0 : undefined, custom_fields_values: [...told("PHONE", who.phone), ...told("EMAIL", who.email)] }, 0);
  const first = way.statuses.find((/** @type {Fields} */ status) => (waits ? status.type === 1 : status.type === 0));
  const lead = make(account, "leads", { status_id: first.id, pipeline_id: way.id, hidden: waits, responsible_user_id: waits ? 0 : undefined }, 0);
  link(account, "leads", lead.id, "contacts", one.id, true);
  Object.assign(chat, { contact: one.id, link: chat.contact === one.id ? chat.link : world.next() });
  if (!waits) return;
  const uid = randomUUID().replaceAll("-", "");
  const metadata = {
    from: who.name, to: source?.name ?? channel.code, received_at: world.seconds(), service: channel.code, client: { name: who.name, avatar: who.avatar ?? null },
    origin: { chat_id: chat.id, ref: null, visitor_uid: null }, last_message_text: message.text,
    source_name: source?.name ?? channel.code,
  };
  account.unsorted.set(uid, {
    uid, source_uid: channel.code, source_name: source?.name ?? channel.code, category: "chats", pipeline_id: way.id, created_at: world.seconds(), account_id: account.id, metadata, lead: lead.id,
    contact: one.id, chat: chat.id,
  });
  chat.unsorted = uid;
  fire(account, "add_unsorted", "unsorted", "add", { uid, category: "chats", lead_id: lead.id, pipeline_id: way.id, source: channel.code, created_at: world.seconds(), data: { contacts: [{ id: one.id }] } });
}

/** The open talk of a chat, of a post each its own. @param {Account} account @param {Fields} channel @param {Fields} chat @param {string} [post] */
function talkOf(account, channel, chat, post) {
  const { world } = account;
  const deal = openDeal(account, chat.contact);
  const known = [...account.talks.values()].find((talk) => talk.chat_id === chat.id && talk.is_in_work && talk.post === post);
  const talk = known ?? {
    talk_id: world.next(), created_at: world.seconds(), updated_at: 0, rate: 0, contact_id: chat.contact, chat_id: chat.id, entity_id: null, entity_type: null, is_in_work: true, is_read: true,
    origin: channel.code, missed_at: null, account_id: account.id, post,
  };
  Object.assign(talk, { updated_at: world.seconds(), contact_id: chat.contact, ...(talk.entity_id === null && deal ? { entity_id: deal.id, entity_type: "lead" } : {}) });
  account.talks.set(talk.talk_id, talk);
  fire(account, known ? "update_talk" : "add_talk", "talk", known ? "update" : "add", talk);
  return talk;
}

/** An incoming lead is taken, and is as any other. @param {Account} account @param {Fields} waits @param {{user: number, status?: number, by?: number}} how */
export function accept(account, waits, { user, status, by = user }) {
  const lead = /** @type {Fields} */ (account.entities.leads.get(waits.lead));
  const contact = /** @type {Fields | undefined} */ (account.entities.contacts.get(waits.contact));
  const way = account.pipelines.find((one) => one.statuses.some((/** @type {Fields} */ one) => one.id === status && one.type === 0)) ?? account.way(waits.pipeline_id);
  Object.assign(lead, {
    hidden: false, pipeline_id: way.id, status_id: status ?? way.statuses.find((/** @type {Fields} */ one) => one.type === 0).id, responsible_user_id: user, updated_at: account.world.seconds(),
    updated_by: by,
  });
  lead.history.push(lead.status_id);
  announce(account, "leads", lead, by);
  if (contact?.hidden) {
    Object.assign(contact, { hidden: false, responsible_user_id: user });
    announce(account, "contacts", contact, by);
  }
  over(account, waits, "accept", { leads: [lead.id] });
  return lead;
}

/** An incoming lead becomes part of another lead: its contact is as any other. @param {Account} account @param {Fields} waits @param {number} into */
export function adopt(account, waits, into) {
  const contact = account.entities.contacts.get(waits.contact);
  const lead = account.entities.leads.get(waits.lead);
  if (lead) lead.hidden = false;
  if (contact?.hidden) {
    contact.hidden = false;
    announce(account, "contacts", contact, 0);
  }
  over(account, waits, "accept", { leads: [into] });
}

/** An incoming lead is refused: it is gone, and so is the contact that was there only for it. @param {Account} account @param {Fields} waits */
export function decline(account, waits) {
  const chat = account.chats.get(waits.chat);
  if (chat) chat.declined = true;
  account.entities.leads.delete(waits.lead);
  const contact = account.entities.contacts.get(waits.contact);
  if (contact?.hidden) account.entities.contacts.delete(contact.id);
  account.links = account.links.filter((one) => one.aid !== waits.lead);
  if (chat && contact?.hidden) Object.assign(chat, { contact: null, link: null });
  over(account, waits, "decline", {});
}

/** Accepting, refusing and linking all end it; webhooks call each of them a deletion. @param {Account} account @param {Fields} waits @param {string} action @param {Fields} result */
export function over(account, waits, action, result) {
  account.unsorted.delete(waits.uid);
  for (const chat of account.chats.values()) if (chat.unsorted === waits.uid) chat.unsorted = null;
  fire(account, "delete_unsorted", "unsorted", "delete", { uid: waits.uid, category: waits.category, action, lead_id: waits.lead, accept_result: result });
}

/** The message of a hook. @param {Account} account @param {Fields} chat @param {Fields} message */
export function hook(account, chat, message) {
  const who = /** @type {Fields} */ (account.people.get(chat.person));
  const ours = (/** @type {string | null | undefined} */ id) => (id ? { client_id: id } : {});
  const { id, type, text, media, thumbnail, file_name, file_size, media_group_id, template, reply_to, markup, post } = message;
  return {
    receiver: { id: who.id, name: who.name, ...(who.phone ? { phone: who.phone } : {}), ...(who.email ? { email: who.email } : {}), ...ours(who.client_id) },
    sender: { id: message.sender.id, name: message.sender.name },
    conversation: { id: chat.id, ...ours(chat.client_id) },
    ...(chat.source ? { source: { external_id: chat.source } } : {}),
    timestamp: message.timestamp, msec_timestamp: message.msec_timestamp,
    message: {
      id, type, text, markup: markup ?? null, tag: "", media, thumbnail, file_name, file_size, ...(media_group_id ? { media_group_id } : {}), ...(template ? { template } : {}), ...(post ? { post } : {}),
      ...(reply_to?.id ? { reply_to: { message: { id: reply_to.id, ...(reply_to.msgid ? { msgid: reply_to.msgid } : {}) } } } : {}),
    },
  };
}
