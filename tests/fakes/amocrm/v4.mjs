// @ts-check
/** The API of the fourth version: who may ask, and the list of calls. */
import { calls as around } from "./around.mjs";
import { nothing } from "./call.mjs";
import { calls as crm } from "./crm.mjs";
import { calls as inbox } from "./inbox.mjs";
import { page, problem } from "./refused.mjs";
import { calls as written } from "./written.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */

const ROUTES = [...inbox, ...around, ...crm, ...written];

/** @param {string} method @param {string} path */
export function called(method, path) {
  const own = path.replace(/^\/api\/v4/, "").replace(/\/$/, "");
  for (const route of ROUTES) {
    const found = route[0] === method && route[1].exec(own);
    if (found) return { route, parts: found.slice(1), path: own };
  }
  return undefined;
}

/** @param {import("./world.mjs").World} world @param {Account} account @param {string} path @param {import("../common.mjs").Asked} asked @param {string} [current]  the name of the account it was called by */
export function v4(world, account, path, asked, current = account.host) {
  const token = bearer(world, account, asked, current);
  world.limits.admit(account, token.client_id);
  if (account.modes.unpaid) throw problem(402, "Payment Required");
  const found = called(asked.method, path);
  if (!found) throw problem(ROUTES.some(([, pattern]) => pattern.test(path.replace(/^\/api\/v4/, ""))) ? 405 : 404, "Not found");
  const integration = world.integration({ client_id: token.client_id });
  const as = asked.headers["x-context-user-id"];
  const user = account.users.find((one) => one.id === (as === undefined ? token.user : Number(as)));
  if (!user || (as !== undefined && user.is_free)) throw problem(401, "Unauthorized");
  const [, , , run, admin] = found.route;
  if (admin && !user.is_admin) throw problem(403, "Forbidden");
  /** @type {any} */
  let said;
  if (asked.method !== "GET" && asked.body.length) {
    try {
      said = JSON.parse(asked.body.toString("utf8"));
    } catch {
      throw problem(400, "Request body is not JSON");
    }
  }
  if (["POST", "PATCH", "PUT"].includes(asked.method) && (said === undefined || said === null || typeof said !== "object")) throw problem(400, "Request body is empty");
  return run({ world, account, integration, user, path: found.path, parts: found.parts.map((part) => part && decodeURIComponent(part)), query: opened(asked.query), asked, said }) ?? nothing;
}

/** Of a token that is good for this account. @param {import("./world.mjs").World} world @param {Account} account @param {import("../common.mjs").Asked} asked @param {string} current */
export function bearer(world, account, asked, current = account.host) {
  if (account.modes.blocked) throw page(403);
  const token = world.access.get((asked.headers["authorization"] ?? "").replace(/^Bearer /, ""));
  // Under its old name there is no such account.
  if (current !== account.host) throw problem(401, "Account not found", { error_code: 101 });
  if (!token || token.revoked || token.account !== account || token.until <= world.now() || !account.installs.has(token.client_id)) throw problem(401, "Unauthorized");
  return token;
}

/** `filter[x][]=1&filter[x][]=2` as `{filter: {x: ["1", "2"]}}`. @param {URLSearchParams} query */
export function opened(query) {
  /** @type {Fields} */
  const into = {};
  for (const [key, value] of query) {
    const names = key.split("[").map((one) => one.replace("]", ""));
    const last = names.pop() ?? "";
    let place = into;
    if (last !== "") {
      for (const name of names) place = place[name] ??= {};
      place[last] = value;
      continue;
    }
    const list = names.pop() ?? "";
    for (const name of names) place = place[name] ??= {};
    place[list] = [place[list] ?? []].flat().concat(value);
  }
  return into;
}
