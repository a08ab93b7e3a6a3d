// @ts-check
/** How the fake's own test talks to it: as the gateway would, with tokens and signatures, and a place where hooks arrive. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { md5, requestSignature } from "./sign.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {{path: string, headers: Record<string, any>, text: string}} Came */

export const CHANNEL = "11111111-2222-4333-8444-555555555555";
export const SECRET = "7d1f0c2b9a8e4d6f5b3a1c0e9d8f7a6b5c4d3e2f";
export const AMOJO = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
export const SCOPE = `${CHANNEL}_${AMOJO}`;
export const CLIENT = "0d0d0d0d-1111-4222-8333-444444444444";

/** Where hooks arrive; a path with `slow` is never answered, one with `fail` badly, and one with `media` has ten bytes. */
export async function receiver() {
  /** @type {Came[]} */
  const came = [];
  /** @type {(() => void)[]} */
  let waiting = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const path = request.url ?? "";
    came.push({ path, headers: request.headers, text: Buffer.concat(parts).toString("utf8") });
    waiting.splice(0).forEach((go) => go());
    if (path.includes("slow")) return;
    if (path.includes("media")) return void response.end("0123456789");
    response.writeHead(path.includes("fail") ? 500 : 200).end();
  });
  await new Promise((go) => server.listen(0, "127.0.0.1", () => go(null)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    came,
    /** The first that is so, when it has come. @param {(one: Came) => boolean} is @returns {Promise<Came>} */
    async next(is) {
      for (;;) {
        const at = came.findIndex(is);
        if (at >= 0) return /** @type {Came} */ (came.splice(at, 1)[0]);
        await new Promise((go) => waiting.push(() => go(null)));
      }
    },
    end: () => (server.closeAllConnections(), server.close()),
  };
}

export async function fake() {
  const process = spawn("node", [fileURLToPath(new URL("../main.mjs", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((done) => process.stdout.once("data", (data) => done(String(data))));
  const url = `${JSON.parse(line).url}/amocrm`;
  /** @param {Response} answer */
  const read = async (answer) => {
    const text = await answer.text();
    /** @type {any} */
    let body = text;
    try {
      body = JSON.parse(text);
    } catch {
      // A text.
    }
    return { status: answer.status, headers: answer.headers, text, body };
  };
  let token = "";
  const known = {
    url,
    /** @param {string} op @param {Fields} [body] @returns {Promise<any>} */
    async act(op, body = {}) {
      const answer = await read(await fetch(`${url}/_fake/${op}`, { method: "POST", body: JSON.stringify(body) }));
      if (answer.status !== 200) throw new Error(`${op}: ${answer.text}`);
      return answer.body;
    },
    /** Everything as at the start, and a token of an account. @param {Fields} [said] */
    async fresh(said = {}) {
      await known.act("reset");
      const pair = await known.act("token", said);
      token = pair.access_token;
      return pair;
    },
    /** @param {string} method @param {string} path @param {unknown} [body] @param {{host?: string, token?: string, headers?: Record<string, string>}} [how] */
    async call(method, path, body, how = {}) {
      const headers = { authorization: `Bearer ${how.token ?? token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...how.headers };
      return await read(await fetch(`${url}/${how.host ?? "demo.amocrm.ru"}${path}`, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
    },
    /** A request to the chats, signed. @param {string} method @param {string} path @param {unknown} body  as a text: those very bytes @param {Fields} [how]  `date`, `sum`, `signature`, `secret` as a test likes */
    async chat(method, path, body = "", how = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const whole = `/v2/origin/custom/${path}`;
      const date = how.date ?? new Date().toUTCString();
      const sum = how.sum ?? md5(text);
      const signature = how.signature ?? requestSignature(how.secret ?? SECRET, method, sum, "application/json", date, whole.split("?")[0] ?? "");
      const headers = { date, "content-type": "application/json", "content-md5": sum, "x-signature": signature };
      return await read(await fetch(`${url}/${how.host ?? "amojo.amocrm.ru"}${whole}`, { method, headers, ...(method === "GET" ? {} : { body: text }) }));
    },
    /** The chat channel is connected, and its hooks come here. @param {string} hook_url @param {string} [hook_api_version] */
    async connect(hook_url, hook_api_version = "v2") {
      await known.act("channel", { hook_url });
      return await known.chat("POST", `${CHANNEL}/connect`, { account_id: AMOJO, title: "Gateway demo", hook_api_version });
    },
    /** A client's message. @param {string} msgid @param {Fields} [more] */
    message: (msgid, more = {}) => ({
      event_type: "new_message",
      payload: { timestamp: 1795176000, msec_timestamp: 1795176000123, msgid, conversation_id: "gw-c-1", sender: { id: "gw-u-1", name: "Анна" }, message: { type: "text", text: "Привет" }, silent: false, ...more },
    }),
    end: () => process.stdin.end(),
  };
  return known;
}
