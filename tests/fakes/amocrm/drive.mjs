// @ts-check
/** The drive of an account: uploads in parts by a session, and the files. Downloads need no token. */
import { randomUUID } from "node:crypto";
import { problem } from "./refused.mjs";
import { sha256 } from "./sign.mjs";

/** @typedef {Record<string, any>} Fields */

const PART = 524_288;
const MOST = 314_572_800;
const SESSION_MS = 24 * 3_600_000;

/** @type {WeakMap<import("./world.mjs").World, Map<string, Fields>>} */
const sessions = new WeakMap();

/** @param {string} method @param {string} path */
export function called(method, path) {
  if (method === "GET") return path.startsWith("/v1.0/files/") ? "drive.file" : undefined;
  if (method !== "POST") return undefined;
  return path === "/v1.0/sessions" ? "drive.session" : path.startsWith("/v1.0/sessions/upload/") ? "drive.part" : undefined;
}

/** @param {import("./world.mjs").World} world @param {import("./account.mjs").Account} account @param {string} path @param {import("../common.mjs").Asked} asked */
export function drive(world, account, path, asked) {
  const known = sessions.get(world) ?? new Map();
  sessions.set(world, known);
  const next = (/** @type {string} */ id, /** @type {number} */ at) => world.href(account.drive, `/v1.0/sessions/upload/${id}/${at}`);
  if (asked.method === "GET") {
    const file = account.files.get(path.split("/")[3] ?? "");
    if (!file) throw problem(404, "File not found");
    return { status: 200, body: shown(world, account, file) };
  }
  if (path === "/v1.0/sessions") {
    const { file_name, file_size, content_type = "application/octet-stream", file_uuid } = JSON.parse(asked.body.toString("utf8") || "{}");
    if (typeof file_name !== "string" || !Number.isInteger(file_size) || file_size <= 0 || file_size > MOST) throw problem(400, "file_name and file_size are required");
    const id = randomUUID();
    known.set(id, { account, file_name, file_size, content_type, file_uuid, parts: [], until: world.now() + SESSION_MS });
    return { status: 200, body: { session_id: world.next(), upload_url: next(id, 0), max_part_size: PART, max_file_size: MOST } };
  }
  const [, , , , id = "", at = ""] = path.split("/");
  const session = known.get(id);
  if (!session || session.account !== account || session.until <= world.now() || Number(at) !== session.parts.length) throw problem(404, "Session not found");
  if (!asked.body.length || asked.body.length > PART) throw problem(400, "part is too large");
  session.parts.push(asked.body);
  const bytes = Buffer.concat(session.parts);
  if (bytes.length > session.file_size) throw problem(400, "more than was told");
  if (bytes.length < session.file_size) return { status: 202, body: { next_url: next(id, session.parts.length), session_id: id } };
  known.delete(id);
  const uuid = session.file_uuid ?? randomUUID();
  const file = {
    uuid, version_uuid: randomUUID(), name: session.file_name, type: session.content_type, size: bytes.length, sha256: sha256(bytes),
    link: world.publish(account.drive, session.file_name, session.content_type, bytes),
  };
  account.files.set(uuid, file);
  return { status: 200, body: shown(world, account, file) };
}

/** @param {import("./world.mjs").World} world @param {import("./account.mjs").Account} account @param {Fields} file */
const shown = (world, account, { uuid, version_uuid, name, type, size, link }) => ({
  uuid, version_uuid, name, sanitized_name: name, size, type: "file", is_trashed: false, metadata: { extension: name.split(".").pop(), mime_type: type },
  _links: { self: { href: world.href(account.drive, `/v1.0/files/${uuid}`) }, download: { href: link } },
});
