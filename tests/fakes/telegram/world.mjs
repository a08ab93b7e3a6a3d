// @ts-check
/**
 * The world of the fake Telegram: people, chats, what stands in them, files; and its clock.
 *
 * @typedef {{id: number, is_bot: boolean, first_name: string, last_name?: string, username?: string, language_code?: string}} User
 * @typedef {Record<string, any>} Message  as the Bot API shows it; `_` fields are ours and never leave
 * @typedef {{id: number, type: string, title?: string, username?: string, first_name?: string, last_name?: string, is_forum?: boolean}} ChatInfo
 * @typedef {{bytes: Buffer, size: number, kind: string}} Content
 * @typedef {{info: ChatInfo, connection: string, messages: Map<number, Message>, next: number, started: boolean, blocked: boolean, gone: string, moved: number,
 *   linked: number, quiet: boolean, lastIn: number, bucket: {left: number, at: number}, minute: number[], actions: string[], read: number}} Chat
 * @typedef {{id: string, user: User, is_enabled: boolean, rights: Record<string, boolean>, date: number}} Connection
 */
import { createHash } from "node:crypto";

/** A failure as the Bot API tells it. */
export class Refused extends Error {
  /** @param {number} code @param {string} description @param {Record<string, number>} [parameters] */
  constructor(code, description, parameters) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

export const MEDIA = ["photo", "document", "audio", "voice", "video", "video_note", "animation", "sticker"];

export class World {
  constructor() {
    /** @type {Map<number, User & {deactivated?: boolean, forbids_voice?: boolean}>} */
    this.users = new Map();
    /** @type {Map<string, Chat>} */
    this.chats = new Map();
    /** @type {Map<string, Connection>} */
    this.connections = new Map();
    /** @type {Map<string, Content>} */
    this.files = new Map();
    /** @type {Map<string, {file: string, name: string}>} */
    this.paths = new Map();
    this.counter = 0;
    /** Seconds the clock is ahead of the machine's. */
    this.ahead = 0;
    this.settings = { local: false, limits: true, speed: 1, pace: 1, late: 0, file_root: "" };
  }

  /** Seconds since 1970. */
  now() {
    return Math.floor(Date.now() / 1000) + this.ahead;
  }

  /** Milliseconds, for limits. */
  tick() {
    return performance.now() * this.settings.pace + this.ahead * 1000;
  }

  /** @param {string} prefix */
  name(prefix) {
    return `${prefix}${String((this.counter += 1)).padStart(6, "0")}`;
  }

  /** A chat with what it is; in a business connection the same number is another chat. @param {number} id @param {string} [connection] */
  chat(id, connection = "") {
    return this.chats.get(`${connection}:${id}`);
  }

  /** @param {ChatInfo} info @param {string} [connection] */
  open(info, connection = "") {
    const known = this.chat(info.id, connection);
    if (known) return known;
    /** @type {Chat} */
    const chat = { info, connection, messages: new Map(), next: 1, started: false, blocked: false, gone: "", moved: 0, linked: 0, quiet: false, lastIn: 0, bucket: { left: Infinity, at: 0 }, minute: [], actions: [], read: 0 };
    this.chats.set(`${connection}:${info.id}`, chat);
    return chat;
  }

  /** The private chat with a person. @param {User} user @param {string} [connection] */
  privately(user, connection = "") {
    const { id, first_name, last_name, username } = user;
    return this.open(JSON.parse(JSON.stringify({ id, type: "private", first_name, last_name, username })), connection);
  }

  /** Puts a message into a chat. @param {Chat} chat @param {Message} body */
  put(chat, body) {
    // In a personal account all private chats count together: a message is known by its number alone.
    const counts = chat.connection ? [...this.chats.values()].filter((one) => one.connection === chat.connection) : [chat];
    const id = Math.max(...counts.map((one) => one.next));
    chat.next = id + 1;
    /** @type {Message} */
    const message = { message_id: id, date: this.now(), chat: chat.info, ...body };
    if (chat.connection) message.business_connection_id = chat.connection;
    chat.messages.set(id, message);
    return message;
  }

