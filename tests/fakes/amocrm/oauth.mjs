// @ts-check
/** OAuth: the page where a person allows it, codes for twenty minutes and once, tokens for a day, refresh tokens for three months and once, the account's present name. */
import { createHmac, randomUUID } from "node:crypto";
import { Refused } from "./refused.mjs";
import { uninstallSignature } from "./sign.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./world.mjs").World} World */
/** @typedef {import("./account.mjs").Account} Account */
/** @typedef {import("../common.mjs").Asked} Asked */

const CODE_MS = 20 * 60_000;
const DAY_S = 86_400;
const REFRESH_MS = 90 * DAY_S * 1000;
const INSTALL_PATIENCE_MS = 3_000;

/** @param {number} status @param {string} [hint] */
const oauthProblem = (status, hint) =>
  new Refused(status, {
    ...(hint ? { hint } : {}), title: "Некорректный запрос", type: "https://developers.amocrm.ru/v3/errors/OAuthProblemJson", status,
    detail: "В запросе отсутствует ряд параметров или параметры невалидны",
  }, { "content-type": "application/problem+json" });

/** @param {unknown} text */
const safe = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** The page of `www`: `/oauth?client_id=…&state=…&mode=…`. @param {World} world @param {string} host @param {Asked} asked @param {Fields} said */
export function consent(world, host, asked, said) {
  const { client_id, state, mode } = said;
  const integration = world.integrations.get(client_id);
  if (!integration) return { status: 404, body: "no such integration" };
  const domain = host.replace(/^www\./, "");
  const accounts = world.accounts.filter((one) => one.domain === domain && (!integration.accounts || integration.accounts.includes(one.subdomain)));
  if (asked.method === "POST") {
    const [name, user] = String(said.account ?? "").split("/");
    const to = decided(world, { client_id, state, account: name, user: user && Number(user), refuse: said.decision !== "allow" });
    // In a pop-up the consent closes itself and the page that opened it goes on; with post_message, and without a mode, it goes on here.
    if (mode === "popup") return html(`<script>const to = ${JSON.stringify(to).replaceAll("<", "\\u003c")}; if (opener) { opener.location = to; close(); } else location = to;</script>`);
    return { status: 302, body: "", headers: { location: to } };
  }
  const active = (/** @type {Account} */ one) => one.users.filter((user) => user.is_active);
  const choices = accounts.flatMap((one) => active(one).map((user) => `<option value="${one.subdomain}/${user.id}">${safe(one.host)} — ${safe(user.name)}${user.is_admin ? " (администратор)" : ""}</option>`));
  return html(`<h1>Предоставить доступ «${safe(integration.name)}»?</h1>
<form method="post"><label>Аккаунт <select name="account">${choices.join("")}</select></label>
<button name="decision" value="allow">Разрешить</button> <button name="decision" value="refuse">Отказать</button></form>`);
}

/** @param {string} body */
const html = (body) => ({ status: 200, body: `<!doctype html><html lang="ru"><meta charset="utf-8"><title>amoCRM</title><body>${body}</body></html>`, headers: { "content-type": "text/html; charset=utf-8" } });

/** Where the person is sent after they decided. `referer` may be anything a bad neighbour would write. @param {World} world @param {Fields} said */
export function decided(world, { client_id, account: name, user, state, refuse = false, referer, from_widget = false }) {
  const integration = world.integration({ client_id });
  const account = world.named(name);
  const to = new URL(integration.redirect_uri);
  const add = (/** @type {Fields} */ query) => Object.entries(query).forEach(([key, value]) => value !== undefined && value !== null && to.searchParams.set(key, String(value)));
  if (refuse) add({ error: "access_denied", state });
  else {
    const who = account.users.find((one) => (user ? one.id === user : one.is_admin));
    install(world, account, integration);
    const code = world.secret();
    world.codes.set(code, { client_id: integration.client_id, account, user: who?.id ?? 0, until: world.now() + CODE_MS, used: false });
    add({ code, referer: referer ?? account.host, ...(from_widget ? { from_widget: 1 } : { state }), platform: account.platform });
  }
  return to.toString();
}

/** @param {World} world @param {Account} account @param {Fields} integration */
function install(world, account, integration) {
  if (!account.installs.has(integration.client_id)) account.installs.set(integration.client_id, { at: world.seconds() });
}

/** Installed in amoCRM's own list: it calls the integration itself, without a state; how that is answered is nothing to it. @param {World} world @param {Account} account @param {Fields} integration @param {Fields} [said] */
export async function installs(world, account, integration, said = {}) {
  const url = decided(world, { ...said, client_id: integration.client_id, account: account.subdomain, from_widget: true });
  return { url, status: await get(url) };
}

/** Taken off: no token is good any longer, the chats are closed, and the integration is told. @param {World} world @param {Account} account @param {Fields} integration */
export async function uninstalls(world, account, integration) {
  account.installs.delete(integration.client_id);
  revoke(world, account, integration.client_id);
  for (const channel of world.channels.values()) if (channel.client_id === integration.client_id) account.scopes.delete(channel.id);
  for (const [id, source] of account.sources) if (source.client === integration.client_id) account.sources.delete(id);
  if (!integration.uninstall_url) return { status: 0 };
  const url = new URL(integration.uninstall_url);
  url.searchParams.set("account_id", String(account.id));
  url.searchParams.set(world.settings.uninstall_field, integration.client_id);
  url.searchParams.set("signature", uninstallSignature(integration.client_secret, integration.client_id, account.id));
  return { url: url.toString(), status: await get(url.toString()) };
}

