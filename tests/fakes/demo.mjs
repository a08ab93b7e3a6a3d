// @ts-check
/**
 * A Demo server: a messenger that does not exist, with one account, the people who write to it, and devices that are linked to it by a code.
 *
 * Calls are `POST` with JSON, as `docs/demo-channel.md` says. Under `/demo/_fake/` a test may
 *  - `settings {password?, lives_s?}`: the account's password (empty: none), how long a code lives;
 *  - `scan`: the code that is shown is scanned; `over`: its time is over; `GET code`: what it says, and how many there were;
 *  - `group {id, title, left?}`: a group the account is in, or is no longer; `person {id, name, phone?}`: somebody who has not written yet;
 *  - `write {from, chat?, text?, files?, reply_to?}` (`files`: `{name, type, base64}`), `edit {chat, id, text}`, `delete {chat, id}`, `react {chat, id, emoji, from}`,
 *    `seen {chat, id}`, `typing {chat}`, `block {from}`, `unblock {from}`: what people do; `phone {chat, text}`: the owner writes on the phone;
 *  - `freeze`: what was sent can be changed no more; `revoke`: every device is unlinked; `GET chat?id=`: what a chat shows.
 */
import { createHash } from "node:crypto";
import { fields } from "./common.mjs";

/** @typedef {{id: string, name: string, phone?: string}} Person */
/** @typedef {{id: string, name: string, type: string, bytes: Buffer}} File */
/** @typedef {{id: number, from: string, text: string, files: File[], reply_to?: string, reaction: string, deleted: boolean, key?: string}} Message */
/** @typedef {{id: string, kind: string, title: string, with?: Person, messages: Message[], typing: number, seen: number}} Chat */

class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const ACCOUNT = { id: "shop", name: "Лавка", username: "@lavka", phone: "+79000000001" };

