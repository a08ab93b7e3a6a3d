// @ts-check
/**
 * The Bot API of Telegram and the people who use it. Written from its documentation: what it does is listed there as what a faithful server must do.
 *
 * `/telegram/bot{token}/{method}` and `/telegram/file/bot{token}/{path}` are the provider's. Under `/telegram/_fake/` a test may also
 *  - `POST bots` `{token?, username?, …}`: a bot more (one is there at once, see {@link TOKEN}); `GET bots`: each with its webhook, what waits, what was asked;
 *  - make people do something, all of `telegram/people.mjs` (`bot`: the token, if there are several): `write` `{from, chat?, connection?, text?, photo?: {base64, name, type} …}`,
 *    `start`, `album`, `edit`, `react`, `press`, `block`, `unblock`, `group`, `channel`, `post`, `migrate`, `leave`, `connect-business`, `disconnect-business`, `delete`, `raw`;
 *  - `GET chats`: what each chat shows now, files by their SHA-256; `GET calls`: what was carried out, with its fields;
 *  - `POST revoke`, `restore`: the token; `POST repeat` `{ids}`: updates come again; `POST expire`: file paths hold no longer;
 *  - `GET deliveries`: how many updates the webhook took, how many of them behind a later one, how many tries failed;
 *  - `POST settings` `{local?, limits?, speed?, pace?, late?, file_root?}`: a server of one's own (plain http, no bound on files), limits kept or not, retries so many
 *    times faster, the clock of the limits so many times faster, which part of the deliveries waits a moment (only others overtake it), absolute paths; `POST clock` `{ahead}`: seconds;
 *  - `POST chat` `{id, quiet?, gone?, …}`, `POST people` `{id, deactivated?, forbids_voice?, photo?}`: how somebody is.
 */
import { createHash } from "node:crypto";
import { fields } from "./common.mjs";
import { methods } from "./telegram/api.mjs";
import { people } from "./telegram/people.mjs";
import { Queue } from "./telegram/updates.mjs";
import { Refused, World } from "./telegram/world.mjs";

/** @typedef {import("./telegram/api.mjs").Bot} Bot */
/** @typedef {import("./common.mjs").Asked} Asked */

/** The token of the bot that is there at once. */
export const TOKEN = "7000000001:AAF-fake_token_of_the_shop_bot_0001";

/** @param {Asked} asked */
function path({ path: whole }) {
  const [, token = "", method = ""] = /^\/bot([^/]+)\/(?:test\/)?([^/]+)$/.exec(whole) ?? [];
  return { token: decodeURIComponent(token), method };
}

