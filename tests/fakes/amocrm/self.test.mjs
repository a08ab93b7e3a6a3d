// @ts-check
/** The fake amoCRM does what the papers say of amoCRM; `driver.mjs` talks to it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AMOJO, CHANNEL, CLIENT, fake, receiver, SCOPE, SECRET } from "./driver.mjs";
import { bodySignature, md5, requestSignature, sha256, uninstallSignature } from "./sign.mjs";

/** @type {Awaited<ReturnType<typeof fake>>} */
let amo;
/** @type {Awaited<ReturnType<typeof receiver>>} */
let gateway;
before(async () => {
  [amo, gateway] = [await fake(), await receiver()];
});
after(() => {
  amo.end();
  gateway.end();
});

const DATE = "Fri, 20 Nov 2026 12:00:00 +0000";
const CONNECT = `{"account_id":"${AMOJO}","title":"Gateway demo","hook_api_version":"v2"}`;
const HELLO = '{"event_type":"new_message","payload":{"timestamp":1795176000,"msec_timestamp":1795176000123,"msgid":"gw-m-1","conversation_id":"gw-c-1","sender":{"id":"gw-u-1","name":"Анна"},"message":{"type":"text","text":"Привет"},"silent":false}}';
const STATE = '{"msgid":"0f0f0f0f-1111-4222-8333-444444444444","delivery_status":-1,"error_code":905,"error":"Demo"}';

test("signatures are those worked out by hand", () => {
  /** @type {[string, string, string, string, string][]} */
  const worked = [
    ["POST", `${CHANNEL}/connect`, CONNECT, "d7e4ac9c40ea3dea84e7692c9f3d3fe4", "91c1fa1ff2315ae4e00337617af8951a1616a296"],
    ["POST", SCOPE, HELLO, "a040e6c0424fd4b6190b22ac7d341e5f", "920fd7877116ac9ab46e3b38da314aee5b36d65c"],
    ["GET", `${SCOPE}/chats/99999999-8888-4777-8666-555555555555/history`, "", "d41d8cd98f00b204e9800998ecf8427e", "bfad9e56e61d2f85b4b6a27f4fae8ced19e4d968"],
    ["DELETE", `${CHANNEL}/disconnect`, `{"account_id":"${AMOJO}"}`, "4d7c476e23eddb5836f564a81be350be", "4d627b391d36b93416ea02c0c6ff81525856fc93"],
    ["POST", `${SCOPE}/0f0f0f0f-1111-4222-8333-444444444444/delivery_status`, STATE, "343cfb7a6844956fc40e79379212e931", "2fc9fd8d2b471c4a1367b071d2a60c5126ba669c"],
    ["POST", SCOPE, `${HELLO}\n`, "d6904237f66e463613442907d8d7429e", "c055b249ac7349649f4aa6aa46c26c4a440d2e09"],
  ];
  for (const [method, path, body, sum, signature] of worked) {
    assert.equal(md5(body), sum);
    assert.equal(requestSignature(SECRET, method, sum, "application/json", DATE, `/v2/origin/custom/${path}`), signature);
  }
  const hook = `{"account_id":"${AMOJO}","time":1795176010,"message":{"conversation":{"id":"99999999-8888-4777-8666-555555555555","client_id":"gw-c-1"},"message":{"id":"0f0f0f0f-1111-4222-8333-444444444444","type":"text","text":"ok"}}}`;
  assert.equal(bodySignature(SECRET, hook), "93593e9daa2714fa1fb933b3d0f24bd5c7329f62");
  assert.equal(bodySignature(SECRET, `${hook}\n`), "18089b51591b82b61221cc096c13c98e04eff7dd");
  assert.equal(uninstallSignature("demo-client-secret", CLIENT, 12345678), "c30fea28f20fdc0374c5a83545e8ea76ecf8c245b595151b3a6702f878ef724f");
});

