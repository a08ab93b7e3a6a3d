// @ts-check
/**
 * What the fakes share: reading requests, answering, faults by script, and the ledger.
 *
 * Under `/NAME/_fake/` a test may
 *  - `POST faults` `{call, when?, times?, act}`: what happens to the next calls of a method instead of the usual (`call`: its name or `*`;
 *    `when`: a text that must stand in the body). `act` is one of
 *    `{kind: "answer", status, body, headers?}`  answered so, nothing is carried out;
 *    `{kind: "lose"}`     carried out, then the connection is cut without a byte;
 *    `{kind: "drop"}`     cut before anything is carried out;
 *    `{kind: "half"}`     carried out, half of the answer comes, then the connection is cut;
 *    `{kind: "instead", status, body, headers?}`  carried out, then answered so;
 *    `{kind: "delay", ms}` carried out, answered later;
 *    `{kind: "hold"}`     carried out, answered when `POST let-go` comes; `GET held`: how many wait for that;
 *  - `GET ledger`: every call as it came: `{at, call, body, taken}` (`at`: milliseconds of the fake's clock);
 *  - `POST count` `{call, when}`: how many calls were carried out in whose body this text stands;
 *  - `POST calm`: no fault waits any more; `POST reset`: everything as at the start;
 *  - and whatever the fake itself offers.
 */

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */
/** @typedef {{kind: string, status?: number, body?: unknown, headers?: Record<string, string>, ms?: number}} Act */
/** @typedef {{call: string, when?: string, times: number, act: Act}} Fault */
/** @typedef {{status: number, body: unknown, headers?: Record<string, string>}} Answer */
/** @typedef {{path: string, query: URLSearchParams, headers: Record<string, string>, method: string, body: Buffer, origin: string}} Asked */
/**
 * @typedef {object} Fake
 * @property {(asked: Asked) => string} name  the method a request calls, for faults and the ledger
 * @property {(asked: Asked) => Promise<Answer> | Answer} answer  carries it out
 * @property {(op: string, body: any, asked: Asked) => Promise<unknown> | unknown} control  what a test asks of it
 * @property {(asked: Asked) => unknown} [shown]  the body as it stands in the ledger; usually its text
 */

const LIMIT = 300 * 1024 * 1024;
/** @type {Map<string, {fake: Fake, faults: Fault[], ledger: object[], held: (() => void)[]}>} */
const running = new Map();

/** @param {Request} request */
async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > LIMIT) throw new Error("too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @param {Response} response @param {number} status @param {unknown} body @param {Record<string, string>} [headers] */
function say(response, status, body, headers = {}) {
  if (status === 204) return void response.writeHead(status, headers).end();
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? "application/octet-stream" : typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  response.writeHead(status, { "content-type": type, "content-length": bytes.length, ...headers });
  response.end(bytes);
}

/** @param {string} name @param {() => Fake} make @param {Request} request @param {Response} response */
export async function serve(name, make, request, response) {
  let now = running.get(name);
  if (!now) running.set(name, (now = { fake: make(), faults: [], ledger: [], held: [] }));
  const { fake, faults, ledger, held } = now;
  try {
    const url = new URL(request.url ?? "/", "http://fake");
    const body = await read(request);
    const path = url.pathname.slice(name.length + 1);
    /** @type {Asked} */
    const asked = { path, query: url.searchParams, headers: /** @type {any} */ (request.headers), method: request.method ?? "GET", body, origin: `http://${request.headers.host}/${name}` };
    if (path.startsWith("/_fake/")) return await control(now, path.slice(7), asked, response, name);
    const call = fake.name(asked);
    const text = body.length < 1024 * 1024 ? body.toString("utf8") : "";
    const at = faults.findIndex((fault) => (fault.call === "*" || fault.call === call) && (!fault.when || text.includes(fault.when)));
    const fault = faults[at];
    if (fault && (fault.times -= 1) <= 0) faults.splice(at, 1);
    const act = fault?.act;
    const line = { at: performance.now(), call, body: fake.shown ? fake.shown(asked) : text, taken: act?.kind !== "answer" && act?.kind !== "drop", status: 0 };
    ledger.push(line);
    if (act?.kind === "drop") return void request.socket.destroy();
    if (act?.kind === "answer") return say(response, (line.status = act.status ?? 200), act.body ?? "", act.headers);
    const answer = await fake.answer(asked);
    line.status = answer.status;
    line.taken = answer.status < 300;
    if (act?.kind === "lose") return void request.socket.destroy();
    if (act?.kind === "instead") return say(response, (line.status = act.status ?? 504), act.body ?? "", act.headers);
    if (act?.kind === "hold") await new Promise((go) => held.push(() => go(null)));
    if (act?.kind === "delay") await new Promise((go) => setTimeout(go, act.ms ?? 0));
    if (act?.kind === "half") {
      const whole = Buffer.from(JSON.stringify(answer.body));
      response.writeHead(answer.status, { "content-type": "application/json", "content-length": whole.length });
      return void response.write(whole.subarray(0, whole.length / 2), () => request.socket.destroy());
    }
    say(response, answer.status, answer.body, answer.headers);
  } catch (error) {
    console.error(name, error);
    if (!response.headersSent) say(response, 500, { fake: String(error) });
  }
}

/** @param {{fake: Fake, faults: Fault[], ledger: object[], held: (() => void)[]}} now @param {string} op @param {Asked} asked @param {Response} response @param {string} name */
async function control(now, op, asked, response, name) {
  const body = asked.body.length ? JSON.parse(asked.body.toString("utf8")) : {};
  if (op === "ledger") return say(response, 200, now.ledger);
  if (op === "count") return say(response, 200, now.ledger.filter((/** @type {any} */ line) => line.call === body.call && line.taken && JSON.stringify(line.body).includes(body.when)).length);
  if (op === "held") return say(response, 200, now.held.length);
  if (op === "let-go") now.held.splice(0).forEach((go) => go());
  else if (op === "faults") now.faults.push(...[body].flat().map((fault) => ({ times: 1, ...fault })));
  else if (op === "calm") now.faults.length = 0;
  else if (op === "reset") running.delete(name);
  else {
    const answer = await now.fake.control(op, body, asked);
    if (answer === undefined) return say(response, 404, { fake: `no ${op}` });
    return say(response, 200, answer);
  }
  say(response, 200, {});
}

/** A form's or a JSON body's fields, whatever way they came; files as `{name, type, bytes}`. @param {Asked} asked */
export async function fields(asked) {
  /** @type {Record<string, any>} */
  const found = Object.fromEntries(asked.query);
  const type = asked.headers["content-type"] ?? "";
  if (type.startsWith("application/json")) return Object.assign(found, asked.body.length ? JSON.parse(asked.body.toString("utf8")) : {});
  if (!type || !asked.body.length) return found;
  const form = await new Response(new Uint8Array(asked.body), { headers: { "content-type": type } }).formData();
  for (const [name, value] of form) {
    found[name] = typeof value === "string" ? value : { name: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) };
  }
  return found;
}