/** @param {string} url */
async function get(url) {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(INSTALL_PATIENCE_MS) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** @param {World} world @param {Account} account @param {string | undefined} client  of one integration or of all */
export function revoke(world, account, client) {
  for (const token of [...world.access.values(), ...world.refresh.values()]) if (token.account === account && (!client || token.client_id === client)) token.revoked = true;
}

/** A token as amoCRM writes them: of this we promise nothing but `exp`, `account_id` and `api_domain`. @param {World} world @param {Account} account @param {string} client @param {number} user @param {number} until */
function jwt(world, account, client, user, until) {
  const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = world.seconds();
  const claims = {
    aud: client, jti: randomUUID(), iat: now, nbf: now, exp: Math.floor(until / 1000), sub: String(user), grant_type: "", account_id: account.id, base_domain: account.domain, version: 2,
    scopes: ["crm", "notifications"], api_domain: account.api,
  };
  const text = `${part({ typ: "JWT", alg: "HS256" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", "fake").update(text).digest("base64url")}`;
}

/** @param {World} world @param {Account} account @param {string} client @param {number} user @param {number} ms */
export function access(world, account, client, user, ms) {
  const until = world.now() + ms;
  const token = jwt(world, account, client, user, until);
  world.access.set(token, { client_id: client, account, user, until, revoked: false });
  return token;
}

/** @param {World} world @param {Account} account @param {string} client @param {number} user @param {string | undefined} parent  the refresh token it came of */
function pair(world, account, client, user, parent) {
  const token = access(world, account, client, user, DAY_S * 1000);
  const refresh = `def50200${world.secret()}${world.secret()}`;
  world.refresh.set(refresh, { client_id: client, account, user, until: world.now() + REFRESH_MS, revoked: false, used: 0, access: token, parent });
  const spent = parent && world.refresh.get(parent);
  if (spent) spent.child = refresh;
  return { token_type: "Bearer", expires_in: DAY_S, server_time: world.seconds(), access_token: token, refresh_token: refresh };
}

/** `POST /oauth2/access_token` of an account. @param {World} world @param {Account} account @param {Asked} asked */
export function tokens(world, account, asked) {
  /** @type {Fields} */
  let said;
  try {
    said = JSON.parse(asked.body.toString("utf8"));
  } catch {
    throw oauthProblem(400);
  }
  const integration = world.integrations.get(said.client_id);
  if (!integration || integration.client_secret !== said.client_secret) throw oauthProblem(400);
  // Byte for byte, in both ways.
  if (!integration.redirect_uri || integration.redirect_uri !== said.redirect_uri) throw oauthProblem(400);
  if (said.grant_type === "authorization_code") {
    const code = world.codes.get(said.code);
    if (!code || code.client_id !== said.client_id || code.account !== account) throw oauthProblem(400, "Cannot decrypt the authorization code");
    if (code.used) throw oauthProblem(400, "Authorization code has been revoked");
    if (code.until <= world.now()) throw oauthProblem(400, "Authorization code has expired");
    code.used = true;
    return pair(world, account, said.client_id, code.user, undefined);
  }
  if (said.grant_type !== "refresh_token") throw oauthProblem(400);
  const token = world.refresh.get(said.refresh_token);
  if (!token || token.client_id !== said.client_id || token.account !== account) throw oauthProblem(400, "Invalid refresh token");
  token.used += 1;
  if (token.used > 1 && world.settings.reuse_revokes) kill(world, token);
  if (token.used > 1 || token.revoked || token.until <= world.now()) {
    world.revokedAnswers += 1;
    throw oauthProblem(401, "Token has been revoked");
  }
  const old = world.access.get(token.access);
  if (old) old.replaced = true;
  return pair(world, account, said.client_id, token.user, said.refresh_token);
}

/** Everything that came of a token. @param {World} world @param {Fields} token */
function kill(world, token) {
  for (let next = world.refresh.get(token.child); next; next = world.refresh.get(next.child)) {
    next.revoked = true;
    const held = world.access.get(next.access);
    if (held) held.revoked = true;
  }
}

/** What the account is called now, for whoever holds a refresh token that is good; looking does not spend it. @param {World} world @param {Asked} asked */
export function subdomain(world, asked) {
  const token = world.refresh.get(asked.headers["x-refresh-token"] ?? "");
  if (!token || token.used || token.revoked || token.until <= world.now()) throw oauthProblem(401, "Token has been revoked");
  const { id, subdomain, host, domain } = token.account;
  return { id, subdomain, domain: host, top_level_domain: domain.split(".").pop() };
}

/** How often each refresh token was used. @param {World} world */
export const refreshes = (world) => ({
  revoked: world.revokedAnswers,
  tokens: [...world.refresh].map(([token, { client_id, account, used, revoked, parent }]) => ({ token: token.slice(-8), from: parent?.slice(-8) ?? null, account: account.subdomain, client_id, used, revoked })),
});
