// MOCK of the HTTP edge.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { addFile } from "./seed.mjs";
import { stamp } from "./state.mjs";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const cookieUser = (state, request) => state.users.get(state.sessions.get(/kommutator_session=(\w+)/.exec(request.headers.cookie ?? "")?.[1]));
const bearer = (request) => /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];

const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};
const userView = ({ id, name, email, role, channels, created_at }) => ({ id, name, email, role, channels, created_at });
export const meView = (user) => ({ id: user.id, name: user.name, email: user.email, role: user.role, workspace: 1, workspace_name: "Мебель Север", channels: user.channels, locale: user.locale });

function page(list, params, most) {
  const from = Number(params.get("cursor") || params.get("skip") || 0);
  const limit = Math.min(Number(params.get("limit") ?? most), most);
  return { items: list.slice(from, from + limit), next: from + limit < list.length ? String(from + limit) : null, total: list.length };
}

const shown = (one) => one.status === "open" && !one.snoozed_until;
const VIEWS = {
  all: shown,
  closed: (one) => one.status === "closed",
  snoozed: (one) => one.status === "open" && one.snoozed_until !== undefined,
  unread: (one) => shown(one) && (one.unread > 0 || one.marked_unread),
  unanswered: (one) => shown(one) && one.unanswered_since !== undefined,
  unassigned: (one) => shown(one) && one.assignee === null,
  mine: (one, user) => shown(one) && one.assignee === user.id,
};
const DEEDS = {
  close: (one) => { one.status = "closed"; delete one.unanswered_since; delete one.snoozed_until; },
  reopen: (one) => (one.status = "open"),
  read: (one) => { one.unread = 0; one.marked_unread = false; },
  unread: (one) => (one.marked_unread = one.unread === 0),
  assign: (one, { user }) => (one.assignee = user),
  snooze: (one, { until }) => { if (until === null) delete one.snoozed_until; else one.snoozed_until = until; },
  tag: (one, { on = [], off = [] }) => (one.tags = [...new Set([...one.tags.filter((tag) => !off.includes(tag)), ...on])]),
  block: (one, { blocked }) => (one.blocked = blocked),
};