test("a request is taken only as it was signed", async () => {
  await amo.fresh();
  await amo.act("clock", { set: DATE });
  const sign = (/** @type {string} */ body, /** @type {string | Buffer} */ secret = SECRET, sum = md5(body)) => requestSignature(/** @type {any} */ (secret), "POST", sum, "application/json", DATE, `/v2/origin/custom/${SCOPE}`);
  assert.equal((await amo.chat("POST", `${CHANNEL}/connect`, CONNECT, { date: DATE })).body.scope_id, SCOPE);
  const wrong = [
    [`${HELLO}\n`, { date: DATE, sum: md5(HELLO), signature: sign(HELLO) }],
    [HELLO, { date: DATE, signature: sign(HELLO, Buffer.from(SECRET, "hex")) }],
    [HELLO, { date: DATE, sum: "oEDmwEJP1LYZCyKsfTQeXw==", signature: sign(HELLO, SECRET, "oEDmwEJP1LYZCyKsfTQeXw==") }],
    [HELLO, { date: new Date(Date.parse(DATE) - 16 * 60_000).toUTCString() }],
    [HELLO, { date: new Date(Date.parse(DATE) + 17 * 60_000).toUTCString() }],
    [HELLO, { date: new Date(Date.parse(DATE)).toISOString() }],
  ];
  for (const [body, how] of wrong) {
    const answer = await amo.chat("POST", SCOPE, body, /** @type {any} */ (how));
    assert.deepEqual([answer.status, answer.body], [403, { status: 0, error_code: 403, error_type: "ORIGIN_INVALID_SIGNATURE", error_description: "invalid signature" }]);
  }
  assert.equal((await amo.chat("POST", SCOPE, HELLO, { date: DATE, signature: sign(HELLO) })).status, 200);
  // The question behind the path is not signed.
  assert.equal((await amo.chat("GET", `${SCOPE}/chats/99999999-8888-4777-8666-555555555555/history?limit=50`, "", { date: DATE })).status, 204);
  assert.equal((await amo.chat("POST", "99999999-2222-4333-8444-555555555555/connect", CONNECT, { date: DATE })).body.error_type, "ORIGIN_NOT_REGISTERED");
});

test("codes and refresh tokens are good once, and of two at once one wins", async () => {
  await amo.fresh();
  const redirect_uri = `${gateway.url}/back?x=1`;
  await amo.act("integration", { redirect_uri });
  const { url } = await amo.act("consents", { state: "s1" });
  const query = new URL(url).searchParams;
  assert.deepEqual([query.get("x"), query.get("referer"), query.get("state"), query.get("platform")], ["1", "demo.amocrm.ru", "s1", "1"]);
  const ask = (/** @type {Record<string, any>} */ more) => amo.call("POST", "/oauth2/access_token", { client_id: CLIENT, client_secret: "demo-client-secret", redirect_uri, ...more });
  const code = { grant_type: "authorization_code", code: query.get("code") };
  assert.equal((await ask({ ...code, redirect_uri: `${gateway.url}/back` })).status, 400);
  assert.equal((await ask({ ...code, code: "nonsense" })).body.hint, "Cannot decrypt the authorization code");
  const pair = (await ask(code)).body;
  assert.deepEqual([pair.token_type, pair.expires_in], ["Bearer", 86_400]);
  assert.equal((await ask(code)).body.hint, "Authorization code has been revoked");
  const late = new URL((await amo.act("consents")).url).searchParams.get("code");
  const refresh = { grant_type: "refresh_token", refresh_token: pair.refresh_token };
  await amo.act("settings", { reuse_revokes: false });
  const both = await Promise.all([ask(refresh), ask(refresh)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
  assert.equal(both.find(({ status }) => status === 401)?.body.hint, "Token has been revoked");
  const fresh = both.find(({ status }) => status === 200)?.body;
  const lookup = (/** @type {string} */ token) => amo.call("GET", "/oauth2/account/current/subdomain", undefined, { host: "api-b.amocrm.ru", headers: { "x-refresh-token": token } });
  assert.deepEqual((await lookup(fresh.refresh_token)).body, { id: 12345678, subdomain: "demo", domain: "demo.amocrm.ru", top_level_domain: "ru" });
  assert.equal((await lookup(pair.refresh_token)).status, 401);
  const told = await amo.act("refreshes");
  assert.deepEqual([told.revoked, told.tokens.filter((/** @type {any} */ one) => one.used === 2).length], [1, 1]);
  // Lost on the way: the old one is spent, and the new one nobody has.
  await amo.act("faults", { call: "oauth.token", act: { kind: "lose" } });
  await assert.rejects(ask({ grant_type: "refresh_token", refresh_token: fresh.refresh_token }));
  assert.equal((await ask({ grant_type: "refresh_token", refresh_token: fresh.refresh_token })).status, 401);
  await amo.act("clock", { advance_ms: 21 * 60_000 });
  assert.equal((await ask({ grant_type: "authorization_code", code: late })).body.hint, "Authorization code has expired");
  assert.equal((await amo.call("GET", "/api/v4/account", undefined, { token: fresh.access_token })).status, 200);
  await amo.act("clock", { advance_ms: 86_400_000 });
  assert.equal((await amo.call("GET", "/api/v4/account", undefined, { token: fresh.access_token })).status, 401);
  assert.equal(new URL((await amo.act("consents", { refuse: true, state: "s2" })).url).search, "?x=1&error=access_denied&state=s2");
  assert.match((await amo.act("consents", { referer: "x.amocrm.ru.evil.example" })).url, /referer=x\.amocrm\.ru\.evil\.example/);
});

test("a person allows it on the page, and an account may be renamed", async () => {
  const pair = await amo.fresh();
  await amo.act("integration", { redirect_uri: `${gateway.url}/back` });
  const page = await amo.call("GET", `/oauth?client_id=${CLIENT}&state=s`, undefined, { host: "www.amocrm.ru" });
  assert.match(page.text, /Разрешить.*Отказать/s);
  const choice = /<option value="([^"]+)">second/.exec(page.text)?.[1] ?? "";
  const said = await fetch(`${amo.url}/www.amocrm.ru/oauth?client_id=${CLIENT}&state=s`, { method: "POST", body: new URLSearchParams({ account: choice, decision: "allow" }), redirect: "manual" });
  assert.match(said.headers.get("location") ?? "", /referer=second\.amocrm\.ru&state=s/);
  await amo.act("renames", { account: "demo", subdomain: "newname" });
  assert.deepEqual([(await amo.call("GET", "/api/v4/account")).status, (await amo.call("POST", "/oauth2/access_token", {})).status], [401, 404]);
  assert.equal((await amo.call("GET", "/api/v4/account", undefined, { host: "newname.amocrm.ru" })).body.subdomain, "newname");
  const lookup = await amo.call("GET", "/oauth2/account/current/subdomain", undefined, { host: "api-b.amocrm.ru", headers: { "x-refresh-token": pair.refresh_token } });
  assert.equal(lookup.body.domain, "newname.amocrm.ru");
});

