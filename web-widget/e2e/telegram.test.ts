/** A customer in Telegram and a manager in the messenger: a bot is connected by its token, and everything either says reaches the other. */
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { connect, Fake, hash } from "./fakes.ts";
import { noisePng, pdf } from "./files.mjs";
import { api, demo, drawn, Manager } from "./people.ts";

type Shown = { message_id: number; text?: string; caption?: string; from: { id: number }; reply_to_message?: { message_id: number }; _file?: { kind: string; sha256: string; name?: string }; _deleted?: boolean; _reaction?: string };

const TOKEN = "7000000001:AAF-fake_token_of_the_shop_bot_0001";
const run = Math.random().toString(36).slice(2, 8);
const words = (who: string, n: number) => `${who}-${run}-${n}`;
const anna = { id: 5, first_name: "Анна", last_name: run };

let browser: Browser;
let telegram: Fake;
let owner: Manager;
const channels: string[] = [];
/** The token of the second bot. */
let bot: string;

/** What stands in Anna's chat with the bot now. */
const chat = async () => (await telegram.look<{ id: number; connection: string; messages: Shown[] }[]>("chats")).find((one) => one.id === anna.id && one.connection === "")?.messages ?? [];
const last = async () => (await chat()).at(-1);
const line = (text: string) => owner.page.locator(".msg", { hasText: text });
/** What is behind a link, by its hash. */
const hashOf = async (link: Locator) => {
  const address = await link.evaluate((one) => (one as HTMLAnchorElement).href);
  return hash(await (await owner.page.context().request.get(address)).body());
};

beforeAll(async () => {
  [browser, telegram] = await Promise.all([launch(), Fake.of("telegram")]);
  // A server of one's own: it brings news to this installation though its address is no public one.
  await telegram.act("settings", { limits: false, local: true });
  owner = await Manager.enter(browser, demo.email, demo.password);
  owner.page.setDefaultTimeout(15_000);
});

afterAll(async () => {
  for (const channel of channels) await api("DELETE", `/channels/${channel}`);
  await browser.close();
  telegram.end();
});

it("connects a Telegram bot by its token, and a person's words come at once", async () => {
  await expect(connect("telegram_bot", { token: "1:wrong", server: telegram.url })).rejects.toThrow("token_wrong");
  channels.push(...(await connect("telegram_bot", { token: TOKEN, server: telegram.url })));
  await expect.poll(async () => (await telegram.look<{ webhook: { url: string } }[]>("bots"))[0]?.webhook.url).toContain("/hooks/");
  const face = { base64: noisePng(160, 160, 3).toString("base64"), name: "face.png", type: "image/png" };
  await telegram.act("write", { from: { ...anna, photo: face }, text: words("anna", 1) });
  await owner.row(words("anna", 1)).waitFor();
  await owner.open(words("anna", 1));
  await owner.says(words("owner", 1));
  await expect.poll(async () => (await last())?.text).toBe(words("owner", 1));
});

it("shows the face of who writes, and their letters where it does not come", async () => {
  const { page } = owner;
  const face = () => page.locator(".thread .head .avatar");
  await drawn(face().locator("img"));
  await page.route("**/thumbnail?*", (route) => route.abort());
  await owner.reload();
  await face().locator("img").waitFor({ state: "detached" });
  expect(await face().locator(".letters").getAttribute("data-letters")).toHaveLength(2);
  await page.unroute("**/thumbnail?*");
  await owner.reload();
  await drawn(face().locator("img"));
});

