// @ts-check
/** The chats' own API (`amojo.…/v2/origin/custom/…`): every request signed, every type strict. */
import { bad, chatOf, content, field, messageOf, open, person, receive } from "./chats.mjs";
import { origin, Refused } from "./refused.mjs";
import { signed } from "./sign.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("../common.mjs").Asked} Asked */

const OLD_MS = 15 * 60_000;
const PAGE = 50;
const ERRORS = [901, 902, 903, 904, 905];
const UUID = "[0-9a-fA-F-]{36}";

/** Method, the rest of the path behind the scope or the channel, and the name for faults and the ledger. @type {[string, RegExp, string][]} */
const CALLS = [
  ["POST", /^\/connect$/, "amojo.connect"],
  ["DELETE", /^\/disconnect$/, "amojo.disconnect"],
  ["POST", /^\/chats$/, "amojo.chat"],
  ["POST", /^$/, "amojo.message"],
  ["POST", /^\/typing$/, "amojo.typing"],
  ["POST", /^\/react$/, "amojo.react"],
  ["GET", /^\/chats\/([^/]+)\/history$/, "amojo.history"],
  ["POST", /^\/([^/]+)\/delivery_status$/, "amojo.status"],
];

/** @param {string} method @param {string} path @param {string} said  the body: an edit has a name of its own */
export function called(method, path, said) {
  const [, place = "", rest = ""] = new RegExp(`^/v2/origin/custom/(${UUID}(?:_${UUID})?)(.*)$`).exec(path) ?? [];
  const found = place ? CALLS.find(([verb, pattern]) => verb === method && pattern.test(rest)) : undefined;
  if (!found) return undefined;
  const name = found[2] === "amojo.message" && /"event_type"\s*:\s*"edit_message"/.test(said) ? "amojo.edit" : found[2];
  return { name, place, parts: found[1].exec(rest)?.slice(1).map(decodeURIComponent) ?? [] };
}

/** @param {import("./world.mjs").World} world @param {string} host @param {string} path @param {Asked} asked */
export async function chats(world, host, path, asked) {
  const call = called(asked.method, path, "");
  if (!call) return { status: 404, body: "" };
  const [id = "", amojo_id] = call.place.split("_");
  const channel = world.channels.get(id);
  if (!channel) throw origin(404, "ORIGIN_NOT_REGISTERED", "origin is not registered");
  const now = world.settings.signature_clock === "real" ? Date.now() : world.now();
  if (!signed(asked, path, channel.secret, { now, old: OLD_MS, ahead: world.settings.date_ahead_ms })) throw origin(403, "ORIGIN_INVALID_SIGNATURE", "invalid signature");
  /** @type {Fields} */
  let said = {};
  try {
    if (asked.method !== "GET") said = JSON.parse(asked.body.toString("utf8"));
  } catch {
    throw bad("body is not JSON");
  }
  if (typeof said !== "object" || said === null || Array.isArray(said)) throw bad("body is not an object");
  if (call.name === "amojo.connect") return json(connect(world, host, channel, said));
  if (call.name === "amojo.disconnect") {
    const account = accountOf(world, host, field(said, "account_id", "string", true));
    account?.scopes.delete(channel.id);
    return json("");
  }
  const account = accountOf(world, host, amojo_id);
  if (!account?.scopes.has(channel.id)) throw origin(404, "ORIGIN_NOT_REGISTERED", "origin is not registered");
  world.limits.chat(call.place);
  const [part = ""] = call.parts;
  switch (call.name) {
    case "amojo.chat":
      return json(create(account, channel, said));
    case "amojo.message": {
      const type = field(said, "event_type", "string", true);
      const payload = field(said, "payload", "object", true);
      if (type === "new_message") return json({ new_message: receive(account, channel, payload) });
      if (type === "edit_message") return json({ edit_message: edit(account, channel, payload) });
      throw bad(`event_type ${type}`);
    }
    case "amojo.typing":
      field(said, "duration_ms", "number");
      field(field(said, "sender", "object", true), "id", "string", true);
      if (!chatOf(account, channel.id, { client_id: field(said, "conversation_id", "string", true) })) throw new Refused(404, "");
      return { status: 204, body: "" };
    case "amojo.react":
      return json(react(account, channel, said));
    case "amojo.history":
      return history(account, channel, part, asked.query);
    default:
      return json(state(account, channel, part, said));
  }
}

