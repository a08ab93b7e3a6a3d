// MOCK, for development and tests of the front end only: the data of a server that forgets everything when it ends.
import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const base32 = (value, digits) => Array.from({ length: digits }, (_, at) => ALPHABET[Number((BigInt(value) >> BigInt(5 * (digits - 1 - at))) & 31n)]).join("");
let lastId = 0n;
export const newId = () => {
  const id = (BigInt(Date.now() - 1_577_836_800_000) << 22n) | BigInt(randomBytes(3).readUIntBE(0, 3) & 0x3fffff);
  lastId = id > lastId ? id : lastId + 1n;
  return base32(lastId, 13);
};
export const messageId = (conversation, number) => conversation + base32(number, 7);
export const stamp = (ms = Date.now()) => new Date(ms).toISOString();

export const CAN = { send: true, text_limit: 4000, text_unit: "characters", files: 10, file_bytes: 20_000_000, reply: true, edit: false, delete: false, react: false };
const LOOK = { title: "Мебель Север", greeting: "Здравствуйте! Подскажем по наличию, доставке и сборке.", accent: "#0f766e", side: "right", max_file_bytes: 20_000_000, max_files: 10 };

export function createState() {
  const state = {
    epoch: randomBytes(3).toString("hex"),
    users: new Map(),
    sessions: new Map(),
    tokens: new Map(),
    channels: new Map(),
    conversations: new Map(),
    messages: new Map(),
    files: new Map(),
    visitors: new Map(),
    audit: [],
    quarantine: [],
    feed: [],
    watchers: new Set(),
  };
  state.note = (actor, action, target, details = {}) => state.audit.unshift({ id: newId(), at: stamp(), actor: { id: actor.id, name: actor.name }, action, target, details });
  state.sees = (user, channel) => user.channels === null || user.channels.includes(channel);

  state.addUser = (name, email, password, role, channels = null) => {
    const user = { id: newId(), name, email, role, channels, created_at: stamp(), password, locale: "ru" };
    state.users.set(user.id, user);
    return user;
  };
  state.addChannel = (name, origins, look = {}) => {
    const channel = {
      id: newId(), name, kind: "site_widget", active: true, health: { status: "connected", since: stamp() }, created_at: stamp(),
      widget: { key: randomBytes(8).toString("hex"), origins, verified_identity: false, appearance: { ...LOOK, title: name, greeting: "", ...look } },
    };
    state.channels.set(channel.id, channel);
    return channel;
  };
  state.addConversation = (channel, title, more = {}) => {
    const one = {
      id: newId(), channel: channel.id, channel_kind: channel.kind, channel_name: channel.name, identity: newId(), title, status: "open", assignee: null,
      preview: null, unread: 0, marked_unread: false, tags: [], blocked: false, active_at: stamp(), created_at: stamp(), can: { ...CAN }, version: 1, ...more,
    };
    state.conversations.set(one.id, one);
    state.messages.set(one.id, []);
    return one;
  };

  const put = (event, channel, conversation) => {
    const entry = { cursor: `${state.epoch}.${state.feed.length + 1}`, event, channel, conversation };
    state.feed.push(entry);
    state.watchers.forEach((watch) => watch(entry));
  };
  state.touch = (one) => {
    one.version += 1;
    put({ kind: "conversation.updated", conversation: { ...one, can: { ...one.can } } }, one.channel, null);
  };
  state.announceChannel = (id) => put({ kind: "channel.updated", channel: id }, id, null);

  state.addMessage = (one, direction, author, { text = "", attachments = [], reply_to = null, client_id = null, at = Date.now(), status = "sent", reason } = {}, quiet = false) => {
    const list = state.messages.get(one.id);
    const message = {
      id: messageId(one.id, list.length + 1), conversation: one.id, direction, author, text, attachments: attachments.map((id) => state.files.get(id)?.view).filter(Boolean), reply_to, client_id,
      written_at: stamp(at), imported_at: stamp(at), state: { status, at: stamp(at), ...(reason && { reason }) }, crm: [],
    };
    list.push(message);
    const kind = message.attachments[0] && (message.attachments[0].media_type.startsWith("image/") ? "image" : "file");
    one.preview = { direction, author: author.name, text: text.slice(0, 120), ...(kind && { attachment: kind }) };
    one.active_at = stamp(at);
    if (direction === "inbound") {
      one.unread += 1;
      one.status = "open";
      one.unanswered_since ??= stamp(at);
    } else if (direction === "outbound") delete one.unanswered_since;
    if (!quiet) {
      put({ kind: "message.added", conversation: one.id, message: structuredClone(message) }, one.channel, one.id);
      state.touch(one);
    }
    return message;
  };
  state.setStatus = (message, status) => {
    const one = state.conversations.get(message.conversation);
    message.state = { status, at: stamp() };
    put({ kind: "message.updated", conversation: one.id, message: structuredClone(message) }, one.channel, one.id);
  };
  return state;
}