export function createHttp(state) {
  const routes = [];
  const on = (method, path, act) => routes.push({ method, pattern: new RegExp(`^/api/v1${path.replace(/:id/g, "([^/]+)")}$`), act });
  const visible = (user) => [...state.conversations.values()].filter((one) => state.sees(user, one.channel) && one.preview).sort((a, b) => (a.active_at < b.active_at ? 1 : -1));
  const need = (ok) => { if (!ok) throw Object.assign(new Error("no"), { status: 403, code: "admins_only" }); };
  const found = (value) => { if (!value) throw Object.assign(new Error("no"), { status: 404, code: "not_found" }); return value; };
  const conversation = (user, id) => { const one = state.conversations.get(id); return found(one && state.sees(user, one.channel) ? one : null); };

  on("GET", "/me", ({ user }) => meView(user));
  on("PATCH", "/me", ({ user, json }) => Object.assign(user, json) && meView(user));
  on("GET", "/conversations", ({ user, params }) => page(visible(user).filter((one) => VIEWS[params.get("view") ?? "all"](one, user)), params, 50));
  on("GET", "/conversations/counters", ({ user }) => Object.fromEntries(["all", "unread", "unanswered", "unassigned", "mine", "snoozed"].map((view) => [view === "all" ? "open" : view, visible(user).filter((one) => VIEWS[view](one, user)).length])));
  on("GET", "/conversations/:id", ({ user, id }) => conversation(user, id));
  on("POST", "/conversations/bulk", ({ user, json }) => {
    const done = json.ids.map((id) => conversation(user, id));
    for (const one of done) {
      DEEDS[json.do](one, json);
      state.touch(one);
    }
    return { done, failed: [] };
  });
  for (const list of ["/tags", "/replies"]) on("GET", list, () => ({ items: state[list.slice(1)] ?? [], total: 0 }));
  for (const list of ["/me/marks", "/me/drafts"]) on("GET", list, () => ({ items: [], total: 0 }));
  on("PUT", "/me/(?:marks|drafts)/:id", () => ({}));
  on("POST", "/conversations/:id/messages/:id/retry", ({ user, id, second }) => {
    const one = conversation(user, id);
    const message = found(state.messages.get(one.id).find((entry) => entry.id === second));
    if (!["failed", "unknown"].includes(message.state.status)) throw Object.assign(new Error("no"), { status: 409, code: "nothing_to_retry" });
    state.setStatus(message, "queued");
    setTimeout(() => state.setStatus(message, "sent"), 300);
    return one;
  });
  on("GET", "/conversations/:id/messages", ({ user, id, params }) => {
    conversation(user, id);
    const all = state.messages.get(id);
    const limit = Number(params.get("limit") ?? 50);
    const place = (name) => all.findIndex((message) => message.id === params.get(name));
    let from = Math.max(0, all.length - limit);
    let to = all.length;
    if (params.has("before")) [from, to] = [Math.max(0, place("before") - limit), place("before")];
    if (params.has("after")) [from, to] = [place("after") + 1, place("after") + 1 + limit];
    if (params.has("around")) [from, to] = [Math.max(0, place("around") - limit / 2), place("around") + limit / 2];
    return { items: all.slice(from, to), next: from > 0 ? all[from].id : null };
  });
  on("GET", "/search", ({ user, params }) => {
    const words = (params.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const hits = visible(user).flatMap((one) => state.messages.get(one.id).filter((message) => words.every((word) => message.text.toLowerCase().includes(word))).map((message) => ({ conversation: one, message })));
    return { ...page(hits.sort((a, b) => (a.message.written_at < b.message.written_at ? 1 : -1)), params, 20), complete: true };
  });
  const small = (list) => ({ items: list, next: null, total: list.length });
  on("GET", "/channels", ({ user }) => small([...state.channels.values()].filter((one) => state.sees(user, one.id))));
  on("POST", "/channels", ({ user, json }) => { need(user.role !== "manager"); const made = state.addChannel(json.name, json.widget.origins, json.widget.appearance); state.note(user, "channel.created", made.name); state.announceChannel(made.id); return made; });
  on("PATCH", "/channels/:id", ({ user, id, json }) => {
    need(user.role !== "manager");
    const one = found(state.channels.get(id));
    if (json.name !== undefined) one.name = json.name;
    if (json.active !== undefined) one.active = json.active;
    Object.assign(one.widget, { ...json.widget, appearance: { ...one.widget.appearance, ...json.widget?.appearance } });
    state.note(user, "channel.changed", one.name, json);
    state.announceChannel(id);
    return one;
  });
  on("DELETE", "/channels/:id", ({ user, id }) => { need(user.role !== "manager"); state.channels.delete(id); state.announceChannel(id); });
  on("GET", "/users", ({ user }) => small([...state.users.values()].map(user.role === "manager" ? ({ id, name, role }) => ({ id, name, role }) : userView)));
  on("POST", "/users", ({ user, json }) => {
    need(user.role !== "manager");
    if ([...state.users.values()].some((one) => one.email === json.email)) throw Object.assign(new Error("taken"), { status: 409, code: "email_taken" });
    const made = state.addUser(json.name, json.email, json.password, json.role, json.channels);
    state.note(user, "user.created", made.email, { role: made.role });
    return userView(made);
  });
  on("PATCH", "/users/:id", ({ user, id, json }) => { need(user.role !== "manager"); return userView(Object.assign(found(state.users.get(id)), json)); });
  on("DELETE", "/users/:id", ({ user, id }) => { need(user.role !== "manager"); state.users.delete(id); });
  const account = { number: 1, time_zone: "", phone: "", notify_email: "", second_factor: false, recovery_codes: 0 };
  on("GET", "/me/profile", () => account);
  on("GET", "/me/sessions", () => small([{ id: "s1", device: "Firefox, Windows", address: "192.0.2.7", created_at: stamp(), seen_at: stamp(), current: true }]));
  on("GET", "/invites", () => small([]));
  on("GET", "/workspace", () => ({ id: 1, name: "Мебель Север", locale: "ru", time_zone: "Europe/Moscow", created_at: stamp() }));
  on("GET", "/mail", () => ({ configured: false, from: null, server: null, letters: [] }));
  on("GET", "/tokens", () => small([...state.tokens.values()].map((one) => ({ ...one, secret: undefined }))));
  on("POST", "/tokens", ({ json }) => { const token = randomBytes(20).toString("hex"); const view = { id: randomBytes(6).toString("hex"), name: json.name, role: json.role, created_at: stamp(), last_used_at: null }; state.tokens.set(view.id, { ...view, secret: token }); return { ...view, token }; });
  on("DELETE", "/tokens/:id", ({ id }) => { for (const [key, one] of state.tokens) if (one.id === id) state.tokens.delete(key); });
  on("GET", "/audit", ({ user, params }) => { need(user.role !== "manager"); return page(state.audit, params, 50); });
  on("GET", "/quarantine", ({ params }) => page(state.quarantine.map((one) => ({ ...one, payload: undefined })), params, 20));
  on("GET", "/quarantine/:id", ({ id }) => found(state.quarantine.find((one) => one.id === id)));
  on("POST", "/quarantine/:id/replay", ({ id }) => {
    const one = found(state.quarantine.find((entry) => entry.id === id));
    if (one.replayed_at) throw Object.assign(new Error("twice"), { status: 409, code: "already_replayed" });
    one.replayed_at = stamp();
    return { ...one, payload: undefined };
  });

  const send = (response, status, value, headers = {}) => {
    response.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json", "cache-control": "no-store", ...headers });
    response.end(value === undefined ? undefined : JSON.stringify(value));
  };
  const problem = (response, status, code, headers) => send(response, status, { type: "about:blank", title: code, status, detail: code, code }, headers);

  const upload = async (request, response, params, headers = {}) => {
    const bytes = await body(request);
    if (bytes.length > 20_000_000) return problem(response, 413, "file_too_large", headers);
    const png = bytes.subarray(1, 4).toString() === "PNG";
    const type = png ? "image/png" : bytes.subarray(0, 4).toString() === "%PDF" ? "application/pdf" : "application/octet-stream";
    const id = addFile(state, params.get("name") ?? "file", type, bytes, png ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : {});
    return send(response, 201, state.files.get(id).view, headers);
  };

  const serve = (response, path, headers = {}) => {
    try {
      const bytes = readFileSync(join(dist, normalize(path)));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", ...headers });
      response.end(bytes);
    } catch {
      problem(response, 404, "not_found");
    }
  };

  return async (request, response) => {
    const url = new URL(request.url, "http://mock");
    const path = url.pathname;
    if (path === "/widget.js" || path.startsWith("/widget/chat")) return serve(response, path);
    if (path === "/widget/v1/files") {
      const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization,content-type", "access-control-allow-methods": "POST" };
      if (request.method === "OPTIONS") return send(response, 204, undefined, cors);
      return state.visitors.has(bearer(request)) ? upload(request, response, url.searchParams, cors) : problem(response, 401, "not_let_in", cors);
    }
    if (path.startsWith("/assets/")) return serve(response, `messenger${path}`);
    if (path.startsWith("/files/")) {
      const file = state.files.get(path.slice(7));
      if (!file) return problem(response, 404, "not_found");
      response.writeHead(200, { "content-type": file.view.media_type, "x-content-type-options": "nosniff" });
      return response.end(file.bytes);
    }
    if (!path.startsWith("/api/")) return serve(response, "messenger/index.html", { "content-security-policy": CSP });
    if (path === "/api/v1/login") {
      const { email, password } = JSON.parse((await body(request)).toString());
      const user = [...state.users.values()].find((one) => one.email === email && one.password === password);
      if (!user) return problem(response, 401, "wrong_login");
      const token = randomBytes(16).toString("hex");
      state.sessions.set(token, user.id);
      state.note(user, "login", user.email);
      return send(response, 200, { token }, { "set-cookie": `kommutator_session=${token}; HttpOnly; SameSite=Lax; Path=/` });
    }
    if (path === "/api/v1/setup") return send(response, 200, { empty: false, mail: false });
    if (path === "/api/v1/logout") return send(response, 204, undefined, { "set-cookie": "kommutator_session=; Max-Age=0; Path=/" });
    const user = cookieUser(state, request) ?? state.users.get(state.sessions.get(bearer(request)));
    if (!user) return problem(response, 401, "not_logged_in");
    if (path === "/api/v1/files") return upload(request, response, url.searchParams);
    for (const { method, pattern, act } of routes) {
      const match = method === request.method && pattern.exec(path);
      if (!match) continue;
      try {
        const text = (await body(request)).toString();
        const answer = act({ user, id: match[1] && decodeURIComponent(match[1]), second: match[2] && decodeURIComponent(match[2]), params: url.searchParams, json: text ? JSON.parse(text) : {} });
        return send(response, answer === undefined ? 204 : request.method === "POST" && /(channels|users|tokens)$/.test(path) ? 201 : 200, answer);
      } catch (error) {
        return problem(response, error.status ?? 500, error.code ?? "server");
      }
    }
    return problem(response, 404, "not_found");
  };
}