test("an integration is put in without a state, and taken off with a signature", async () => {
  await amo.fresh();
  await amo.connect(`${gateway.url}/amo/:scope_id`);
  await amo.act("integration", { redirect_uri: `${gateway.url}/back`, uninstall_url: `${gateway.url}/gone` });
  await amo.act("installs", { state: "nobody asked" });
  const installed = new URL((await gateway.next(({ path }) => path.startsWith("/back"))).path, gateway.url).searchParams;
  assert.deepEqual([installed.get("from_widget"), installed.get("state"), installed.get("referer")], ["1", null, "demo.amocrm.ru"]);
  await amo.act("uninstalls");
  const gone = new URL((await gateway.next(({ path }) => path.startsWith("/gone"))).path, gateway.url).searchParams;
  assert.deepEqual(Object.fromEntries(gone), { account_id: "12345678", client_uuid: CLIENT, signature: uninstallSignature("demo-client-secret", CLIENT, 12345678) });
  assert.equal((await amo.call("GET", "/api/v4/account")).status, 401);
  assert.equal((await amo.chat("POST", SCOPE, amo.message("m1"))).body.error_type, "ORIGIN_NOT_REGISTERED");
});

test("more than seven in a second are refused in two forms, and whoever goes on is shut out", async () => {
  await amo.fresh();
  await amo.act("settings", { block_after: 5 });
  await amo.act("clock", { stop: true });
  const answers = await Promise.all(Array.from({ length: 12 }, () => amo.call("GET", "/api/v4/account")));
  assert.equal(answers.filter(({ status }) => status === 200).length, 7);
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, 5);
  assert.ok(refused.some(({ body }) => body.retry_after === 1) && refused.some(({ text }) => text.startsWith("<html>")));
  const limits = await amo.act("limits");
  assert.deepEqual([limits.greatest, limits.refused], [12, 5]);
  await amo.act("clock", { advance_ms: 1_000 });
  const shut = await amo.call("GET", "/api/v4/account");
  assert.deepEqual([shut.status, shut.text.startsWith("<html>")], [403, true]);
  await amo.act("blocks", { on: false });
  assert.equal((await amo.call("GET", "/api/v4/account")).status, 200);
  await amo.act("unpaid");
  assert.equal((await amo.call("GET", "/api/v4/account")).status, 402);
});