/** @returns {import("./common.mjs").Fake} */
export function demo() {
  const settings = { password: "", lives_s: 60 };
  /** @type {Map<string, {code: string, until: number, scanned: boolean}>} */
  const tickets = new Map();
  /** Tokens, and the number of the last news before each was linked. @type {Map<string, number>} */
  const devices = new Map();
  /** @type {Map<string, Person>} */
  const people = new Map();
  /** @type {Map<string, Chat>} */
  const chats = new Map();
  /** @type {Map<string, File>} */
  const files = new Map();
  /** @type {Map<string, {chat: string, id: number}>} */
  const keys = new Map();
  /** @type {Set<string>} */
  const blocked = new Set();
  /** @type {Record<string, unknown>[]} */
  const news = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  let made = 0;
  let frozen = false;

  const name = (/** @type {string} */ what) => `${what}${(made += 1)}`;
  const last = () => [...tickets.entries()].at(-1) ?? ["", undefined];
  /** @param {Record<string, unknown>} what */
  const tell = (what) => {
    news.push({ ...what, n: news.length + 1, at: Date.now() });
    for (const go of [...waiting]) go();
  };
  /** @param {string} id */
  const chat = (id) => {
    const found = chats.get(id);
    if (!found) throw new Refused(404, "no_chat", "There is no such chat.");
    return found;
  };
  /** @param {Person} person */
  const talk = (person) => {
    people.set(person.id, { ...people.get(person.id), ...person });
    const found = chats.get(person.id) ?? { id: person.id, kind: "private", title: person.name, with: person, messages: [], typing: 0, seen: 0 };
    chats.set(person.id, found);
    return found;
  };
  /** @param {{chat: string, id: string | number}} named */
  const message = (named) => {
    const found = chat(named.chat).messages.find((one) => String(one.id) === String(named.id));
    if (!found) throw new Refused(404, "no_chat", "There is no such message.");
    return found;
  };
  /** @param {Chat} into @param {Omit<Message, "id" | "reaction" | "deleted">} said */
  const say = (into, said) => {
    const whole = { ...said, id: into.messages.length + 1, reaction: "", deleted: false };
    into.messages.push(whole);
    return whole;
  };
  const about = (/** @type {Chat} */ { id, kind, title }) => ({ id, kind, title });
  const shown = (/** @type {File} */ { id, name, type, bytes }) => ({ id, name, type, size: bytes.length });
  const link = () => {
    const token = name("token-");
    devices.set(token, news.length);
    return { token, account: ACCOUNT };
  };

  /** What may be called without a token. @type {Record<string, (said: any) => unknown>} */
  const before = {
    "/devices": () => {
      const [ticket, code] = [name("ticket-"), `demo://link/${name("code-")}`];
      tickets.set(ticket, { code, until: Date.now() + settings.lives_s * 1_000, scanned: false });
      return { ticket, code, lives_s: settings.lives_s };
    },
    "/devices/state": ({ ticket }) => {
      const found = tickets.get(ticket);
      if (!found || (!found.scanned && found.until <= Date.now())) return { state: "over" };
      if (!found.scanned) return { state: "waiting" };
      if (settings.password) return { state: "scanned" };
      tickets.delete(ticket);
      return { state: "linked", ...link() };
    },
    "/devices/password": ({ ticket, password }) => {
      if (!tickets.get(ticket)?.scanned) throw new Refused(404, "no_ticket", "This code is not good any more.");
      if (password !== settings.password) throw new Refused(403, "wrong_password", "Wrong password.");
      tickets.delete(ticket);
      return link();
    },
  };

  /** @type {Record<string, (said: any, token: string) => unknown>} */
  const calls = {
    "/devices/unlink": (_, token) => void devices.delete(token),
    "/news": async ({ after, wait_s, most }, token) => {
      const from = Math.max(Number(after), after ? 0 : (devices.get(token) ?? 0));
      if (news.length <= from && wait_s > 0) {
        await new Promise((/** @type {(value?: unknown) => void} */ go) => {
          const done = () => {
            waiting.delete(done);
            clearTimeout(timer);
            go();
          };
          const timer = setTimeout(done, wait_s * 1_000);
          waiting.add(done);
        });
      }
      if (!devices.has(token)) throw new Refused(401, "unknown_token", "This device is not linked.");
      return { news: news.slice(from, from + (most ?? 100)) };
    },
    "/send": ({ chat: id, phone, text, file, reply_to, key }) => {
      const known = keys.get(key);
      if (known) return known;
      const person = phone && [...people.values()].find((one) => one.phone === phone);
      if (phone && !person) throw new Refused(422, "no_such_number", "Nobody has this number.");
      const into = person ? talk(person) : chat(id);
      if (blocked.has(into.id)) throw new Refused(403, "blocked", "You are blocked.");
      const sent = say(into, { from: "us", text: text ?? "", files: [files.get(file) ?? []].flat(), reply_to: reply_to ?? undefined, key });
      keys.set(key, { chat: into.id, id: sent.id });
      return { chat: into.id, id: sent.id };
    },
    "/files": ({ file }) => {
      const id = name("file-");
      files.set(id, { id, ...file });
      return { id };
    },
    "/files/link": ({ id }) => {
      if (!files.has(id)) throw new Refused(404, "no_file", "There is no such file.");
      return { path: `/files/${id}` };
    },
    "/edit": ({ text, ...named }) => {
      if (frozen || message(named).from !== "us") throw new Refused(409, "too_late", "It cannot be changed any more.");
      message(named).text = text;
    },
    "/delete": (named) => {
      if (frozen) throw new Refused(409, "too_late", "It cannot be changed any more.");
      message(named).deleted = true;
    },
    "/react": ({ emoji, ...named }) => void (message(named).reaction = emoji),
    "/seen": (named) => void (chat(named.chat).seen = Number(named.id)),
    "/typing": (named) => void (chat(named.chat).typing += 1),
    "/groups": () => ({ groups: [...chats.values()].filter((one) => one.kind === "group").map(about) }),
  };

  /** @type {Record<string, (said: any) => unknown>} */
  const acts = {
    settings: (said) => Object.assign(settings, said),
    scan: () => {
      const [, ticket] = last();
      if (!ticket || ticket.until <= Date.now()) throw new Error("no code to scan");
      ticket.scanned = true;
      return ticket;
    },
    over: () => {
      const [, ticket] = last();
      if (ticket) ticket.until = 0;
    },
    group: ({ id, title, left }) => {
      if (left) chats.delete(id);
      else chats.set(id, { id, kind: "group", title, messages: [], typing: 0, seen: 0 });
    },
    person: (person) => void people.set(person.id, person),
    write: ({ from, chat: id, text = "", files: sent = [], reply_to }) => {
      const into = id ? chat(id) : talk(from);
      const theirs = sent.map((/** @type {{name: string, type: string, base64: string}} */ one) => ({ id: name("file-"), name: one.name, type: one.type, bytes: Buffer.from(one.base64, "base64") }));
      for (const file of theirs) files.set(file.id, file);
      const said = say(into, { from: from.id, text, files: theirs, reply_to });
      tell({ type: "message", chat: about(into), from, id: said.id, text, files: theirs.map(shown), reply_to });
      return { chat: into.id, id: said.id };
    },
    phone: ({ chat: id, text }) => {
      const into = chat(id);
      const said = say(into, { from: "us", text, files: [] });
      tell({ type: "message", chat: about(into), from: { id: ACCOUNT.id }, to: into.with, ours: true, id: said.id, text });
      return { id: said.id };
    },
    edit: ({ text, ...named }) => {
      message(named).text = text;
      tell({ type: "edited", chat: { id: named.chat }, id: named.id, text });
    },
    delete: (named) => {
      message(named).deleted = true;
      tell({ type: "deleted", chat: { id: named.chat }, id: named.id });
    },
    react: ({ emoji, from, ...named }) => {
      message(named).reaction = emoji;
      tell({ type: "reacted", chat: { id: named.chat }, id: named.id, emoji, from });
    },
    seen: (named) => void tell({ type: "seen", chat: { id: named.chat }, id: named.id }),
    typing: (named) => void tell({ type: "typing", chat: { id: named.chat } }),
    block: ({ from }) => {
      blocked.add(from.id);
      tell({ type: "blocked", from });
    },
    unblock: ({ from }) => {
      blocked.delete(from.id);
      tell({ type: "unblocked", from });
    },
    freeze: () => {
      frozen = true;
    },
    revoke: () => {
      devices.clear();
      for (const go of [...waiting]) go();
    },
  };

  /** @param {import("./common.mjs").Asked} asked */
  async function answer(asked) {
    const open = before[asked.path];
    if (open) return open(await fields(asked));
    const token = (asked.headers["authorization"] ?? "").replace(/^Bearer /, "");
    if (!devices.has(token)) throw new Refused(401, "unknown_token", "This device is not linked.");
    if (asked.method === "GET") {
      const file = files.get(asked.path.replace("/files/", ""));
      if (!file) throw new Refused(404, "no_file", "There is no such file.");
      return file.bytes;
    }
    const call = calls[asked.path];
    if (!call) throw new Refused(400, "no_such_call", "There is no such call.");
    return (await call(await fields(asked), token)) ?? {};
  }

  return {
    name: ({ path, method }) => (method === "GET" ? "file" : path.slice(1)),
    async answer(asked) {
      try {
        return { status: 200, body: await answer(asked) };
      } catch (error) {
        if (error instanceof Refused) return { status: error.status, body: { error: error.code, message: error.message } };
        throw error;
      }
    },
    control: (op, body, { query }) => {
      if (op === "code") return { code: last()[1]?.code ?? "", codes: tickets.size, devices: devices.size };
      if (op === "chat") {
        const found = chat(query.get("id") ?? "");
        const seen = (/** @type {File} */ file) => ({ name: file.name, type: file.type, sha256: createHash("sha256").update(file.bytes).digest("hex") });
        return { ...found, messages: found.messages.map((one) => ({ ...one, files: one.files.map(seen) })) };
      }
      const act = acts[op];
      return act && (act(body) ?? {});
    },
    shown: ({ body, headers, path }) => {
      if ((headers["content-type"] ?? "").startsWith("multipart/")) return `(${body.length} bytes)`;
      return path === "/devices/password" ? "…" : body.toString("utf8");
    },
  };
}
