// @ts-check
/** What there is: the account, its chats and messages, files, tokens, subscriptions. */
import { createHash, randomBytes, randomUUID } from "node:crypto";

/** @typedef {Record<string, any>} Fields */

/** An answer that is an error. */
export class Refused extends Error {
  /** @param {number} status @param {string} message @param {{fields?: Fields, headers?: Record<string, string>, html?: boolean}} [more] */
  constructor(status, message, more = {}) {
    super(message);
    this.status = status;
    this.fields = more.fields;
    this.headers = more.headers;
    this.html = more.html;
  }
}

const NBSP = "\u00a0";
const PATIENCE_MS = 2_000;

export class Avito {
  constructor() {
    this.origin = "";
    this.account = { id: 111, name: "Магазин", email: "shop@example.test", phone: "79990000000", phones: ["79990000000"], profile_url: "https://avito.ru/user/shop/profile" };
    this.keys = { client_id: "client", client_secret: "secret" };
    /** @type {Map<string, {until: number}>} */
    this.tokens = new Map();
    this.clock = 0;
    this.modes = { revoked: false, paid: true, busy: { times: 0, retry_after: /** @type {number | undefined} */ (undefined) }, off: false, html: false, bare: false };
    this.hooks = { hold: false, lose: 0, twice: false, reverse: false, bare: false, retry_ms: 100, most: 5 };
    /** @type {Map<string, Fields>} */
    this.chats = new Map();
    /** @type {Map<string, {name: string, type: string, bytes: Buffer, sha256: string}>} */
    this.files = new Map();
    /** @type {Map<string, {file: string}>} */
    this.images = new Map();
    /** @type {Map<string, {file: string, given: Map<string, number>}>} */
    this.voices = new Map();
    /** @type {{url: string, version: string}[]} */
    this.subscriptions = [];
    /** @type {Fields[]} */
    this.held = [];
    /** @type {Fields[]} */
    this.delivered = [];
    /** @type {Fields[]} */
    this.blacklist = [];
    /** @type {Map<number, Fields>} */
    this.items = new Map();
    this.chat({ id: "u2i-AbC_1-2", buyer: { id: 222, name: "Иван" }, item: { id: 1234567890, title: "Лада Веста 2019", price: `900${NBSP}000${NBSP}₽` } });
  }

  now() {
    return Date.now() + this.clock;
  }

  seconds() {
    return Math.floor(this.now() / 1000);
  }

  /** @param {string} authorization */
  admit(authorization) {
    const token = this.tokens.get(authorization.replace(/^Bearer /, ""));
    // An expired token is answered 403, not 401.
    if (authorization && token && token.until <= this.now()) throw new Refused(403, "Forbidden");
    if (!token || this.modes.revoked) throw new Refused(401, "Unauthorized");
    if (this.modes.html) throw new Refused(502, "Bad gateway", { html: true });
    if (this.modes.off) throw new Refused(503, "Service unavailable");
    if (!this.modes.paid) throw new Refused(402, "Payment required");
    if (this.modes.busy.times > 0) {
      this.modes.busy.times -= 1;
      const wait = this.modes.busy.retry_after;
      throw new Refused(429, "Too many requests", wait === undefined ? {} : { headers: { "retry-after": String(wait) } });
    }
  }

  /** A chat, about a listing unless it has none. @param {Fields} said */
  chat({ id, buyer, item, type = item ? "u2i" : "u2u", alone = false }) {
    if (item) this.items.set(item.id, { status: "active", ...item });
    this.chats.set(id, { id, type, buyer, item, alone, created: this.seconds(), updated: this.seconds(), messages: [], unread: false });
    return {};
  }