test("records: empty is 204, pages have a next, requests an echo, errors their path", async () => {
  await amo.fresh();
  await amo.act("settings", { limits: false });
  const of = (/** @type {string} */ path) => amo.call("GET", `/api/v4${path}`);
  for (const path of [
    "/leads", "/leads/5", "/contacts?query=79990001122", "/sources", "/leads/unsorted", "/contacts/chats?contact_id[]=5", "/leads/tags",
  ]) assert.deepEqual([path, (await of(path)).status, (await of(path)).text], [path, 204, ""]);
  const { pipelines } = (await of("/leads/pipelines")).body._embedded;
  assert.deepEqual(pipelines[0]._embedded.statuses.map((/** @type {any} */ one) => one.name), [
    "Неразобранное", "Первичный контакт", "Переговоры", "Принимают решение", "Согласование договора", "Успешно реализовано", "Закрыто и не реализовано",
  ]);
  const made = await amo.call("POST", "/api/v4/contacts", [{ name: "Анна", custom_fields_values: [{ field_code: "PHONE", values: [{ value: "+79990001122", enum_code: "WORK" }] }], request_id: "a1" }, { name: "Борис" }]);
  assert.deepEqual(made.body._embedded.contacts.map((/** @type {any} */ one) => one.request_id), ["a1", "1"]);
  const contact = made.body._embedded.contacts[0].id;
  assert.equal((await of("/contacts?query=9990001122")).body._embedded.contacts[0].id, contact);
  const first = (await of("/contacts?limit=1")).body;
  assert.equal(first._links.next.href, "https://demo.amocrm.ru/api/v4/contacts?limit=1&page=2");
  assert.deepEqual([(await of("/contacts?limit=1&page=2")).body._links.next, (await of("/contacts?limit=1&page=3")).status], [undefined, 204]);
  const complex = await amo.call("POST", "/api/v4/leads/complex", [{ name: "Сделка", _embedded: { contacts: [{ id: contact }], tags: [{ name: "один" }] } }]);
  const lead = complex.body[0].id;
  assert.deepEqual(complex.body, [{ id: lead, contact_id: contact, company_id: null, request_id: ["0"], merged: false }]);
  const tags = async () => (await of(`/leads/${lead}`)).body._embedded.tags.map((/** @type {any} */ one) => one.name);
  await amo.call("PATCH", `/api/v4/leads/${lead}`, { tags_to_add: [{ name: "два" }] });
  assert.deepEqual(await tags(), ["один", "два"]);
  await amo.call("PATCH", `/api/v4/leads/${lead}`, { _embedded: { tags: [{ name: "три" }] } });
  assert.deepEqual(await tags(), ["три"]);
  const bad = await amo.call("POST", "/api/v4/leads", [{ name: "да" }, { status_id: pipelines[0]._embedded.statuses[0].id, request_id: "r" }, { price: "5" }]);
  assert.deepEqual(bad.body["validation-errors"].map((/** @type {any} */ one) => [one.request_id, one.errors[0].code, one.errors[0].path]), [["r", "NotSupportedChoice", "status_id"], ["2", "InvalidType", "price"]]);
  assert.equal((await amo.call("POST", "/api/v4/leads", { name: "одна" })).status, 400);
  assert.equal((await amo.call("POST", "/api/v4/leads", Array.from({ length: 251 }, () => ({})))).status, 422);
  assert.equal((await amo.call("POST", "/api/v4/contacts/custom_fields", [{ name: "Instagram", type: "url" }])).status, 201);
  const { status } = await amo.act("stages", { name: "Новый" });
  await amo.act("moves", { lead, status: "Новый" });
  assert.equal((await of(`/leads/${lead}`)).body.status_id, status);
  await amo.act("deletes", { status: "Новый" });
  assert.equal((await of(`/leads/${lead}`)).body.status_id, pipelines[0]._embedded.statuses[1].id);
  const twins = made.body._embedded.contacts.map((/** @type {any} */ one) => one.id);
  await amo.act("merges", { entity: "contacts", into: twins[1], from: [twins[0]] });
  assert.equal((await of(`/contacts/${twins[0]}`)).status, 204);
  assert.equal((await of(`/leads/${lead}?with=contacts`)).body._embedded.contacts[0].id, twins[1]);
  await amo.act("faults", { call: "leads.create", act: { kind: "instead", status: 504, body: "" } });
  assert.equal((await amo.call("POST", "/api/v4/leads", [{ name: "сделано" }])).status, 504);
  assert.ok((await amo.act("state")).leads.some((/** @type {any} */ one) => one.name === "сделано"));
});

