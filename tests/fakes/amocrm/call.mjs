// @ts-check
/** What the calls of the API have in common: pages, batches and their errors, filters. */
import { invalid, problem } from "./refused.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */
/**
 * A call as it came.
 * @typedef {object} Call
 * @property {import("./world.mjs").World} world
 * @property {Account} account
 * @property {Fields} integration
 * @property {Fields} user  whose rights it has
 * @property {string} path  behind `/api/v4`
 * @property {string[]} parts
 * @property {Fields} query  with its brackets opened
 * @property {import("../common.mjs").Asked} asked
 * @property {any} said
 */
/** @typedef {{status: number, body: any, headers?: Record<string, string>}} Answer */
/** Method, path, name, `admin` when only an admin may. @typedef {[string, RegExp, string, (call: Call) => Answer | undefined, "admin"?]} Route */

const MOST = 250;
const USUAL = 50;
const HAL = { "content-type": "application/hal+json" };

/** An empty list, and what is not there. */
export const nothing = { status: 204, body: "" };

/** @param {unknown} body @param {number} [status] @returns {Answer} */
export const hal = (body, status = 200) => ({ status, body, headers: HAL });

/** Values of a filter, one, several, or with commas. @param {unknown} given @returns {string[] | undefined} */
export function listed(given) {
  if (given === undefined) return undefined;
  const all = typeof given === "object" && given !== null ? Object.values(given) : [given];
  return all.flatMap((one) => String(one).split(","));
}

/** @param {Fields} filter @param {string} name */
export function between(filter, name) {
  const { from, to } = filter?.[name] ?? {};
  const exact = typeof filter?.[name] === "string" ? Number(filter[name]) : undefined;
  return (/** @type {number} */ at) => (exact === undefined || at === exact) && (from === undefined || at >= Number(from)) && (to === undefined || at <= Number(to));
}

/** A page of a list, without a total; nothing when there is nothing. @param {Call} call @param {string} plural @param {any[]} all @param {(one: any) => unknown} shown @param {{most?: number, usual?: number}} [bounds] */
export function paged({ world, account, path, query, asked }, plural, all, shown, { most = MOST, usual = USUAL } = {}) {
  const [at, limit] = [Number(query.page ?? 1), Number(query.limit ?? usual)];
  if (!(Number.isInteger(limit) && limit > 0 && limit <= most)) throw problem(422, `Limit ${most} per page`);
  const slice = all.slice((at - 1) * limit, at * limit);
  if (!(at >= 1) || !slice.length) return nothing;
  const to = (/** @type {number} */ page) => {
    const asking = new URLSearchParams(asked.query);
    asking.set("page", String(page));
    asking.set("limit", String(limit));
    return { href: world.href(account.host, `/api/v4${path}?${asking}`) };
  };
  const links = { self: to(at), ...(at > 1 ? { first: to(1), prev: to(at - 1) } : {}), ...(all.length > at * limit ? { next: to(at + 1) } : {}) };
  return hal({ _page: at, _links: links, _embedded: { [plural]: slice.map(shown) } });
}

/**
 * Several of a kind are written, all or, when one of them is wrong, none.
 * @param {Call} call @param {{most?: number, check?: (item: Fields, at: number) => {code: string, path: string, detail: string}[]}} rules @param {(item: Fields, request_id: string) => any} run
 */
export function batch({ said }, { most = MOST, check = () => [] }, run) {
  /** @type {Fields[]} */
  const items = Array.isArray(said) ? said : [];
  if (!items.length) throw problem(400, "Request body must be a list");
  if (items.length > most) throw problem(422, `Limit ${most} per page`);
  const id = (/** @type {Fields} */ item, /** @type {number} */ at) => String(item.request_id ?? at);
  const bad = items.map((item, at) => ({ request_id: id(item, at), errors: check(item, at) })).filter(({ errors }) => errors.length);
  if (bad.length) throw invalid(bad);
  return items.map((item, at) => run(item, id(item, at)));
}

/** One, or 404: what is written to must be there. @template T @param {T | undefined} one @param {string} what @returns {T} */
export function there(one, what) {
  if (one === undefined || one === null) throw problem(404, `${what} not found`);
  return one;
}

/** @param {Fields[]} errors @param {string} [request_id] */
export const wrongItem = (errors, request_id = "0") => invalid([{ request_id, errors: /** @type {any} */ (errors) }]);
