// @ts-check
/** What people do: writing, changing, pressing, blocking. Each makes the update the Bot API would tell. */
import { shownConnection } from "./api.mjs";
import { clean, MEDIA, wire, World } from "./world.mjs";

/** @typedef {import("./world.mjs").Chat} Chat */
/** @typedef {import("./api.mjs").Bot} Bot */
/** @typedef {Record<string, any>} Given */

/** Whom the server itself writes as. */
const SERVICE = { id: 777000, is_bot: false, first_name: "Telegram" };

/** @param {World} world @param {Bot} bot @returns {Record<string, (given: Given) => any>} */
export function people(world, bot) {
  /** @param {Given | number} given */
  function user(given) {
    const one = typeof given === "object" ? given : { id: Number(given) };
    const known = world.users.get(one.id);
    const { photo, ...rest } = one;
    const made = /** @type {any} */ (known ?? { is_bot: false, first_name: `Person ${one.id}` });
    Object.assign(made, rest);
    if (photo !== undefined) made.photo = photo && world.media("photo", file(photo));
    world.users.set(made.id, made);
    return made;
  }

  /** A person as a message shows them. @param {any} one */
  const shown = ({ id, is_bot, first_name, last_name, username, language_code }) => clean({ id, is_bot, first_name, last_name, username, language_code });

  /** @param {Given} given */
  const file = ({ base64, size, name, type }) => clean({ bytes: base64 === undefined ? undefined : Buffer.from(base64, "base64"), size, name, type });

  /** @param {Chat} chat @param {Given} given */
  function body(chat, given) {
    /** @type {Given} */
    const out = {};
    for (const kind of MEDIA) if (given[kind]) out[kind] = world.media(kind, file(given[kind]), given[kind]);
    if (out.animation) out.document = { file_id: out.animation.file_id, file_unique_id: out.animation.file_unique_id, file_name: out.animation.file_name, mime_type: "video/mp4" };
    if (given.venue) out.location = given.venue.location;
    const same = ["text", "caption", "entities", "caption_entities", "contact", "location", "venue", "poll", "dice", "story", "invoice", "checklist", "gift", "game", "rich_message",
      "paid_media", "forward_origin", "quote", "external_reply", "reply_to_story", "media_group_id", "reply_markup", "is_from_offline", "new_chat_title", "pinned_message",
      "new_chat_members", "message_thread_id", "is_topic_message", "sender_chat", "author_signature", "sender_business_bot"];
    for (const name of same) if (given[name] !== undefined) out[name] = given[name];
    const original = given.reply_to === undefined ? undefined : chat.messages.get(Number(given.reply_to));
    if (original) {
      out.reply_to_message = wire(original, true);
      const thread = original.message_thread_id ?? (original.is_automatic_forward ? original.message_id : undefined);
      if (thread !== undefined) out.message_thread_id = thread;
      if (original.is_topic_message) out.is_topic_message = true;
    }
    return out;
  }

  /** @param {Chat} chat @param {import("./world.mjs").Message} message @param {string} kind */
  function tell(chat, message, kind) {
    const told = chat.connection ? kind.replace("message", "business_message") : kind;
    const update_id = bot.queue.add(told, wire(message), `${chat.connection}:${chat.info.id}`);
    return { update_id, message: wire(message) };
  }

  /** The chat somebody writes in: a group, the chat with the bot, or one of a business account. @param {Given} given @param {any} from */
  function where(given, from) {
    if (given.connection) {
      const connection = need(world.connections.get(given.connection), `no connection ${given.connection}`);
      const other = given.chat && given.chat !== connection.user.id ? user(Number(given.chat)) : from;
      return world.privately(other, connection.id);
    }
    if (given.chat) return need(world.chat(Number(given.chat)), `no chat ${given.chat}`);
    const chat = world.privately(from);
    chat.started = true;
    chat.blocked = false;
    return chat;
  }

  /** @param {Given} given */
  function write(given) {
    const from = user(given.from);
    const chat = where(given, from);
    if (from.id === chat.info.id) chat.lastIn = world.now();
    const message = world.put(chat, { from: shown(from), ...body(chat, given), ...(given.date ? { date: given.date } : {}) });
    return tell(chat, message, "message");
  }

  /** @param {Given} given */
  const find = (given) => {
    const chat = need(world.chat(Number(given.chat ?? given.from?.id ?? given.from), given.connection ?? ""), "no such chat");
    return { chat, message: need(chat.messages.get(Number(given.message_id)), "no such message") };
  };

  /** The bot's standing in a chat changed. @param {Chat} chat @param {string} before @param {string} after @param {any} by */
  function standing(chat, before, after, by) {
    const of = (/** @type {string} */ status) => ({ status, user: shown(bot.me), ...(status === "kicked" ? { until_date: 0 } : {}) });
    const update = { chat: chat.info, from: shown(by), date: world.now(), old_chat_member: of(before), new_chat_member: of(after) };
    return { update_id: bot.queue.add("my_chat_member", update, `:${chat.info.id}`) };
  }

  let nextGroup = 1;
  /** @param {string} type @param {Given} given */
  function group(type, given) {
    const number = nextGroup;
    nextGroup += 1;
    const id = given.id ?? (type === "group" ? -(500 + number) : -1001000000000 - number);
    const chat = world.open({ id, type, title: given.title ?? "Группа", ...clean({ username: given.username, is_forum: given.is_forum }) });
    chat.started = true;
    return chat;
  }

  return {
    people: (given) => shown(user(given)),
    write,
    start: ({ from, payload = "" }) => write({ from, text: payload ? `/start ${payload}` : "/start", entities: [{ type: "bot_command", offset: 0, length: 6 }] }),
    album: ({ items, ...rest }) => {
      const media_group_id = world.name("9");
      return items.map((/** @type {Given} */ item) => write({ ...rest, ...item, media_group_id }));
    },
    edit: (given) => {
      const { chat, message } = find(given);
      for (const name of ["text", "caption", "entities"]) if (given[name] !== undefined) message[name] = given[name];
      message.edit_date = world.now();
      return tell(chat, message, chat.info.type === "channel" ? "edited_channel_post" : "edited_message");
    },
    react: (given) => {
      const { chat, message } = find(given);
      const reactions = (message._reactions ??= {});
      const by = user(given.by ?? given.from);
      const list = (/** @type {string | null | undefined} */ emoji) => (emoji ? [{ type: "emoji", emoji }] : []);
      const before = reactions[by.id];
      reactions[by.id] = given.emoji;
      const update = { chat: chat.info, message_id: message.message_id, user: shown(by), date: world.now(), old_reaction: list(before), new_reaction: list(given.emoji) };
      return { update_id: bot.queue.add("message_reaction", update, `:${chat.info.id}`) };
    },
    press: (given) => {
      const { chat, message } = find(given);
      const id = world.name("7");
      bot.queries.set(id, { id, answered: false });
      const update = { id, from: shown(user(given.by ?? given.from)), message: given.old ? { chat: chat.info, message_id: message.message_id, date: 0 } : wire(message), chat_instance: "9", data: given.data };
      return { update_id: bot.queue.add("callback_query", update, `:${chat.info.id}`), id };
    },
    block: ({ from }) => {
      const person = user(from);
      const chat = world.privately(person);
      chat.blocked = true;
      return standing(chat, "member", "kicked", person);
    },
    unblock: ({ from }) => {
      const person = user(from);
      const chat = world.privately(person);
      chat.blocked = false;
      return standing(chat, "kicked", "member", person);
    },
    group: (given) => {
      const chat = group(given.type ?? "supergroup", given);
      return { ...standing(chat, "left", "member", user(given.by ?? 1)), id: chat.info.id };
    },
    channel: (given) => {
      const [channel, discussion] = [group("channel", given), group("supergroup", { title: given.discussion ?? "Обсуждение" })];
      [channel.linked, discussion.linked] = [discussion.info.id, channel.info.id];
      return { id: channel.info.id, discussion: discussion.info.id };
    },
    post: (given) => {
      const channel = need(world.chat(given.channel), "no channel");
      const post = world.put(channel, { sender_chat: channel.info, ...body(channel, given) });
      const told = tell(channel, post, "channel_post");
      const group = need(world.chat(channel.linked), "no discussion");
      const forward_origin = { type: "channel", date: post.date, chat: channel.info, message_id: post.message_id };
      const copy = world.put(group, { from: SERVICE, sender_chat: channel.info, is_automatic_forward: true, forward_origin, ...body(channel, given) });
      return { ...told, copy: tell(group, copy, "message").message.message_id };
    },
    migrate: ({ chat: id }) => {
      const old = need(world.chat(id), "no chat");
      const fresh = group("supergroup", { title: old.info.title });
      old.moved = fresh.info.id;
      const by = user(1);
      tell(old, world.put(old, { from: shown(by), migrate_to_chat_id: fresh.info.id }), "message");
      tell(fresh, world.put(fresh, { from: shown(by), migrate_from_chat_id: old.info.id }), "message");
      return { id: fresh.info.id };
    },
    leave: ({ chat: id }) => {
      const chat = need(world.chat(id), "no chat");
      chat.gone = `bot was kicked from the ${chat.info.type} chat`;
      return standing(chat, "member", "kicked", user(1));
    },
    "connect-business": (given) => {
      const owner = user(given.from);
      const rights = given.rights ?? { can_reply: true, can_read_messages: true };
      const connection = { id: given.id ?? world.name("bc"), user: shown(owner), is_enabled: true, rights, date: world.now() };
      world.connections.set(connection.id, /** @type {any} */ (connection));
      return { id: connection.id, update_id: bot.queue.add("business_connection", shownConnection(/** @type {any} */ (connection)), connection.id) };
    },
    "disconnect-business": ({ id }) => {
      const connection = need(world.connections.get(id), "no connection");
      connection.is_enabled = false;
      return { update_id: bot.queue.add("business_connection", shownConnection(connection), id) };
    },
    delete: ({ connection, chat: id, message_ids }) => {
      const chat = need(world.chat(id, connection), "no chat");
      for (const number of message_ids) Object.assign(need(chat.messages.get(number), "no message"), { _deleted: true });
      return { update_id: bot.queue.add("deleted_business_messages", { business_connection_id: connection, chat: chat.info, message_ids }, `${connection}:${id}`) };
    },
    raw: ({ kind, body: whole, chat }) => ({ update_id: bot.queue.add(kind, whole, chat ?? "raw") }),
  };
}

/** @template T @param {T | undefined} thing @param {string} words @returns {T} */
function need(thing, words) {
  if (thing === undefined) throw new Error(words);
  return thing;
}
