// @ts-check
/**
 * amoCRM and Kommo as the gateway meets them, every host behind one prefix: `URL/amocrm/demo.amocrm.ru/api/v4/leads`, `URL/amocrm/www.amocrm.ru/oauth?client_id=…`,
 * `URL/amocrm/amojo.amocrm.ru/v2/origin/custom/…`, `URL/amocrm/drive-b.amocrm.ru/…`, `URL/amocrm/api-b.amocrm.ru/oauth2/account/current/subdomain`; `*.amocrm.com` and `*.kommo.com` likewise. What a
 * signature signs is the path behind the host. Written from what amoCRM documents and others saw; where nobody knows, it is what is harder for a gateway, and a switch of `settings` (`amocrm/world.mjs`).
 * The accounts `demo` and `second` are there, one integration and one chat channel. All that a test may do under `/amocrm/_fake/` stands in `amocrm/acts.mjs`.
 *
 * What people see of it is there as well, for widgets: `amocrm/ui/server.mjs`.
 *
 * Calls have names, for faults and the ledger: `oauth.token`, `oauth.subdomain`, `oauth.page`, `leads.create` (`.list`, `.get`, `.update`, `.link`, `.notes.create`, `.custom_fields.create` …, so for contacts and
 * companies), `leads.complex`, `pipelines`, `account`, `users`, `tasks.create`, `unsorted.accept`, `contacts.chats`, `contacts.chats.link`, `talks.close`, `events`, `sources.create`, `webhooks.create`,
 * `amojo.connect`, `amojo.disconnect`, `amojo.chat`, `amojo.message`, `amojo.edit`, `amojo.typing`, `amojo.react`, `amojo.history`, `amojo.status`, `drive.session`, `drive.part`, `file`, `short link`.
 */
import { fields } from "./common.mjs";
import { acts } from "./amocrm/acts.mjs";
import { called as chatCalled, chats } from "./amocrm/amojo.mjs";
import { full } from "./amocrm/crm.mjs";
import { called as driveCalled, drive } from "./amocrm/drive.mjs";
import { consent, subdomain, tokens } from "./amocrm/oauth.mjs";
import { page, problem, Refused } from "./amocrm/refused.mjs";
import { bearer, called, v4 } from "./amocrm/v4.mjs";
import { page as people, shown as forPeople } from "./amocrm/ui/server.mjs";
import { World } from "./amocrm/world.mjs";

/** @typedef {import("./common.mjs").Asked} Asked */
/** @typedef {import("./common.mjs").Answer} Answer */

const HOST = /^([a-z0-9-]+)\.(amocrm\.ru|amocrm\.com|kommo\.com)$/;

/** @param {Asked} asked */
function place({ path: whole }) {
  const [, host = "", path = ""] = /^\/([^/]*)(.*)$/.exec(whole) ?? [];
  return { host, path, sub: HOST.exec(host)?.[1] ?? "" };
}

/** @param {Asked} asked */
function name(asked) {
  const { path, sub } = place(asked);
  if (place(asked).host === "amo.si") return "short link";
  if (path.startsWith("/attachments/")) return "file";
  if (path === "/oauth") return "oauth.page";
  if (path === "/oauth2/access_token") return "oauth.token";
  if (path.startsWith("/oauth2/account/")) return "oauth.subdomain";
  if (sub === "amojo") return chatCalled(asked.method, path, asked.body.length < 1_000_000 ? asked.body.toString("utf8") : "")?.name ?? `amojo ${path}`;
  if (sub === "drive-b") return driveCalled(asked.method, path) ?? `drive ${path}`;
  if (forPeople(path)) return "page";
  const found = called(asked.method, path);
  return found ? full(found.route[2], found.parts) : path;
}

/** @param {import("./amocrm/world.mjs").World} world @param {Asked} asked @returns {Promise<Answer>} */
async function answer(world, asked) {
  const { host, path, sub } = place(asked);
  const link = host === "amo.si" ? world.links.get(path.slice(1)) : undefined;
  if (link) return { status: 302, body: "", headers: { location: link } };
  if (!sub) return { status: 404, body: "no such host" };
  if (path.startsWith("/attachments/")) {
    const file = world.fileAt(path);
    return file ? { status: 200, body: file.bytes, headers: { "content-type": file.type } } : { status: 404, body: "gone" };
  }
  if (path === "/oauth2/account/current/subdomain") return { status: 200, body: subdomain(world, asked) };
  if (sub === "www") return path === "/oauth" ? consent(world, host, asked, await fields(asked)) : { status: 404, body: "not found" };
  if (sub === "amojo") return await chats(world, host, path, asked);
  if (sub === "drive-b") {
    const held = world.access.get((asked.headers["authorization"] ?? "").replace(/^Bearer /, ""));
    if (!held || !driveCalled(asked.method, path)) throw problem(held ? 404 : 401, "Unauthorized");
    bearer(world, held.account, asked);
    if (host !== held.account.drive || !world.integration({ client_id: held.client_id }).scopes.includes("files")) throw problem(403, "Forbidden");
    return drive(world, held.account, path, asked);
  }
  const account = world.accounts.find((one) => one.host === host || one.former.includes(host));
  const login = path === "/oauth2/access_token" && asked.method === "POST";
  if (!account) return { status: login ? 404 : 401, body: login ? "" : { title: "Unauthorized", status: 401, detail: "Account not found", error_code: 101 } };
  if (account.host !== host && world.settings.renamed === "redirect") return { status: 301, body: "", headers: { location: world.href(account.host, path) } };
  if (!login) {
    const own = await people(world, account, path, asked);
    if (own) return own;
  }
  if (!login) return v4(world, account, path, asked, host);
  if (account.modes.blocked) throw page(403);
  if (account.host !== host) return { status: 404, body: "" };
  return { status: 200, body: tokens(world, account, asked) };
}

/** @returns {import("./common.mjs").Fake} */
export function amocrm() {
  const world = new World();
  const doing = acts(world);
  return {
    name,
    async answer(asked) {
      world.origin = asked.origin;
      try {
        return await answer(world, asked);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { status: error.status, body: error.body, headers: error.headers };
      }
    },
    control: async (op, body, asked) => {
      world.origin = asked.origin;
      return await doing[op]?.({ ...Object.fromEntries(asked.query), ...body });
    },
    shown: (asked) => {
      const { host, path, sub } = place(asked);
      const token = world.access.get((asked.headers["authorization"] ?? "").replace(/^Bearer /, ""));
      const scope = sub === "amojo" ? path.split("/")[4]?.split("_")[1] : undefined;
      const account = token?.account ?? world.accounts.find((one) => one.host === host || one.former.includes(host) || one.amojo_id === scope);
      const text = asked.body.length < 100_000 ? asked.body.toString("utf8") : `(${asked.body.length} bytes)`;
      const said = text.replace(/"(client_secret|refresh_token|code)"\s*:\s*"[^"]*"/g, '"$1":"…"');
      return { account: account?.subdomain ?? null, client_id: token?.client_id ?? null, clock: world.now(), method: asked.method, host, path, query: Object.fromEntries(asked.query), said };
    },
  };
}