test("a message makes a contact, an incoming lead and a talk, unless the chat is somebody's or it is silent", async () => {
  await amo.fresh();
  await amo.connect(`${gateway.url}/amo/:scope_id`);
  const said = (await amo.chat("POST", SCOPE, amo.message("m1"))).body.new_message;
  assert.deepEqual([said.ref_id, "receiver_id" in said], ["m1", false]);
  let now = await amo.act("state");
  assert.deepEqual([now.leads[0].status, now.contacts[0].hidden, now.talks.length, now.unsorted[0].metadata.origin.chat_id], ["Неразобранное", true, 1, said.conversation_id]);
  assert.equal((await amo.call("GET", "/api/v4/contacts")).status, 204);
  assert.equal((await amo.call("GET", `/api/v4/contacts/chats?chat_id[]=${said.conversation_id}`)).body._embedded.chats[0].contact_id, now.contacts[0].id);
  await amo.act("accepts", { user: "Борис Менеджеров" });
  assert.equal((await amo.call("GET", "/api/v4/contacts")).body._embedded.contacts[0].name, "Анна");
  const chat = (await amo.chat("POST", `${SCOPE}/chats`, { conversation_id: "gw-c-2", user: { id: "gw-u-2", name: "Вера" } })).body;
  assert.equal((await amo.chat("POST", `${SCOPE}/chats`, { conversation_id: "gw-c-2", user: { id: "gw-u-2", name: "Вера" } })).body.id, chat.id);
  const contact = now.contacts[0].id;
  assert.equal((await amo.call("POST", "/api/v4/contacts/chats", [{ contact_id: contact, chat_id: chat.id }], { headers: { cookie: "session_id=1" } })).status, 403);
  assert.equal((await amo.call("POST", "/api/v4/contacts/chats", [{ contact_id: contact, chat_id: chat.id }])).status, 200);
  await amo.chat("POST", SCOPE, amo.message("m2", { conversation_id: "gw-c-2", sender: { id: "gw-u-2", name: "Вера" } }));
  await amo.chat("POST", SCOPE, amo.message("m3", { conversation_id: "gw-c-3", sender: { id: "gw-u-3", name: "Глеб" }, silent: true }));
  now = await amo.act("state");
  assert.deepEqual([now.leads.length, now.contacts.length, now.talks.length, now.chats.length], [1, 1, 2, 3]);
  // A msgid is stored once, however often it comes.
  assert.equal((await amo.chat("POST", SCOPE, amo.message("m1"))).status, 400);
  await amo.act("settings", { duplicate: "same" });
  assert.deepEqual((await amo.chat("POST", SCOPE, amo.message("m1"))).body.new_message, said);
  const media = { type: "picture", media: `${gateway.url}/media/1`, file_name: "a.png" };
  for (const wrong of [
    { timestamp: "1795176000" }, { msgid: 5 }, { silent: 1 }, { message: { type: "text" } }, { message: media }, { sender: { id: "gw-u-1", name: null } },
    { reply_to: { message: { msgid: "nobody" } } },
  ]) assert.equal((await amo.chat("POST", SCOPE, amo.message("m9", wrong))).status, 400, JSON.stringify(wrong));
  await amo.chat("POST", SCOPE, amo.message("m4", { message: { ...media, file_size: 10 } }));
  assert.equal((await gateway.next(({ path }) => path === "/media/1")).headers["authorization"], undefined);
  await amo.act("clock", { advance_ms: 1_000 });
  const sum = async () => (await amo.act("state")).chats[0].messages.at(-1).fetched.sha256;
  while ((await sum()) === undefined);
  assert.equal(await sum(), sha256("0123456789"));
});

test("what a manager writes is told once, with a newline nobody signed, and its state comes back", async () => {
  await amo.fresh();
  await amo.connect(`${gateway.url}/amo/:scope_id`);
  const { conversation_id: chat } = (await amo.chat("POST", SCOPE, amo.message("m1"))).body.new_message;
  const file = { name: "a.png", type: "image/png", base64: Buffer.from("picture").toString("base64") };
  await amo.act("writes", { chat: "gw-c-1", text: "Ответ", reply_to: "m1", media_group: [file, file] });
  const [one, two] = [await gateway.next(({ path }) => path === `/amo/${SCOPE}`), await gateway.next(({ path }) => path === `/amo/${SCOPE}`)];
  assert.ok(one.text.endsWith("}\n"));
  assert.equal(one.headers["x-signature"], bodySignature(SECRET, one.text.slice(0, -1)));
  assert.equal(one.headers["user-agent"], "amoCRM amoJo/1.0");
  const [first, second] = [JSON.parse(one.text).message, JSON.parse(two.text).message];
  assert.deepEqual([first.conversation, first.receiver.client_id, first.message.type, first.message.markup], [{ id: chat, client_id: "gw-c-1" }, "gw-u-1", "picture", null]);
  assert.equal(first.message.media_group_id, second.message.media_group_id);
  assert.equal(first.message.reply_to.message.msgid, "m1");
  assert.ok(first.message.media.startsWith(`${amo.url}/amojo.amocrm.ru/attachments/`));
  assert.equal(await (await fetch(first.message.media)).text(), "picture");
  const status = (/** @type {Record<string, any>} */ body, id = first.message.id) => amo.chat("POST", `${SCOPE}/${id}/delivery_status`, { msgid: id, ...body });
  assert.deepEqual([(await status({ delivery_status: 1 })).text, (await status({ delivery_status: 2, status_code: 2 })).status], ["", 200]);
  assert.equal((await status({ delivery_status: 1, status_code: 2 })).status, 400);
  assert.deepEqual([(await status({ status_code: -1 })).status, (await status({ delivery_status: 1 }, "0f0f0f0f-1111-4222-8333-444444444444")).status], [400, 404]);
  const states = (await amo.act("state")).chats[0].messages.find((/** @type {any} */ message) => message.id === first.message.id).states;
  assert.deepEqual(states, [{ code: 1, spelled: "delivery_status" }, { code: 2, spelled: "both" }]);
  // Our id for their message, and from then on either names it.
  const bound = await amo.chat("POST", SCOPE, { event_type: "edit_message", payload: { id: first.message.id, msgid: "ours", conversation_id: "gw-c-1", message: { type: "text", text: "Ответ" } } });
  assert.equal(bound.body.edit_message.ref_id, "ours");
  assert.deepEqual([
    (await amo.chat("POST", `${SCOPE}/react`, { conversation_id: "gw-c-1", msgid: "ours", user: { id: "gw-u-1" }, type: "react", emoji: "👍" })).status,
    (await amo.chat("POST", `${SCOPE}/react`, { conversation_id: "gw-c-1", msgid: "none", user: { id: "gw-u-1" }, type: "react", emoji: "👍" })).status,
  ], [200, 404]);
  assert.equal((await amo.chat("POST", `${SCOPE}/typing`, { conversation_id: "gw-c-1", sender: { id: "gw-u-1" } })).status, 204);
  // A lost hook is found only by the history, and in the list of events.
  await amo.act("lose_hooks", { times: 1 });
  const lost = await amo.act("writes", { chat, text: "потеряно" });
  const history = (await amo.chat("GET", `${SCOPE}/chats/${chat}/history?limit=2&offset=0`)).body.messages;
  assert.deepEqual([history.length, history[0].message.id, history[0].message.text], [2, lost.id, "потеряно"]);
  const contact = (await amo.act("state")).contacts[0].id;
  const events = (await amo.call("GET", `/api/v4/events?filter[type]=outgoing_chat_message&filter[entity]=contact&filter[entity_id][]=${contact}&filter[created_at][from]=0`)).body._embedded.events;
  assert.deepEqual([events.length, events[0].value_after[0].message.id], [3, lost.id]);
  await amo.act("typing", { chat });
  await amo.act("reacts", { chat, message: "m1", emoji: "🔥" });
  assert.ok(JSON.parse((await gateway.next(({ text }) => text.includes('"typing"'))).text).action.typing.expired_at);
  assert.equal(JSON.parse((await gateway.next(({ text }) => text.includes('"reaction"'))).text).action.reaction.message.client_id, "m1");
  assert.ok(!gateway.came.some(({ text }) => text.includes("потеряно")));
  // Links are made short, unless the fake is told not to.
  await amo.act("writes", { chat: "gw-c-1", text: "Вот https://shop.example/a?b=1 и всё" });
  const { text } = JSON.parse((await gateway.next(({ path }) => path === `/amo/${SCOPE}`)).text).message.message;
  const [, code] = /^Вот https:\/\/amo\.si\/([0-9a-f]{11}) и всё$/.exec(text) ?? [];
  const led = await amo.call("GET", `/${code}`, undefined, { host: "amo.si" });
  assert.deepEqual([led.status, led.headers.get("location")], [302, "https://shop.example/a?b=1"]);
});