  /** Keeps content; answers how the Bot API names it. @param {string} kind @param {{bytes?: Buffer, size?: number}} content */
  keep(kind, { bytes, size }) {
    const content = bytes ?? Buffer.alloc(Math.min(size ?? 0, 1024));
    const file_id = this.name(`${kind}-`);
    this.files.set(file_id, { bytes: content, size: size ?? content.length, kind });
    return { file_id, file_unique_id: `u-${file_id}`, file_size: size ?? content.length };
  }

  /** What a file's message says of it, by kind. @param {string} kind @param {any} given @param {Record<string, any>} [fields] */
  media(kind, given, fields = {}) {
    const kept = typeof given === "string" ? this.again(kind, given) : this.keep(kind, given);
    const name = typeof given === "string" ? undefined : given.name;
    const type = typeof given === "string" ? undefined : given.type;
    const about = { duration: Number(fields.duration ?? 1) };
    switch (kind) {
      case "photo": {
        const { width, height } = typeof given === "string" ? { width: 640, height: 480 } : sides(given.bytes);
        return [{ ...this.keep("photo", { bytes: Buffer.from("small") }), width: 90, height: 60 }, { ...kept, width, height }];
      }
      case "document":
        return clean({ ...kept, file_name: name, mime_type: type });
      case "audio":
        return clean({ ...kept, ...about, file_name: name, mime_type: type, performer: fields.performer, title: fields.title });
      case "voice":
        return { ...kept, ...about, mime_type: type ?? "audio/ogg" };
      case "video":
        return clean({ ...kept, ...about, width: 640, height: 360, file_name: name, mime_type: type ?? "video/mp4" });
      case "video_note":
        return { ...kept, ...about, length: 240 };
      case "animation":
        return clean({ ...kept, ...about, width: 320, height: 240, file_name: name, mime_type: type ?? "video/mp4" });
      default:
        return { ...kept, type: "regular", width: 512, height: 512, is_animated: Boolean(fields.is_animated), is_video: Boolean(fields.is_video), emoji: fields.emoji ?? "👍", set_name: "Pack" };
    }
  }

  /** A file that is here already. @param {string} kind @param {string} id */
  again(kind, id) {
    const content = this.files.get(id);
    if (!content) throw new Refused(400, "Bad Request: wrong remote file identifier specified: Wrong character in the string");
    if (content.kind !== kind) throw new Refused(400, `Bad Request: can't use file of type ${content.kind} as ${kind}`);
    return { file_id: id, file_unique_id: `u-${id}`, file_size: content.size };
  }

  /** What a chat shows now. @param {Chat} chat */
  shown(chat) {
    const messages = [...chat.messages.values()].map((message) => {
      const out = /** @type {Message} */ ({ ...message });
      for (const kind of MEDIA) {
        const one = Array.isArray(message[kind]) ? message[kind].at(-1) : message[kind];
        const content = one && this.files.get(one.file_id);
        if (content) out._file = { kind, size: content.size, sha256: createHash("sha256").update(content.bytes).digest("hex"), name: one.file_name };
      }
      return out;
    });
    const { info, connection, blocked, gone, moved, actions, read } = chat;
    return { ...info, connection, blocked, gone, moved, actions, read, messages };
  }
}

/** Leaves out what is not there. @param {Record<string, any>} thing */
export function clean(thing) {
  return Object.fromEntries(Object.entries(thing).filter(([, value]) => value !== undefined));
}

/** A message as it leaves: without what is ours, a reply only one deep. @param {Message} message @param {boolean} [inner] @returns {Message} */
export function wire(message, inner = false) {
  const left = Object.entries(message).filter(([name, value]) => !name.startsWith("_") && value !== undefined && !(inner && name === "reply_to_message"));
  return Object.fromEntries(left.map(([name, value]) => [name, name === "reply_to_message" ? wire(value, true) : value]));
}

/** A picture's sides. @param {Buffer | undefined} bytes */
export function sides(bytes) {
  if (bytes && bytes.length > 24 && bytes.subarray(1, 4).toString("latin1") === "PNG") return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  return { width: 1280, height: 853 };
}