/** @param {unknown} body */
const json = (body) => ({ status: 200, body: /** @type {any} */ (body), headers: { "content-type": "application/json" } });

/** An account of this host: the Russian ones and the others have hosts of their own. @param {import("./world.mjs").World} world @param {string} host @param {string | undefined} amojo_id */
const accountOf = (world, host, amojo_id) => world.accounts.find((one) => one.amojo_id === amojo_id && (one.amojo === host || (one.platform === 2 && host !== "amojo.amocrm.ru")));

/** @param {import("./world.mjs").World} world @param {string} host @param {Fields} channel @param {Fields} said */
function connect(world, host, channel, said) {
  const amojo_id = field(said, "account_id", "string", true);
  field(said, "title", "string");
  field(said, "is_time_window_disabled", "boolean");
  // Whoever does not ask for the second version gets the first.
  const version = field(said, "hook_api_version", "string") ?? "v1";
  if (!["v1", "v2"].includes(version)) throw bad("hook_api_version");
  const account = accountOf(world, host, amojo_id);
  // A channel that is not public is only for those it was made for; which error that is, is not known.
  if (!account || (channel.accounts && !channel.accounts.includes(account.subdomain))) throw origin(403, "ACCOUNT_NOT_ALLOWED", "account is not allowed");
  const id = `${channel.id}_${amojo_id}`;
  account.scopes.set(channel.id, { id, version, title: said.title ?? "", slow: false });
  return { account_id: amojo_id, title: said.title ?? "", hook_api_version: version, is_time_window_disabled: said.is_time_window_disabled ?? false, scope_id: id };
}

/** @param {import("./account.mjs").Account} account @param {Fields} channel @param {Fields} said */
function create(account, channel, said) {
  const client_id = field(said, "conversation_id", "string", true);
  const user = field(said, "user", "object", true);
  for (const key of ["id", "ref_id", "name", "avatar", "profile_link"]) field(user, key, "string");
  for (const key of ["phone", "email"]) field(field(user, "profile", "object"), key, "string");
  if (!user.id && !user.ref_id) throw bad("user.id is required");
  const source = field(said, "source", "object");
  if (source) field(source, "external_id", "string", true);
  const who = person(account, channel.id, user);
  const chat = chatOf(account, channel.id, { client_id }) ?? open(account, channel.id, { client_id, who, source: source?.external_id });
  const { id, name, avatar, phone, email } = who;
  return { id: chat.id, user: { id, ...(who.client_id ? { client_id: who.client_id } : {}), name, ...(avatar ? { avatar } : {}), ...(phone ? { phone } : {}), ...(email ? { email } : {}) } };
}

/** @param {import("./account.mjs").Account} account @param {Fields} channel @param {Fields} payload */
function edit(account, channel, payload) {
  const [id, msgid] = [field(payload, "id", "string"), field(payload, "msgid", "string")];
  const client_id = field(payload, "conversation_id", "string", true);
  if (!id && !msgid) throw bad("msgid or id is required");
  for (const key of ["timestamp", "msec_timestamp"]) field(payload, key, "number");
  const chat = chatOf(account, channel.id, { client_id });
  const found = chat && messageOf(account, channel.id, id ? { id } : { msgid }, chat);
  if (!found) throw new Refused(404, "");
  const { message } = found;
  const said = content(account, field(payload, "message", "object", true));
  if (id && msgid) {
    const other = messageOf(account, channel.id, { msgid });
    if (other && other.message !== message) throw bad("msgid is of another message");
    message.client_id = msgid;
  }
  for (const key of [
    "type", "text", "media", "file_name", "file_size", "media_duration", "location", "contact",
  ]) if (said[key] !== undefined && said[key] !== message[key]) Object.assign(message, { [key]: said[key], edits: message.edits + 1 });
  if (said.delivery_status) tell(account, message, { delivery_status: field(said.delivery_status, "status_code", "number", true), error_code: said.delivery_status.error_code, error: said.delivery_status.error }, "edit");
  return { conversation_id: found.chat.id, msgid: message.id, ref_id: message.client_id };
}