test("writing first has no id of ours until we give one, and what the bot wrote outside comes not back", async () => {
  await amo.fresh();
  await amo.connect(`${gateway.url}/amo/:scope_id`);
  await amo.act("first", { phone: "+7 999 000-11-22", text: "Здравствуйте" });
  const { message } = JSON.parse((await gateway.next(({ text }) => text.includes("Здравствуйте"))).text);
  assert.deepEqual([message.conversation.client_id, message.receiver.client_id, message.receiver.phone], [undefined, undefined, "79990001122"]);
  const bot = { id: "bot", name: "Бот", ref_id: "b0b0b0b0-1111-4222-8333-444444444444" };
  const client = { id: "gw-u-7", name: "Клиент", ref_id: message.receiver.id };
  const said = await amo.chat("POST", SCOPE, amo.message("m1", { conversation_id: "gw-c-7", conversation_ref_id: message.conversation.id, sender: bot, receiver: client, silent: true }));
  assert.deepEqual([said.body.new_message.conversation_id, said.body.new_message.receiver_id], [message.conversation.id, message.receiver.id]);
  const manager = (await amo.act("state")).users[1];
  await amo.chat("POST", SCOPE, amo.message("m2", {
    conversation_id: "gw-c-7", sender: { id: "u", name: "Борис", ref_id: manager.amojo_id }, receiver: { id: "gw-u-7", name: "Клиент" }, message: { type: "text", text: "с телефона" }, silent: true,
  }));
  assert.equal(JSON.parse((await gateway.next(({ text }) => text.includes("с телефона"))).text).message.sender.id, manager.amojo_id);
  assert.ok(!gateway.came.some(({ text }) => text.includes("Привет")));
  assert.equal((await amo.chat("POST", `${CHANNEL}/connect`, { account_id: AMOJO, title: "без версии" })).body.hook_api_version, "v1");
  await amo.act("channel", { accounts: ["second"] });
  assert.equal((await amo.chat("POST", `${CHANNEL}/connect`, { account_id: AMOJO })).status, 403);
  assert.deepEqual([(await amo.chat("DELETE", `${CHANNEL}/disconnect`, { account_id: AMOJO })).text, (await amo.chat("POST", SCOPE, amo.message("m3"))).status], ["", 404]);
});