  /** @param {Fields} chat */
  shown(chat) {
    const { item, buyer } = chat;
    const context = item && {
      type: "item",
      value: {
        id: item.id, title: item.title, price_string: item.price ?? null, url: `https://avito.ru/kazan/avtomobili/lada_${item.id}`, status_id: item.status === "old" ? 20 : 10,
        user_id: this.account.id, images: item.picture ? { count: 1, main: { "140x105": this.sizes(item.picture)["140x105"] } } : { count: 0 }, location: { title: "Казань", lat: 55.79, lon: 49.12 },
      },
    };
    const { picture, ...person } = buyer;
    // Who has no picture is shown with one of a few.
    const face = (/** @type {number} */ side) => (picture ? `${this.origin}/files/${picture}?face=${side}` : `https://static.avito.ru/stub_avatars/_/14_${side}x${side}.png`);
    const avatar = { default: face(256), images: Object.fromEntries([64, 128, 256, 1024].map((side) => [`${side}x${side}`, face(side)])) };
    const profile = { user_id: buyer.id, item_id: item?.id, url: `https://avito.ru/user/${buyer.id}/profile`, avatar };
    const users = [{ ...person, public_user_profile: profile }, { id: this.account.id, name: this.account.name }];
    return { id: chat.id, created: chat.created, updated: chat.updated, ...(context ? { context } : {}), users: chat.alone ? users.slice(1) : users, last_message: chat.messages.at(-1) };
  }

  /** @param {string} id */
  find(id) {
    const chat = this.chats.get(id);
    if (!chat) throw new Refused(404, "Chat not found");
    return chat;
  }

  /** A message takes its place, and the webhook tells of it. @param {Fields} chat @param {{author: number, type: string, content: Fields, quote?: Fields}} said */
  place(chat, { author, type, content, quote }) {
    const ours = author === this.account.id;
    const message = { id: randomBytes(12).toString("hex"), author_id: author, created: this.seconds(), direction: ours ? "out" : "in", type, content, is_read: ours, read: null, ...(quote ? { quote } : {}) };
    chat.messages.push(message);
    chat.updated = message.created;
    if (!ours) chat.unread = true;
    const told = ["file", "video", "appCall"].includes(type) ? {} : content;
    const value = {
      id: message.id, chat_id: chat.id, chat_type: chat.type, user_id: this.account.id, author_id: author, created: message.created,
      ...(this.hooks.bare ? {} : { published_at: new Date(this.now()).toISOString() }), type, content: told, item_id: chat.item?.id ?? null, read: null,
    };
    this.tell({ id: randomUUID(), version: "v3.0.0", timestamp: this.seconds(), payload: { type: "message", value } });
    return message;
  }

  /** @param {Fields} event */
  tell(event) {
    if (this.hooks.lose > 0) return void (this.hooks.lose -= 1);
    this.held.push(event, ...(this.hooks.twice ? [event] : []));
    if (!this.hooks.hold) this.release();
  }

  release() {
    const events = this.held.splice(0);
    if (this.hooks.reverse) events.reverse();
    for (const { url } of this.subscriptions) for (const event of events) void this.post(url, event);
  }

  /** @param {string} url @param {Fields} event */
  async post(url, event) {
    for (let time = 0; time < this.hooks.most; time += 1) {
      let status = 0;
      try {
        const headers = { "content-type": "application/json", "x-avito-messenger-signature": randomBytes(32).toString("hex") };
        status = (await fetch(url, { method: "POST", body: JSON.stringify(event), headers, signal: AbortSignal.timeout(PATIENCE_MS) })).status;
      } catch {
        status = 0;
      }
      this.delivered.push({ url, id: event.payload?.value?.id, time, status });
      if (status === 200) return;
      await new Promise((go) => setTimeout(go, this.hooks.retry_ms));
    }
  }

  /** @param {string} name @param {string} type @param {Buffer} bytes */
  keep(name, type, bytes) {
    const key = randomBytes(8).toString("hex");
    this.files.set(key, { name, type, bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
    return key;
  }

  /** @param {string} key */
  sizes(key) {
    const url = `${this.origin}/files/${key}`;
    return { "1280x960": url, "640x480": `${url}?640`, "140x105": `${url}?140`, "32x32": `${url}?32` };
  }
}