/** @returns {import("./common.mjs").Fake} */
export const telegram = () => {
  const world = new World();
  /** @type {Map<string, {bot: Bot, methods: Record<string, (given: any) => any>, people: Record<string, (given: any) => any>}>} */
  const bots = new Map();
  /** @type {{at: number, call: string, fields: Record<string, any>, status: number}[]} */
  const calls = [];

  /** @param {Record<string, any>} given */
  function make(given) {
    const token = given.token ?? `${7_000_000_000 + bots.size + 1}:AAF-fake_token_of_another_bot_${String(bots.size).padStart(4, "0")}`;
    const usual = { is_bot: true, first_name: "Магазин", username: "shop_bot", can_join_groups: true, can_read_all_group_messages: true, supports_inline_queries: false };
    const me = { id: Number(token.split(":")[0]), ...usual, can_connect_to_business: true, has_main_web_app: false, ...given, token: undefined };
    /** @type {Bot} */
    const bot = { token, revoked: false, me, queue: new Queue(world), sends: { left: Infinity, at: 0 }, queries: new Map(), loggedOut: false };
    const known = methods(bot, world);
    bots.set(token, { bot, methods: known, people: people(world, bot) });
    bot.queue.carry = async ({ method, ...given }) => {
      calls.push({ at: world.tick(), call: method, fields: given, status: 200 });
      return known[method]?.(given);
    };
    return { ...me, token };
  }
  make({ token: TOKEN });

  /** @param {Refused} refused */
  const told = ({ code, message, parameters }) => ({
    status: code,
    body: { ok: false, error_code: code, description: message, ...(parameters ? { parameters } : {}) },
    ...(parameters?.retry_after ? { headers: { "retry-after": String(parameters.retry_after) } } : {}),
  });

  /** @param {Asked} asked */
  async function answer(asked) {
    if (asked.path.startsWith("/file/bot")) return content(asked.path.slice("/file/bot".length));
    const { token, method } = path(asked);
    const here = bots.get(token);
    try {
      if (!/^\d+:[\w-]{20,}$/.test(token)) throw new Refused(404, "Not Found");
      if (!here || here.bot.revoked) throw new Refused(401, "Unauthorized");
      if (here.bot.loggedOut) throw new Refused(400, "Logged out");
      const name = Object.keys(here.methods).find((known) => known.toLowerCase() === method.toLowerCase());
      const carry = name && here.methods[name];
      if (!carry) throw new Refused(404, "Not Found: method not found");
      const given = await fields(asked);
      const call = { at: world.tick(), call: name, fields: described(given), status: 200 };
      calls.push(call);
      try {
        const result = await carry(given);
        if (result?.raw) return { status: 200, body: `{"ok":true,"result":${result.raw}}`, headers: { "content-type": "application/json" } };
        return { status: 200, body: result?.description ? { ok: true, ...result } : { ok: true, result } };
      } catch (error) {
        call.status = error instanceof Refused ? error.code : 500;
        throw error;
      }
    } catch (error) {
      if (error instanceof Refused) return told(error);
      throw error;
    }
  }

  /** @param {string} rest */
  function content(rest) {
    const cut = rest.indexOf("/");
    const [token, name] = [decodeURIComponent(rest.slice(0, cut)), rest.slice(cut + 1)];
    const file = world.files.get(world.paths.get(name)?.file ?? "");
    const here = bots.get(token);
    if (!here || here.bot.revoked || !file) return told(new Refused(404, "Not Found"));
    const rest_of_it = Buffer.alloc(Math.max(file.size - file.bytes.length, 0));
    return { status: 200, body: Buffer.concat([file.bytes, rest_of_it]) };
  }

  return {
    name: (asked) => (asked.path.startsWith("/file/") ? "file" : path(asked).method),
    shown: ({ body, headers }) => (headers["content-type"]?.startsWith("multipart") ? `multipart of ${body.length} bytes` : body.toString("utf8")),
    answer,
    control: (op, body) => {
      const token = body.bot ?? [...bots.keys()][0];
      const here = bots.get(token);
      if (!here) throw new Error(`no bot ${token}`);
      const person = here.people[op];
      switch (op) {
        case "bots":
          if (Object.keys(body).length) return make(body);
          return [...bots.values()].map(({ bot: { token, me, revoked, queue, queries } }) => ({ token, me, revoked, webhook: queue.info(), secret: queue.webhook?.secret ?? "", allowed: queue.allowed, waiting: queue.waiting.map((one) => one.id), queries: [...queries.values()] }));
        case "chats":
          return [...world.chats.values()].map((chat) => world.shown(chat));
        case "chat":
          return Object.assign(world.chat(body.id, body.connection ?? "") ?? {}, body, { id: undefined, connection: body.connection ?? "" }).info ?? {};
        case "calls":
          return calls;
        case "revoke":
        case "restore":
          here.bot.revoked = op === "revoke";
          if (op === "revoke") here.bot.queue.poller?.(new Refused(401, "Unauthorized"));
          return {};
        case "repeat":
          return { repeated: here.bot.queue.repeat(body.ids) };
        case "deliveries":
          return here.bot.queue.seen;
        case "expire":
          world.paths.clear();
          return {};
        case "settings":
          return Object.assign(world.settings, body, { bot: undefined });
        case "clock":
          world.ahead = body.ahead;
          return {};
        default:
          return person?.(body);
      }
    },
  };
};

/** Fields as they stand in the list of calls: of files what they are. @param {Record<string, any>} given */
function described(given) {
  const one = (/** @type {any} */ value) => (value?.bytes ? { name: value.name, type: value.type, size: value.bytes.length, sha256: createHash("sha256").update(value.bytes).digest("hex") } : value);
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, one(value)]));
}