test("whoever is slow to answer is told later, and an address of a file is good for a while", async () => {
  await amo.fresh();
  await amo.connect(`${gateway.url}/slow/:scope_id`);
  await amo.act("settings", { hook_patience_ms: 50, slow_ms: 3_600_000, media_life_ms: 60_000 });
  await amo.chat("POST", SCOPE, amo.message("m1"));
  await amo.act("writes", { chat: "gw-c-1", text: "один" });
  await amo.act("writes", { chat: "gw-c-1", file: { name: "a.txt", base64: "YQ==" } });
  await gateway.next(({ text }) => text.includes("один"));
  const delivered = async () => (await amo.act("delivered")).chats;
  while (!(await delivered()).length);
  assert.equal((await delivered())[0].status, 0);
  const { media } = (await amo.act("state")).chats[0].messages.at(-1);
  assert.equal((await fetch(media)).status, 200);
  await amo.act("clock", { advance_ms: 3_601_000 });
  assert.ok(await gateway.next(({ text }) => text.includes("a.txt")));
  while ((await delivered()).length < 2);
  const [first, second] = await delivered();
  assert.ok(second.at - first.at >= 3_600_000);
  assert.equal((await fetch(media)).status, 404);
  const { chats } = await amo.act("state");
  await amo.act("settings", { signature_clock: "real" });
  await amo.chat("GET", `${SCOPE}/chats/${chats[0].id}/history`);
  assert.equal((await fetch(media)).status, 200);
});

test("webhooks are forms of texts, tried again by the clock, and switched off at last", async () => {
  await amo.fresh();
  await amo.act("settings", { limits: false });
  const hook = async (/** @type {string} */ path, /** @type {string[]} */ settings) => (await amo.call("POST", "/api/v4/webhooks", { destination: `${gateway.url}${path}`, settings })).status;
  assert.equal(await hook("/crm", ["add_lead", "add_company", "status_lead", "nonsense"]), 201);
  assert.deepEqual((await amo.call("GET", "/api/v4/webhooks")).body._embedded.webhooks[0].settings, ["add_lead", "add_company", "status_lead"]);
  const { leads } = await amo.act("makes", { leads: [{ name: "Сделка" }], companies: [{ name: "ООО" }] });
  const company = new URLSearchParams((await gateway.next(({ text }) => text.includes("contacts%5Badd"))).text);
  assert.deepEqual([company.get("contacts[add][0][type]"), company.get("account[subdomain]"), company.get("account[id]")], ["company", "demo", "12345678"]);
  assert.ok(await gateway.next(({ text }) => text.includes("leads%5Badd")));
  await amo.act("moves", { lead: leads[0], status: "Переговоры" });
  assert.ok(new URLSearchParams((await gateway.next(({ text }) => text.includes("leads%5Bstatus"))).text).get("leads[status][0][old_status_id]"));
  // Twice, the later first, or all in one: a receiver must bear each.
  await hook("/crm", ["update_lead", "add_chat_template_review"]);
  await amo.act("webhooks", { hold: true, twice: true });
  for (const price of [1, 2]) await amo.act("changes", { lead: leads[0], price });
  await amo.act("release", { what: "webhooks", reverse: true, together: true });
  const all = new URLSearchParams((await gateway.next(({ text }) => text.includes("leads%5Bupdate"))).text);
  assert.deepEqual([0, 1, 2, 3, 4].map((at) => all.get(`leads[update][${at}][price]`)), ["2", "2", "1", "1", null]);
  await amo.act("webhooks", { twice: false });
  const template = (await amo.call("POST", "/api/v4/chats/templates", [{ name: "Приветствие", content: "Здравствуйте" }])).body._embedded.chat_templates[0].id;
  await amo.act("reviews", { template });
  assert.equal(new URLSearchParams((await gateway.next(({ text }) => text.includes("reviews"))).text).get("add[0][id]"), String(template));
  await amo.call("DELETE", "/api/v4/webhooks", { destination: `${gateway.url}/crm` });
  await hook("/fail", ["add_lead"]);
  await amo.act("makes", { leads: [{ name: "ещё" }] });
  const failing = (/** @type {{path: string}} */ { path }) => path === "/fail";
  await gateway.next(failing);
  for (const minutes of [5, 15, 15, 60]) {
    while ((await amo.act("delivered")).webhooks.filter((/** @type {any} */ one) => one.status === 500).length < [5, 15, 15, 60].indexOf(minutes) + 1);
    await amo.act("clock", { advance_ms: minutes * 60_000 + 1_000 });
  }
  const tried = (await amo.act("delivered")).webhooks.filter((/** @type {any} */ one) => one.url.endsWith("/fail"));
  assert.deepEqual(tried.map((/** @type {any} */ one) => one.nth), [0, 1, 2, 3, 4]);
  await amo.act("makes", { leads: Array.from({ length: 101 }, () => ({ name: "много" })) });
  while ((await amo.act("delivered")).webhooks.length < 101);
  const disabled = async () => (await amo.call("GET", "/api/v4/webhooks")).body._embedded.webhooks[0].disabled;
  while (!(await disabled()));
});

