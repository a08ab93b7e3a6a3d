// @ts-check
/**
 * amoCRM as people see it, as far as a widget needs it: `URL/amocrm/demo.amocrm.ru/login?user=Борис Менеджеров` and from there the desktop, a deal (`leads/detail/5`), a contact, the list of contacts, the
 * place where widgets are put in. Written from the papers of its web SDK; `page.mjs` is the page itself. The API answers whoever is signed in here as the person they are.
 */
import { readFileSync } from "node:fs";
import { installs, uninstalls } from "../oauth.mjs";
import { called, opened } from "../v4.mjs";
import { problem } from "../refused.mjs";
import { examined } from "./archive.mjs";
import { unzip } from "./unzip.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("../world.mjs").World} World */
/** @typedef {import("../account.mjs").Account} Account */
/** @typedef {import("../../common.mjs").Asked} Asked */
/** @typedef {{code: string, files: Map<string, Buffer>, manifest: Fields, words: Record<string, Fields>, on: boolean, fields: Record<string, string>}} Put */

/** The widget of each account, whether it is switched on, and what is typed into its settings. @type {WeakMap<Account, Put>} */
const widgets = new WeakMap();

const PAGES = /^\/(?:(?:leads|contacts)\/detail\/\d+|(?:leads|contacts)\/list\/?|settings\/widgets\/?)?$/;
const TYPES = /** @type {Record<string, string>} */ ({ js: "text/javascript; charset=utf-8", mjs: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", json: "application/json", png: "image/png", html: "text/html; charset=utf-8" });

/** Whether this is for a browser. @param {string} path */
export const shown = (path) => PAGES.test(path) || /^\/(login$|ui\/|upl\/)/.test(path);

/** @param {Buffer} bytes @param {string} name */
const file = (bytes, name) => ({ status: 200, body: bytes, headers: { "content-type": TYPES[name.split(".").pop() ?? ""] ?? "application/octet-stream", "cache-control": "no-store" } });
const own = (/** @type {string} */ name) => file(readFileSync(new URL(name, import.meta.url)), name);

/** Who is signed in. @param {Account} account @param {Asked} asked */
function person(account, asked) {
  const id = /(?:^|; )fake_amo=(\d+)/.exec(asked.headers["cookie"] ?? "")?.[1];
  return account.users.find((user) => user.id === Number(id));
}

/** @param {World} world @param {Account} account @param {string} path @param {Asked} asked @returns {Promise<import("../../common.mjs").Answer | undefined>} */
export async function page(world, account, path, asked) {
  const user = person(account, asked);
  if (path === "/login") {
    const who = account.person(asked.query.get("user") ?? undefined);
    const at = new URL(world.origin).pathname;
    return { status: 302, body: "", headers: { location: `${at}/${account.host}/`, "set-cookie": `fake_amo=${who.id}; Path=${at}/${account.host}; SameSite=Lax` } };
  }
  if (path.startsWith("/api/v4/") && asked.method === "GET" && user && !asked.headers["authorization"]) return asPerson(world, account, user, path, asked);
  if (!shown(path)) return undefined;
  if (!user) return { status: 401, body: "sign in first: /login?user=" };
  if (PAGES.test(path)) return own("page.html");
  const upl = /^\/upl\/([^/]+)\/widget\/(.+)$/.exec(path);
  const put = widgets.get(account);
  if (upl) {
    const bytes = put && put.code === upl[1] ? put.files.get(upl[2] ?? "") : undefined;
    return bytes ? file(bytes, path) : { status: 404, body: "no such file" };
  }
  return await doing(world, account, user, path.slice(4), asked);
}

/** @param {World} world @param {Account} account @param {Fields} user @param {string} path @param {Asked} asked */
function asPerson(world, account, user, path, asked) {
  const found = called("GET", path);
  if (!found) throw problem(404, "Not found");
  const integration = world.integration({});
  return found.route[3]({ world, account, integration, user, path: found.path, parts: found.parts.map((part) => part && decodeURIComponent(part)), query: opened(asked.query), asked, said: undefined }) ?? { status: 204, body: "" };
}

/** @param {World} world @param {Account} account @param {Fields} user @param {string} what @param {Asked} asked @returns {Promise<import("../../common.mjs").Answer>} */
async function doing(world, account, user, what, asked) {
  if (what === "page.mjs" || what === "page.css") return own(what);
  const put = widgets.get(account);
  if (what === "boot") return { status: 200, body: boot(account, user, put) };
  if (what === "chats") return { status: 200, body: chats(account, asked.query) };
  if (asked.method !== "POST" || !user.is_admin) return { status: 403, body: "administrators only" };
  const integration = world.integration({});
  if (what === "archive") {
    try {
      const files = unzip(asked.body);
      widgets.set(account, { on: false, fields: {}, ...put, code: integration.widget, files, ...examined(files) });
      return { status: 200, body: {} };
    } catch (error) {
      return { status: 400, body: String(error) };
    }
  }
  if (!put) return { status: 404, body: "no widget" };
  if (what === "save") {
    const first = !put.on;
    Object.assign(put, { on: true, fields: JSON.parse(asked.body.toString("utf8")) });
    // Whoever switches a widget on has the integration called, without a state; a private one may have no address.
    return { status: 200, body: first && integration.redirect_uri ? await installs(world, account, integration, { user: user.id }) : {} };
  }
  if (what === "remove") {
    Object.assign(put, { on: false, fields: {} });
    return { status: 200, body: await uninstalls(world, account, integration) };
  }
  return { status: 404, body: "nothing here" };
}

/** @param {Account} account @param {Fields} user @param {Put | undefined} put */
function boot(account, user, put) {
  const { id, name, subdomain, host, amojo_id } = account;
  const lang = user.lang ?? "ru";
  return {
    account: { id, name, subdomain, amojo_id, language: "ru" },
    user: { id: user.id, name: user.name, is_admin: user.is_admin, lang },
    host,
    theme: user.theme ?? "light",
    contacts: [...account.entities.contacts.values()].map((one) => ({ id: one.id, name: one.name })),
    leads: [...account.entities.leads.values()].map((one) => ({ id: one.id, name: one.name })),
    widget: put && { code: put.code, on: put.on, fields: put.fields, manifest: put.manifest, langs: put.words[lang] ?? put.words["en"] },
  };
}

/** The conversations one may answer in, of a deal's contacts or of one. @param {Account} account @param {URLSearchParams} query */
function chats(account, query) {
  const lead = Number(query.get("lead"));
  const people = lead ? account.links.filter((one) => one.a === "leads" && one.aid === lead && one.b === "contacts").map((one) => one.bid) : [Number(query.get("contact"))];
  return [...account.chats.values()].filter((chat) => people.includes(chat.contact)).map((chat, at) => ({ id: chat.id, number: at + 1, name: account.people.get(chat.person)?.name ?? "" }));
}
