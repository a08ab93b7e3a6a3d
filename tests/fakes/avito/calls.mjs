// @ts-check
/** The calls, by method and path. */
import { randomBytes } from "node:crypto";
import { Refused } from "./world.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {(parts: string[], said: Fields, asked: import("../common.mjs").Asked) => any} Run */

const HOUR_MS = 3_600_000;
const DAY_S = 86_400;
const PICTURE = 24 * 1024 * 1024;
const TEXT = 1_000;

/** @param {import("./world.mjs").Avito} world @returns {[string, RegExp, string, Run][]} */
export function routes(world) {
  const mine = (/** @type {string | undefined} */ id) => {
    if (Number(id) !== world.account.id) throw new Refused(403, "Forbidden");
  };
  const page = (/** @type {Fields} */ said, /** @type {any[]} */ all) => {
    const [limit, offset] = [Number(said.limit ?? 100), Number(said.offset ?? 0)];
    if (!(limit >= 1 && limit <= 100)) throw new Refused(400, "Bad request", { fields: { limit: "must be between 1 and 100" } });
    if (!(offset >= 0 && offset <= 1000)) throw new Refused(400, "Bad request", { fields: { offset: "must be between 0 and 1000" } });
    return all.slice(offset, offset + limit);
  };
  const messenger = (/** @type {string} */ version, /** @type {string} */ rest) => new RegExp(`^/messenger/${version}/accounts/(\\d+)${rest}$`);

  return [
    ["POST", /^\/token$/, "token", (_, said, asked) => {
      if (!(asked.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")) throw new Refused(400, "form expected");
      if (said.grant_type !== "client_credentials" || said.client_id !== world.keys.client_id || said.client_secret !== world.keys.client_secret) throw new Refused(401, "Invalid client");
      const token = `tok-${randomBytes(8).toString("hex")}`;
      world.tokens.set(token, { until: world.now() + DAY_S * 1000 });
      return { access_token: token, expires_in: DAY_S, token_type: "Bearer" };
    }],
    ["GET", /^\/core\/v1\/accounts\/self$/, "self", () => world.account],
    ["GET", messenger("v2", "/chats"), "chats", ([id], said) => {
      mine(id);
      const types = String(said.chat_types ?? "u2i").split(",");
      const all = [...world.chats.values()].filter((chat) => types.includes(chat.type) && chat.messages.length && (said.unread_only !== "true" || chat.unread));
      return { chats: page(said, all.sort((a, b) => b.updated - a.updated)).map((chat) => world.shown(chat)) };
    }],
    ["GET", messenger("v2", "/chats/([^/]+)"), "chat", ([id, chat]) => (mine(id), world.shown(world.find(chat ?? "")))],
    ["GET", messenger("v3", "/chats/([^/]+)/messages"), "messages", ([id, chat], said) => {
      mine(id);
      const messages = page(said, [...world.find(chat ?? "").messages].reverse());
      return world.modes.bare ? messages : { messages, meta: { has_more: messages.length === Number(said.limit ?? 100) } };
    }],
    ["POST", messenger("v1", "/chats/([^/]+)/messages"), "send", ([id, chat], said) => {
      mine(id);
      const text = said.message?.text;
      if (said.type !== "text" || typeof text !== "string" || !text) throw new Refused(400, "Bad request", { fields: { "message.text": "is required" } });
      if ([...text].length > TEXT) throw new Refused(400, "Bad request", { fields: { "message.text": `must be at most ${TEXT} characters` } });
      const found = world.find(chat ?? "");
      if (found.closed) throw new Refused(403, "Chat is closed");
      const { content, created, direction, id: message, type } = world.place(found, { author: world.account.id, type: "text", content: { text } });
      return { content, created, direction, id: message, type };
    }],
    ["POST", messenger("v1", "/uploadImages"), "upload", ([id], said) => {
      mine(id);
      const files = Object.entries(said).filter(([, value]) => value?.bytes);
      const file = said["uploadfile[]"];
      if (files.length !== 1 || !file) throw new Refused(400, "Bad request", { fields: { "uploadfile[]": "exactly one file" } });
      if (file.bytes.length > PICTURE || !/\.(jpe?g|png|gif|bmp|heic)$/i.test(file.name)) throw new Refused(400, "Bad request", { fields: { "uploadfile[]": "not a picture Avito takes" } });
      const key = world.keep(file.name, file.type, file.bytes);
      const image = `${randomBytes(3).readUIntBE(0, 3)}.${randomBytes(3).toString("hex")}`;
      world.images.set(image, { file: key });
      return { [image]: world.sizes(key) };
    }],
    ["POST", messenger("v1", "/chats/([^/]+)/messages/image"), "send-image", ([id, chat], said) => {
      mine(id);
      const image = world.images.get(said.image_id);
      if (!image) throw new Refused(400, "Bad request", { fields: { image_id: "unknown" } });
      return world.place(world.find(chat ?? ""), { author: world.account.id, type: "image", content: { image: { sizes: world.sizes(image.file) } } });
    }],
    ["POST", messenger("v1", "/chats/([^/]+)/messages/([^/]+)"), "delete", ([id, chat, message]) => {
      mine(id);
      const found = world.find(chat ?? "").messages.find((/** @type {Fields} */ one) => one.id === message);
      if (!found) throw new Refused(404, "Message not found");
      if (found.author_id !== world.account.id) throw new Refused(403, "Forbidden");
      if (world.seconds() - found.created > 3600) throw new Refused(400, "Message is too old");
      Object.assign(found, { type: "deleted", content: {} });
      return {};
    }],
    ["POST", messenger("v1", "/chats/([^/]+)/read"), "read", ([id, chat]) => {
      mine(id);
      const found = world.find(chat ?? "");
      found.unread = false;
      for (const message of found.messages) message.is_read = true;
      return { ok: true };
    }],
    ["GET", messenger("v1", "/getVoiceFiles"), "voice", ([id], _, { query }) => {
      mine(id);
      const ids = query.getAll("voice_ids").flatMap((one) => one.split(","));
      if (!ids.length) throw new Refused(400, "Bad request", { fields: { voice_ids: "is required" } });
      const urls = ids.flatMap((one) => {
        const voice = world.voices.get(one);
        if (!voice) return [];
        const ticket = randomBytes(6).toString("hex");
        voice.given.set(ticket, world.now() + HOUR_MS);
        return [[one, `${world.origin}/files/${voice.file}?voice=${one}&ticket=${ticket}`]];
      });
      return { voices_urls: Object.fromEntries(urls) };
    }],
    ["POST", messenger("v2", "/blacklist"), "blacklist", ([id], said) => {
      mine(id);
      if (!Array.isArray(said.users)) throw new Refused(400, "Bad request", { fields: { users: "is required" } });
      world.blacklist.push(...said.users);
      return {};
    }],
    ["POST", /^\/messenger\/v3\/webhook$/, "subscribe", (_, { url }) => {
      if (!/^https?:\/\//.test(String(url))) throw new Refused(400, "Bad request", { fields: { url: "is required" } });
      if (!world.subscriptions.some((one) => one.url === url)) world.subscriptions.push({ url, version: "3" });
      return { ok: true };
    }],
    ["POST", /^\/messenger\/v1\/subscriptions$/, "subscriptions", () => ({ subscriptions: world.subscriptions })],
    ["POST", /^\/messenger\/v1\/webhook\/unsubscribe$/, "unsubscribe", (_, { url }) => {
      world.subscriptions = world.subscriptions.filter((one) => one.url !== url);
      return { ok: true };
    }],
    ["GET", /^\/core\/v1\/accounts\/(\d+)\/items\/(\d+)$/, "item", ([id, item]) => {
      mine(id);
      const found = world.items.get(Number(item));
      return { status: found?.status ?? "not_found", url: `https://avito.ru/kazan/avtomobili/lada_${item}`, start_time: null, finish_time: null, autoload_item_id: null, vas: [] };
    }],
    ["GET", /^\/core\/v1\/items$/, "items", (_, said) => ({
      meta: { page: Number(said.page ?? 1), per_page: Number(said.per_page ?? 25) },
      resources: [...world.items.values()].map(({ id, title, status }) => ({ id, title, price: null, address: "Казань", status, url: "", category: { id: 9, name: "Автомобили" } })),
    })],
    ["GET", /^\/files\/([^/]+)$/, "file", ([key], said) => {
      const file = world.files.get(key ?? "");
      const voice = said.voice && world.voices.get(said.voice);
      if (!file || (voice && !((voice.given.get(said.ticket) ?? 0) > world.now()))) return { whole: { status: 403, body: "gone" } };
      return { whole: { status: 200, body: file.bytes, headers: { "content-type": file.type } } };
    }],
  ];
}