test("sources are few, incoming leads have calls of their own, files come in parts", async () => {
  await amo.fresh();
  await amo.act("settings", { limits: false });
  await amo.connect(`${gateway.url}/amo/:scope_id`);
  const post = (/** @type {string} */ path, /** @type {unknown} */ body, how = {}) => amo.call("POST", `/api/v4${path}`, body, how);
  const pipeline = (await amo.act("state")).pipelines[1].id;
  const made = (await post("/sources", [{ name: "Телеграм", external_id: "tg", default: true }, { name: "ВК", external_id: "vk", pipeline_id: pipeline, default: true }])).body._embedded.sources;
  assert.deepEqual((await amo.call("GET", "/api/v4/sources")).body._embedded.sources.map((/** @type {any} */ one) => one.default), [false, true]);
  assert.deepEqual([(await post("/sources", [{ name: "ещё", external_id: "vk" }])).status, (await post("/sources", [{ name: "длинный", external_id: "x".repeat(37) }])).status], [400, 400]);
  assert.equal((await amo.call("DELETE", "/api/v4/sources", [{ id: 5 }])).body.errors[0].errors.code, "EntityNotFound");
  assert.equal((await amo.call("DELETE", `/api/v4/sources/${made[0].id}`)).status, 204);
  await amo.chat("POST", SCOPE, amo.message("m1", { source: { external_id: "vk" } }));
  await amo.chat("POST", SCOPE, amo.message("m2", { conversation_id: "gw-c-2", sender: { id: "gw-u-2", name: "Вера" } }));
  const waiting = (await amo.call("GET", "/api/v4/leads/unsorted?filter[category][]=chats")).body._embedded.unsorted;
  assert.deepEqual(waiting.map((/** @type {any} */ one) => one.pipeline_id), [pipeline, pipeline]);
  const { leads, contacts } = await amo.act("makes", { leads: [{ name: "Старая" }], contacts: [{ name: "Анна" }] });
  const link = { entity_id: leads[0], entity_type: "leads", metadata: { contact_id: contacts[0] } };
  assert.equal((await post(`/leads/unsorted/${waiting[0].uid}/link`, { link })).status, 200);
  assert.equal((await amo.call("DELETE", `/api/v4/leads/unsorted/${waiting[1].uid}/decline`, { user_id: 5 })).status, 200);
  await amo.chat("POST", SCOPE, amo.message("m3", { conversation_id: "gw-c-2", sender: { id: "gw-u-2", name: "Вера" } }));
  const now = await amo.act("state");
  assert.deepEqual([now.leads.map((/** @type {any} */ one) => one.id), now.chats[0].contact, now.unsorted.length], [leads, contacts[0], 0]);
  const talk = now.talks.find((/** @type {any} */ one) => one.contact_id === contacts[0]).talk_id;
  assert.deepEqual([(await post(`/talks/${talk}/close`, { force_close: true })).status, (await post(`/talks/${talk}/close`, { force_close: true })).status, (await post("/talks/5/close", {})).status], [202, 422, 404]);
  const notes = await post(`/leads/${leads[0]}/notes`, [{ note_type: "common", params: { text: "Диалог" } }]);
  assert.equal((await amo.call("GET", `/api/v4/leads/${leads[0]}/notes`)).body._embedded.notes[0].id, notes.body._embedded.notes[0].id);
  const task = (await post("/tasks", [{ text: "Ответить клиенту", complete_till: 1795176000, entity_id: leads[0], entity_type: "leads" }])).body._embedded.tasks[0].id;
  assert.deepEqual((await amo.call("GET", `/api/v4/tasks/${task}`)).body.result, []);
  await amo.call("PATCH", `/api/v4/tasks/${task}`, { is_completed: true, result: { text: "готово" } });
  assert.deepEqual((await amo.call("GET", `/api/v4/tasks/${task}`)).body.result, { text: "готово" });
  const host = "drive-b.amocrm.ru";
  const session = (await amo.call("POST", "/v1.0/sessions", { file_name: "a.txt", file_size: 4 }, { host })).body;
  const { access_token } = await amo.act("token");
  const part = (/** @type {string} */ url, /** @type {string} */ bytes) => fetch(
    url.replace("https:/", amo.url), { method: "POST", headers: { authorization: `Bearer ${access_token}` }, body: bytes },
  ).then((answer) => answer.json());
  const file = await part((await part(session.upload_url, "ab")).next_url, "cd");
  assert.equal(await (await fetch(file._links.download.href)).text(), "abcd");
  assert.equal((await amo.call("PUT", `/api/v4/leads/${leads[0]}/files`, [{ file_uuid: file.uuid }])).status, 202);
  assert.deepEqual((await amo.call("GET", "/api/v4/users?with=amojo_id")).body._embedded.users.map((/** @type {any} */ one) => one.amojo_id === null), [false, false, true]);
  const { access_token: small } = await amo.act("token", { user: "Борис Менеджеров" });
  assert.equal((await amo.call("GET", "/api/v4/users", undefined, { token: small })).status, 403);
});
