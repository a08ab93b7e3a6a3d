// @ts-check
/** The methods of the Bot API, as far as a gateway calls them. */
import { count } from "./limits.mjs";
import { list } from "./updates.mjs";
import { clean, Refused, sides, wire, World } from "./world.mjs";

/** @typedef {import("./world.mjs").Chat} Chat */
/** @typedef {Record<string, any>} Given */
/** @typedef {{token: string, revoked: boolean, me: Given, queue: import("./updates.mjs").Queue, sends: {left: number, at: number}, queries: Map<string, Given>, loggedOut: boolean}} Bot */

const TEXT = 4096;
const CAPTION = 1024;
const MIB = 1024 * 1024;
const DAY = 24 * 3600;

/** @param {Bot} bot @param {World} world @returns {Record<string, (given: Given) => any>} */
export function methods(bot, world) {
  const ours = () => clean({ id: bot.me.id, is_bot: true, first_name: bot.me.first_name, username: bot.me.username });

  /** The chat something is sent into, if it may be. @param {Given} given */
  function target(given) {
    const connection = String(given.business_connection_id ?? "");
    const id = Number(given.chat_id);
    if (!given.chat_id || Number.isNaN(id)) throw new Refused(400, "Bad Request: chat_id is empty");
    if (connection) {
      const found = world.connections.get(connection);
      if (!found?.is_enabled) throw new Refused(400, "Bad Request: BUSINESS_CONNECTION_INVALID");
      const chat = world.chat(id, connection);
      if (!chat) throw new Refused(400, "Bad Request: BUSINESS_PEER_INVALID");
      if (!found.rights.can_reply || world.now() - chat.lastIn > DAY) throw new Refused(400, "Bad Request: BUSINESS_PEER_USAGE_MISSING");
      return chat;
    }
    const user = world.users.get(id);
    const chat = world.chat(id);
    if (user?.deactivated) throw new Refused(403, "Forbidden: user is deactivated");
    if (user && !chat?.started) throw new Refused(403, "Forbidden: bot can't initiate conversation with a user");
    if (!chat) throw new Refused(400, "Bad Request: chat not found");
    if (chat.moved) throw new Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: chat.moved });
    if (chat.blocked) throw new Refused(403, "Forbidden: bot was blocked by the user");
    if (chat.gone) throw new Refused(403, `Forbidden: ${chat.gone}`);
    if (chat.quiet) throw new Refused(400, "Bad Request: not enough rights to send text messages to the chat");
    return chat;
  }

  /** The message that is answered. @param {Chat} chat @param {Given} given */
  function answered(chat, given) {
    const reply = json(given.reply_parameters);
    if (!reply?.message_id) return {};
    const original = chat.messages.get(Number(reply.message_id));
    if (!original || original._deleted) {
      if (reply.allow_sending_without_reply || chat.connection) return {};
      throw new Refused(400, "Bad Request: message to be replied not found");
    }
    const thread = original.message_thread_id ?? (original.is_automatic_forward ? original.message_id : undefined);
    return clean({ reply_to_message: wire(original, true), message_thread_id: thread, is_topic_message: original.is_topic_message });
  }

  /** @param {Given} given @param {string} [name] @param {number} [most] */
  function words(given, name = "text", most = TEXT) {
    const text = String(given[name] ?? "");
    const plain = given.parse_mode ? marked(text, String(given.parse_mode)) : text;
    if (name === "text" && !plain.trim()) throw new Refused(400, "Bad Request: message text is empty");
    if (plain.length > most) throw new Refused(400, name === "text" ? "Bad Request: message is too long" : "Bad Request: message caption is too long");
    return plain;
  }

  /** @param {Given} given @param {(chat: Chat) => Given} make */
  function send(given, make) {
    const chat = target(given);
    const body = make(chat);
    const reply = answered(chat, given);
    count(world, chat, bot.sends, 1);
    return wire(world.put(chat, { ...author(chat), ...reply, ...body }));
  }

  /** Who shows as the writer. @param {Chat} chat */
  function author(chat) {
    const connection = chat.connection && world.connections.get(chat.connection);
    return connection ? { from: connection.user, sender_business_bot: ours() } : { from: ours() };
  }

  /** The content of a parameter: an id, an address, or what came with the call. @param {string} kind @param {any} given */
  function content(kind, given) {
    if (typeof given === "string") {
      if (/^https?:/.test(given)) throw new Refused(400, "Bad Request: failed to get HTTP URL content");
      if (!given) throw new Refused(400, `Bad Request: there is no ${kind} in the request`);
      return given;
    }
    if (!given?.bytes) throw new Refused(400, `Bad Request: there is no ${kind} in the request`);
    const most = world.settings.local ? 2000 * MIB : kind === "photo" ? 10 * MIB : 50 * MIB;
    if (given.bytes.length > most) throw new Refused(413, "Request Entity Too Large");
    if (!given.bytes.length) throw new Refused(400, "Bad Request: file must be non-empty");
    if (kind === "photo") {
      const magic = given.bytes.subarray(0, 4).toString("latin1");
      if (!/^(\x89PNG|\xff\xd8\xff|GIF8|RIFF|BM)/.test(magic)) throw new Refused(400, "Bad Request: IMAGE_PROCESS_FAILED");
      const { width, height } = sides(given.bytes);
      if (width + height > 10_000 || Math.max(width, height) > 20 * Math.min(width, height)) throw new Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
    }
    return given;
  }

  /** @param {string} kind @returns {(given: Given) => any} */
  const sendFile = (kind) => (given) =>
    send(given, (chat) => {
      if (kind === "voice" && world.users.get(chat.info.id)?.forbids_voice) throw new Refused(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN");
      const caption = given.caption ? words(given, "caption", CAPTION) : undefined;
      return clean({ [kind]: world.media(kind, content(kind, given[kind]), given), caption });
    });

  /** A message of the bot's that is to be changed. @param {Given} given @param {string} verb */
  function own(given, verb) {
    const chat = target(given);
    const message = chat.messages.get(Number(given.message_id));
    if (!message || message._deleted) throw new Refused(400, `Bad Request: message to ${verb} not found`);
    const mine = message.from?.id === bot.me.id || message.sender_business_bot?.id === bot.me.id;
    const old = world.now() - message.date > 2 * DAY;
    if ((verb === "edit" && !mine) || (verb === "delete" && (old || (!mine && chat.info.type === "private")))) {
      throw new Refused(400, `Bad Request: message can't be ${verb === "edit" ? "edited" : "deleted"}`);
    }
    return { chat, message };
  }

  /** @param {string} name @returns {(given: Given) => any} */
  const edit = (name) => (given) => {
    const text = words(given, name, name === "text" ? TEXT : CAPTION);
    const { message } = own(given, "edit");
    if (name === "text" && message.text === undefined) throw new Refused(400, "Bad Request: there is no text in the message to edit");
    if ((message[name] ?? "") === text) throw new Refused(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message");
    message[name] = text;
    message.edit_date = world.now();
    return wire(message);
  };

  /** @param {string[]} kinds */
  function fits(kinds) {
    if (kinds.some((kind) => !["photo", "video", "document", "audio"].includes(kind))) throw new Refused(400, "Bad Request: can't parse InputMedia: unexpected type");
    const alike = new Set(kinds.map((kind) => (kind === "video" ? "photo" : kind)));
    if (alike.size > 1) throw new Refused(400, "Bad Request: can't mix media types in an album");
  }

  return {
    getMe: () => bot.me,
    getUpdates: (given) => bot.queue.fetch(given),
    setWebhook: (given) => ({ result: true, ...bot.queue.set(given) }),
    deleteWebhook: (given) => ({ result: true, ...bot.queue.set({ drop_pending_updates: given.drop_pending_updates }) }),
    getWebhookInfo: () => bot.queue.info(),
    logOut: () => (bot.loggedOut = true),
    close: () => true,
    sendMessage: (given) => send(given, () => ({ text: words(given) })),
    sendPhoto: sendFile("photo"),
    sendDocument: sendFile("document"),
    sendVideo: sendFile("video"),
    sendAnimation: sendFile("animation"),
    sendAudio: sendFile("audio"),
    sendVoice: sendFile("voice"),
    sendVideoNote: sendFile("video_note"),
    sendSticker: sendFile("sticker"),
    sendLocation: (given) => send(given, () => ({ location: place(given) })),
    sendVenue: (given) => send(given, () => ({ location: place(given), venue: { location: place(given), title: String(given.title), address: String(given.address) } })),
    sendContact: (given) => send(given, () => ({ contact: clean({ phone_number: String(given.phone_number), first_name: String(given.first_name), last_name: given.last_name }) })),
    sendMediaGroup: (given) => {
      const items = list(given.media);
      if (items.length < 2 || items.length > 10) throw new Refused(400, "Bad Request: wrong number of media in the album: 2-10 are needed");
      fits(items.map((item) => item.type));
      const chat = target(given);
      const reply = answered(chat, given);
      const bodies = items.map((item) => {
        const part = String(item.media).startsWith("attach://") ? given[String(item.media).slice(9)] : item.media;
        return clean({ [item.type]: world.media(item.type, content(item.type, part), item), caption: item.caption && words(item, "caption", CAPTION) });
      });
      count(world, chat, bot.sends, bodies.length);
      const media_group_id = world.name("1");
      return bodies.map((body) => wire(world.put(chat, { ...author(chat), ...reply, media_group_id, ...body })));
    },
    sendChatAction: (given) => {
      const chat = target(given);
      chat.actions.push(String(given.action));
      return true;
    },
    editMessageText: edit("text"),
    editMessageCaption: edit("caption"),
    deleteMessage: (given) => {
      own(given, "delete").message._deleted = true;
      return true;
    },
    deleteBusinessMessages: (given) => {
      const connection = world.connections.get(String(given.business_connection_id));
      if (!connection) throw new Refused(400, "Bad Request: BUSINESS_CONNECTION_INVALID");
      if (!connection.rights.can_delete_sent_messages) throw new Refused(400, "Bad Request: not enough rights to delete messages");
      const ids = list(given.message_ids).map(Number);
      for (const chat of world.chats.values()) if (chat.connection === connection.id) for (const id of ids) Object.assign(chat.messages.get(id) ?? {}, { _deleted: true });
      return true;
    },
    setMessageReaction: (given) => {
      const chat = target(given);
      const message = chat.messages.get(Number(given.message_id));
      if (!message || message._deleted) throw new Refused(400, "Bad Request: message to react not found");
      const reaction = list(given.reaction);
      if (reaction.length > 1) throw new Refused(400, "Bad Request: REACTIONS_TOO_MANY");
      if (reaction.some((one) => one.type === "emoji" && !"👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡".includes(one.emoji))) {
        throw new Refused(400, "Bad Request: REACTION_INVALID");
      }
      message._reaction = reaction.map((one) => one.emoji ?? "").join("");
      return true;
    },
    answerCallbackQuery: (given) => {
      const query = bot.queries.get(String(given.callback_query_id));
      if (!query || query.answered) throw new Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid");
      query.answered = true;
      return true;
    },
    readBusinessMessage: (given) => {
      const connection = world.connections.get(String(given.business_connection_id));
      const chat = connection?.is_enabled && connection.rights.can_read_messages && world.chat(Number(given.chat_id), connection.id);
      if (!chat) throw new Refused(400, "Bad Request: BUSINESS_CONNECTION_INVALID");
      chat.read = Math.max(chat.read, Number(given.message_id));
      return true;
    },
    getBusinessConnection: (given) => {
      const found = world.connections.get(String(given.business_connection_id));
      if (!found) throw new Refused(400, "Bad Request: BUSINESS_CONNECTION_INVALID");
      return shownConnection(found);
    },
    getChat: (given) => {
      const chat = world.chat(Number(given.chat_id));
      if (!chat) throw new Refused(400, "Bad Request: chat not found");
      return clean({ ...chat.info, linked_chat_id: chat.linked || undefined });
    },
    getUserProfilePhotos: (given) => {
      const user = world.users.get(Number(given.user_id));
      if (!user) throw new Refused(400, "Bad Request: user not found");
      const photo = /** @type {any} */ (user).photo;
      return { total_count: photo ? 1 : 0, photos: photo ? [photo] : [] };
    },
    getFile: (given) => {
      const file_id = String(given.file_id);
      const content = world.files.get(file_id);
      if (!content) throw new Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
      if (content.size > 20 * MIB && !world.settings.local) throw new Refused(400, "Bad Request: file is too big");
      const name = `${content.kind}s/file_${file_id.replace(/\D/g, "")}`;
      world.paths.set(name, { file: file_id, name });
      const file_path = world.settings.file_root ? `${world.settings.file_root}/${bot.token}/${name}` : name;
      return { file_id, file_unique_id: `u-${file_id}`, file_size: content.size, file_path };
    },
  };
}

/** @param {import("./world.mjs").Connection} connection */
export function shownConnection({ id, user, is_enabled, rights, date }) {
  return { id, user, user_chat_id: user.id, date, is_enabled, rights };
}

/** @param {Given} given */
function place(given) {
  const [latitude, longitude] = [Number(given.latitude), Number(given.longitude)];
  if (Number.isNaN(latitude) || Number.isNaN(longitude)) throw new Refused(400, "Bad Request: wrong latitude or longitude specified");
  return { latitude, longitude };
}

/** @param {any} value @returns {any} */
function json(value) {
  return typeof value === "string" ? JSON.parse(value) : value;
}

/** Text without its marks; only as much of it as shows a mistake. @param {string} text @param {string} mode */
function marked(text, mode) {
  if (mode === "HTML") {
    /** @type {(string | undefined)[]} */
    const open = [];
    for (const [, close, tag] of text.matchAll(/<(\/?)([a-z-]*)[^>]*>?/g)) {
      if (!tag || (close && open.pop() !== tag)) throw new Refused(400, "Bad Request: can't parse entities: Unexpected end tag");
      if (!close) open.push(tag);
    }
    if (open.length) throw new Refused(400, `Bad Request: can't parse entities: Can't find end tag corresponding to start tag "${open.at(-1)}"`);
    return text.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  }
  const bare = mode === "MarkdownV2" && /(^|[^\\])[.!\-=#+{}|]/.exec(text);
  if (bare) throw new Refused(400, `Bad Request: can't parse entities: Character '${bare[0].at(-1)}' is reserved and must be escaped with the preceding '\\'`);
  return text;
}
