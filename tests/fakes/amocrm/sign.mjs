// @ts-check
/** Who said it: the signatures of the chats, of their hooks and of the uninstall hook. */
import { createHash, createHmac } from "node:crypto";

/** @param {Buffer | string} bytes */
export const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");

/** @param {Buffer | string} bytes */
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Of a request to the chats. The secret is a text, though it looks like hex. @param {string} secret @param {string} method @param {string} sum @param {string} type @param {string} date @param {string} path */
export const requestSignature = (secret, method, sum, type, date, path) => bodySignature(secret, [method, sum, type, date, path].join("\n"));

/** Of a hook of the chats: of its body and nothing else. @param {string} secret @param {Buffer | string} body */
export const bodySignature = (secret, body) => createHmac("sha1", secret).update(body).digest("hex");

/** Of the hook that says an integration was taken off. @param {string} secret @param {string} client @param {number} account */
export const uninstallSignature = (secret, client, account) => createHmac("sha256", secret).update(`${client}|${account}`).digest("hex");

const DATE = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})$/;

/**
 * Whether a request was signed as it came, byte for byte.
 * @param {import("../common.mjs").Asked} asked @param {string} path  behind the host, without the query @param {string} secret
 * @param {{now: number, old: number, ahead: number}} age  milliseconds: how old and how far ahead of our clock it may be
 */
export function signed(asked, path, secret, { now, old, ahead }) {
  const { date = "", "content-type": type = "", "content-md5": sum = "", "x-signature": given = "" } = asked.headers;
  const at = DATE.test(date) ? Date.parse(date) : NaN;
  if (!(at >= now - old && at <= now + ahead)) return false;
  return sum === md5(asked.body) && given === requestSignature(secret, asked.method, sum, type, date, path);
}