it("carries files of Telegram whole, both ways", async () => {
  const [theirs, ours, picture] = [pdf("theirs"), pdf("ours"), noisePng(320, 200, 7)];
  await telegram.act("write", { from: anna, document: { base64: theirs.toString("base64"), name: `theirs-${run}.pdf`, type: "application/pdf" } });
  const file = owner.page.locator(".msg.inbound .file", { hasText: `theirs-${run}.pdf` });
  await file.waitFor();
  await expect.poll(() => hashOf(file)).toBe(hash(theirs));
  await telegram.act("write", { from: anna, photo: { base64: picture.toString("base64"), name: "a.png", type: "image/png" }, caption: words("photo", 1) });
  await owner.sees(words("photo", 1));
  await drawn(line(words("photo", 1)).locator("img").first());
  await owner.sends([{ name: `ours-${run}.pdf`, mimeType: "application/pdf", buffer: ours }]);
  await expect.poll(async () => (await last())?._file).toMatchObject({ kind: "document", sha256: hash(ours), name: `ours-${run}.pdf` });
  await owner.sends([{ name: "b.png", mimeType: "image/png", buffer: picture }]);
  await expect.poll(async () => (await last())?._file).toMatchObject({ kind: "photo", sha256: hash(picture) });
});

it("shows what becomes of words in Telegram: answers, edits, reactions, both ways", async () => {
  const { page } = owner;
  await telegram.act("write", { from: anna, text: words("anna", 2) });
  await owner.sees(words("anna", 2));
  // Hers is answered and reacted to.
  await line(words("anna", 2)).hover();
  await line(words("anna", 2)).getByRole("button", { name: "Ответить" }).click();
  await owner.says(words("owner", 2));
  const asked = (await chat()).find((one) => one.text === words("anna", 2))?.message_id;
  await expect.poll(async () => (await last())?.reply_to_message?.message_id).toBe(asked);
  const theirs = page.locator(".msg.inbound", { hasText: words("anna", 2) });
  await theirs.hover();
  await theirs.getByRole("button", { name: "Реакция" }).click();
  await page.getByRole("menuitemradio", { name: "🔥" }).click();
  await expect.poll(async () => (await chat()).find((one) => one.message_id === asked)?._reaction).toBe("🔥");
  // Ours is changed, and she reacts to it.
  const area = page.locator(".composer textarea");
  await area.press("ArrowUp");
  await expect.poll(() => area.inputValue()).toBe(words("owner", 2));
  await area.fill(words("owner", 3));
  await area.press("Enter");
  await expect.poll(async () => (await last())?.text).toBe(words("owner", 3));
  const ours = (await last())?.message_id;
  await telegram.act("react", { from: anna, chat: anna.id, message_id: ours, emoji: "👍" });
  await page.locator(".msg.outbound .reactions, .msg.outbound ~ .reactions", { hasText: "👍" }).first().waitFor();
  // Hers is changed, and she answers ours.
  await telegram.act("edit", { chat: anna.id, message_id: asked, text: words("anna", 3) });
  await owner.sees(words("anna", 3));
  await telegram.act("write", { from: anna, text: words("anna", 4), reply_to: ours });
  await owner.sees(words("anna", 4));
  await line(words("anna", 4)).getByText(words("owner", 3)).waitFor();
});

it("says in words when a customer of Telegram has blocked the bot, and goes on when they write again", async () => {
  const { page } = owner;
  await telegram.act("block", { from: anna.id });
  const area = page.locator(".composer textarea");
  await area.fill(words("owner", 5));
  await area.press("Enter");
  await page.getByText("Клиент заблокировал вас в мессенджере.").first().waitFor();
  await telegram.act("unblock", { from: anna.id });
  await telegram.act("write", { from: anna, text: words("anna", 5) });
  await owner.sees(words("anna", 5));
  await owner.says(words("owner", 6));
  await expect.poll(async () => (await last())?.text).toBe(words("owner", 6));
});