/** @param {import("./account.mjs").Account} account @param {Fields} channel @param {Fields} said */
function react(account, channel, said) {
  const type = field(said, "type", "string", true);
  if (!["react", "unreact"].includes(type)) throw bad(`type ${type}`);
  if (type === "react") field(said, "emoji", "string", true);
  const user = field(said, "user", "object", true);
  for (const key of ["id", "ref_id"]) field(user, key, "string");
  if (!user.id && !user.ref_id) throw bad("user.id is required");
  const chat = chatOf(account, channel.id, { id: field(said, "conversation_ref_id", "string"), client_id: field(said, "conversation_id", "string") });
  const found = chat && messageOf(account, channel.id, { id: field(said, "id", "string"), msgid: field(said, "msgid", "string") }, chat);
  if (!found) throw new Refused(404, "");
  const by = user.ref_id ?? user.id;
  found.message.reactions = found.message.reactions.filter((/** @type {Fields} */ one) => one.by !== by);
  if (type === "react") found.message.reactions.push({ by, emoji: said.emoji });
  return "";
}

/** @param {import("./account.mjs").Account} account @param {Fields} channel @param {string} id @param {URLSearchParams} query */
function history(account, channel, id, query) {
  const [offset, limit] = [Number(query.get("offset") ?? 0), Number(query.get("limit") ?? PAGE)];
  if (!(Number.isInteger(offset) && offset >= 0 && Number.isInteger(limit) && limit > 0 && limit <= PAGE)) throw bad("offset or limit");
  const all = chatOf(account, channel.id, { id })?.messages ?? [];
  const messages = [...all].reverse().slice(offset, offset + limit).map((message) => {
    const { media_group_id, location, contact } = message;
    account.world.fileAt(message.media, true);
    const someone = (/** @type {Fields} */ one) => ({ id: one.id, name: one.name, ...(one.client_id ? { client_id: one.client_id } : {}) });
    return {
      timestamp: message.timestamp, msec_timestamp: message.msec_timestamp, sender: someone(message.sender), ...(message.receiver ? { receiver: someone(message.receiver) } : {}),
      message: {
        id: message.id, ...(message.client_id ? { client_id: message.client_id } : {}), type: message.type, text: message.text, media: message.media, thumbnail: message.thumbnail, file_name: message.file_name, file_size: message.file_size,
        ...(media_group_id ? { media_group_id } : {}), ...(location ? { location } : {}), ...(contact ? { contact } : {}),
      },
    };
  });
  return messages.length ? json({ messages }) : { status: 204, body: "" };
}

/** @param {import("./account.mjs").Account} account @param {Fields} channel @param {string} id @param {Fields} said */
function state(account, channel, id, said) {
  const found = messageOf(account, channel.id, { id });
  const { status_of_imported, status_field } = account.world.settings;
  if (!found || (found.message.written !== "here" && !status_of_imported)) throw new Refused(404, "");
  if (field(said, "msgid", "string", true) !== id) throw bad("msgid is not the one of the path");
  if (status_field !== "both") field(said, status_field, "number", true);
  const [one, other] = [field(said, "delivery_status", "number"), field(said, "status_code", "number")];
  if (one !== undefined && other !== undefined && one !== other) throw bad("delivery_status and status_code differ");
  tell(account, found.message, { delivery_status: one ?? other, error_code: said.error_code, error: said.error }, one === undefined ? "status_code" : other === undefined ? "delivery_status" : "both");
  return "";
}

/** @param {import("./account.mjs").Account} account @param {Fields} message @param {Fields} said @param {string} spelled */
function tell(account, message, { delivery_status: code, error_code, error }, spelled) {
  if (![1, 2, -1].includes(code)) throw bad("delivery_status is required");
  if (code !== -1 && (error_code !== undefined || error !== undefined)) throw bad("error_code is for errors only");
  if (code === -1 && !ERRORS.includes(error_code)) throw bad("error_code is required");
  if (error !== undefined && typeof error !== "string") throw bad("error must be a string");
  if (error_code === 905 && !error) throw bad("error is required");
  message.states.push({ code, spelled, ...(code === -1 ? { error_code, error: error ?? "" } : {}) });
  if (account.world.settings.downgrade === "applied" || code === -1 || code > message.state) message.state = code;
}