it("sends nothing twice when an answer of Telegram is lost, and what waited for a new token once", async () => {
  const lost = words("owner", 8);
  await telegram.act("faults", { call: "sendMessage", when: lost, act: { kind: "lose" } });
  await owner.says(lost);
  await line(lost).getByRole("button", { name: "Повторить" }).waitFor();
  await telegram.act("revoke");
  await owner.says(words("owner", 9));
  await line(words("owner", 9)).getByText("Доступ отозван. Подключите канал заново.").waitFor();
  await expect.poll(async () => (await api<{ items: { id: string; health: { status: string } }[] }>("GET", "/channels")).items.find((one) => one.id === channels[0])?.health.status).toBe("access_lost");
  await telegram.act("restore");
  const { id } = await api<{ id: string }>("POST", "/connecting", { channel: channels[0] });
  // It is ours already, so nobody is asked whether to take it over.
  expect(await api("POST", `/connecting/${id}`, { values: { token: TOKEN, server: telegram.url } })).toMatchObject({ channels: [channels[0]] });
  await expect.poll(async () => (await last())?.text).toBe(words("owner", 9));
  const said = (await chat()).map((one) => one.text);
  expect([lost, words("owner", 9)].map((text) => said.filter((one) => one === text).length)).toEqual([1, 1]);
});

it("serves a personal account through the bot: a channel of its own, with what its owner writes on the phone", async () => {
  const { page } = owner;
  // Telegram's own servers take no such address: this bot is asked for its news.
  await telegram.act("settings", { local: false });
  bot = (await telegram.act<{ token: string }>("bots", { username: "second_bot" })).token;
  channels.push(...(await connect("telegram_bot", { token: bot, server: telegram.url })));
  const boss = { id: 900, first_name: `Хозяин ${run}` };
  const { id: connection } = await telegram.act<{ id: string }>("connect-business", { bot, from: boss });
  await telegram.act("write", { bot, from: anna, connection, text: words("private", 1) });
  await owner.row(words("private", 1)).waitFor();
  await owner.open(words("private", 1));
  await page.getByText(boss.first_name).first().waitFor();
  await telegram.act("write", { bot, from: boss, connection, chat: anna.id, text: words("phone", 1) });
  await page.locator(".msg.outbound", { hasText: words("phone", 1) }).waitFor();
  await owner.says(words("owner", 10));
  const shown = async () => (await telegram.look<{ connection: string; messages: Shown[] }[]>("chats")).find((one) => one.connection === connection)?.messages ?? [];
  await expect.poll(async () => (await shown()).at(-1)).toMatchObject({ text: words("owner", 10), from: { id: boss.id } });
  // Its owner takes the bot off: the composer says so.
  await telegram.act("disconnect-business", { bot, id: connection });
  await telegram.act("write", { bot, from: anna, text: words("private", 2) });
  await owner.row(words("private", 2)).waitFor();
  await owner.reload();
  await page.getByText("Владелец отключил бота от своего аккаунта Telegram.").first().waitFor();
});

it("keeps a group of Telegram in one conversation with each writer's name, and a comment under its post", async () => {
  const { page } = owner;
  const { id: group } = await telegram.act<{ id: number }>("group", { bot, title: words("group", 0) });
  const people = [11, 12, 13].map((id) => ({ id, first_name: `Г${id}-${run}` }));
  for (const from of people) await telegram.act("write", { bot, from, chat: group, text: words("group", from.id) });
  await owner.row(words("group", 13)).locator(".name", { hasText: words("group", 0) }).waitFor();
  await owner.open(words("group", 13));
  for (const from of people) await page.locator(".msg.inbound", { hasText: words("group", from.id) }).getByText(from.first_name).waitFor();
  const { id, discussion } = await telegram.act<{ id: number; discussion: number }>("channel", { bot, title: "Новости" });
  const { copy } = await telegram.act<{ copy: number }>("post", { bot, channel: id, text: words("post", 1) });
  await telegram.act("write", { bot, from: anna, chat: discussion, reply_to: copy, text: words("comment", 1) });
  // The same person, another place: a conversation of its own, answered where it was asked.
  await owner.row(words("comment", 1)).waitFor();
  await owner.open(words("comment", 1));
  await page.getByText(words("post", 1)).first().waitFor();
  await owner.says(words("owner", 7));
  const shown = async () => (await telegram.look<{ id: number; messages: Shown[] }[]>("chats")).find((one) => one.id === discussion)?.messages ?? [];
  await expect.poll(async () => (await shown()).at(-1)).toMatchObject({ text: words("owner", 7), reply_to_message: { text: words("comment", 1) } });
});
