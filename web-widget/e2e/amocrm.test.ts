/** Two amoCRM accounts beside our own messenger: what visitors write in the widget, Telegram and VK stands in both, each in its way, and what is answered in one reaches everybody else once. */
import { randomBytes } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { connect, Fake, hash } from "./fakes.ts";
import { pdf } from "./files.mjs";
import { api, demo, Manager, PICTURES, seen, Visitor } from "./people.ts";
import { letIn, person, personOf } from "./shop.ts";

type Said = { id: string; client_id: string | null; type: string; text: string; state: number; states: { error_code?: number; error?: string }[]; fetched?: { sha256: string }; written: string };
type Chat = { id: string; contact: number; messages: Said[]; who: { name: string } };
type State = {
  contacts: { id: number; name: string; fields: Record<string, string[]>; chats: string[] }[];
  leads: { id: number; name: string; status: string; tags: string[]; contacts: number[] }[];
  chats: Chat[];
  sources: { name: string }[];
  notes: { entity_id: number; params: { text: string } }[];
};
type Connection = { id: string; kind: string; name: string; mode: string; facts: Record<string, string>; health: { status: string } };
type Settings = { values: Record<string, unknown>; lists: Record<string, { value: string; label: string }[]>; read_at?: string };

const TOKEN = "7000000001:AAF-fake_token_of_the_shop_bot_0001";
const SECRET = "7d1f0c2b9a8e4d6f5b3a1c0e9d8f7a6b5c4d3e2f";
const CHANNEL = "11111111-2222-4333-8444-555555555555";
const BOT = "b0b0b0b0-1111-4222-8333-444444444444";
const CLIENT = "0d0d0d0d-1111-4222-8333-444444444444";
const run = Math.random().toString(36).slice(2, 8);
const words = (who: string, n: number) => `${who}-${run}-${n}`;
const anna = { id: 7_001, first_name: "Анна", last_name: run, username: `anna_${run}` };
const VERA = 7_101;

let browser: Browser;
let amo: Fake;
let telegram: Fake;
let vk: Fake;
let owner: Manager;
let page: Page;
let visitor: Visitor;
const channels: string[] = [];
const connections: string[] = [];

const state = (account: string) => amo.look<State>(`state?account=${account}`);
const look = async (id: string) => (await api<{ items: Connection[] }>("GET", "/connections")).items.find((one) => one.id === id);
const chatWith = async (text: string) => (await state("demo")).chats.find((chat) => chat.messages.some((message) => message.text.includes(text)));
const chatId = async (text: string) => (await chatWith(text))?.id ?? "";
const inChat = async (text: string) => (await chatWith(text))?.messages.filter((message) => message.text.includes(text)) ?? [];
const notes = async (text: string) => (await state("second")).notes.filter((note) => note.params.text.includes(text));
const inTelegram = async () => (await telegram.look<{ id: number; messages: { text?: string; message_id: number }[] }[]>("chats")).find((one) => one.id === anna.id)?.messages ?? [];
const inVk = async () => (await vk.look<{ messages: { text: string }[]; read_by_us: number }>(`dialog?peer=${VERA}`)).messages.map((one) => one.text);
/** Set over what is set already, once the lists are read. */
const set = async (id: string, values: (lists: Settings["lists"]) => Record<string, unknown>) => {
  await expect.poll(async () => (await api<Settings>("GET", `/connections/${id}/settings`)).read_at).toBeDefined();
  const now = await api<Settings>("GET", `/connections/${id}/settings`);
  await api("PUT", `/connections/${id}/settings`, { values: { ...now.values, ...values(now.lists) } });
};
const stage = (lists: Settings["lists"], name: string) => lists.stages?.find((one) => one.label === name)?.value;

beforeAll(async () => {
  await letIn();
  [browser, amo, telegram, vk] = await Promise.all([launch(), Fake.of("amocrm"), Fake.of("telegram"), Fake.of("vk")]);
  await Promise.all([
    amo.act("settings", { limits: false }),
    amo.act("integration", { redirect_uri: `${demo.url}/oauth/amocrm` }),
    amo.act("channel", { hook_url: `${demo.url}/hooks/app/amocrm/:scope_id` }),
    telegram.act("settings", { limits: false, local: true }),
    vk.act("user", { id: VERA, first_name: "Вера", last_name: run, domain: `vera_${run}` }),
  ]);
  channels.push(...(await connect("telegram_bot", { token: TOKEN, server: telegram.url })), ...(await connect("vk_messages", { token: "vk1.a.test", base_url: vk.url })));
  owner = await Manager.enter(browser, demo.email, demo.password);
  page = owner.page;
  visitor = await Visitor.come(browser);
});

afterAll(async () => {
  for (const id of connections) await api("DELETE", `/connections/${id}`);
  for (const id of channels) await api("DELETE", `/channels/${id}`);
  await browser.close();
  for (const fake of [amo, telegram, vk]) fake.end();
});

it("connects one amoCRM account by its page of consent, fills in the chat channel, and another by a token", async () => {
  await page.goto(`${demo.url}/settings/outgoing/new`);
  await page.getByRole("button", { name: "amoCRM" }).click();
  await page.getByLabel("Где ваш аккаунт").selectOption({ label: "Мой домен amocrm.ru" });
  await page.getByLabel("Как подключить").selectOption({ label: "Кнопка amoCRM" });
  await page.getByText("Дополнительно").or(page.locator("details.advanced summary")).first().click();
  await page.getByLabel("Адрес прокси").fill(amo.url);
  await page.getByRole("button", { name: "Продолжить" }).click();
  await page.getByText(`${demo.url}/oauth/amocrm`).waitFor();
  await page.getByLabel("ID интеграции").fill(CLIENT);
  await page.getByLabel("Секретный ключ").fill("demo-client-secret");
  await seen(page, "amocrm-integration");
  await page.getByRole("button", { name: "Продолжить" }).click();
  const [theirs] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Перейти" }).click()]);
  await theirs.getByRole("button", { name: "Разрешить" }).click();
  await theirs.getByRole("heading", { name: "Готово, можно закрыть окно" }).waitFor();
  await theirs.close();
  await page.getByRole("heading", { name: /^Редактирование канала:/ }).waitFor();
  const first = page.url().split("/").at(-1) ?? "";
  connections.push(first);
  // Before the support of amoCRM gave a channel there are no chats.
  await page.locator(".facts").getByText("Ещё не выдан поддержкой amoCRM").waitFor();
  expect((await look(first))?.mode).toBe("add");
  const form = page.locator("form", { has: page.getByRole("heading", { name: "Приложение amoCRM" }) });
  await form.getByText(`${demo.url}/hooks/app/amocrm/:scope_id`).waitFor();
  await form.getByLabel("ID канала чатов").fill(CHANNEL);
  await form.getByRole("button", { name: "Сохранить" }).click();
  await form.locator(".field.bad", { hasText: "Секрет канала чатов" }).waitFor();
  await form.getByLabel("Секрет канала чатов").fill(SECRET);
  await form.getByLabel("ID бота канала").fill(BOT);
  await form.getByRole("button", { name: "Сохранить" }).click();
  await page.getByText("Сохранено. Подключение настраивается заново.").waitFor();
  await expect.poll(async () => (await look(first))?.mode).toBe("chats");
  await page.locator(".facts").getByText("Подключён", { exact: true }).waitFor();
  await seen(page, "amocrm-connection");
  // The other has no integration of ours, only a token that lives long.
  const { access_token: token } = await amo.act<{ access_token: string }>("token", { account: "second", days: 365 });
  const { id } = await api<{ id: string }>("POST", "/connecting", { crm: "amocrm" });
  await api("POST", `/connecting/${id}`, { values: { domain: "amocrm", way: "token", base_url: amo.url } });
  const { connection } = await api<{ connection: string }>("POST", `/connecting/${id}`, { values: { host: "second.amocrm.ru", token } });
  connections.push(connection);
  await set(first, (lists) => ({ stage: stage(lists, "Переговоры"), tags: ["сайт", "из %DOMAIN%"], notify: "one_task" }));
  await set(connection, (lists) => ({ stage: stage(lists, "Принимают решение"), tags: [run], notify: "nothing" }));
  expect((await look(connection))?.mode).toBe("add");
});

it("puts what visitors of the widget, Telegram and VK write into both, with their files, and says at each message where it is", async () => {
  const papers = [pdf(`widget-${run}`), pdf(`telegram-${run}`), randomBytes(90_000)];
  await visitor.says(words("widget", 1));
  await visitor.sends([{ name: `сайт-${run}.pdf`, mimeType: "application/pdf", buffer: papers[0]! }]);
  await telegram.act("write", { from: anna, text: words("telegram", 1) });
  await telegram.act("write", { from: anna, document: { base64: papers[1]?.toString("base64"), name: `тг-${run}.pdf`, type: "application/pdf" } });
  await vk.act("write", { user: VERA, text: words("vk", 1), attachments: [{ kind: "doc", name: `вк-${run}.pdf`, media_type: "application/pdf", bytes: papers[2]?.toString("base64") }] });
  for (const [at, who] of ["widget", "telegram", "vk"].entries()) {
    const sum = hash(papers[at]!);
    const text = words(who, 1);
    // The first account: contact, deal in its stage with its tags, a chat of the contact's with words and file.
    await expect.poll(async () => (await chatWith(text))?.messages.map((one) => one.fetched?.sha256), { message: who }).toContain(sum);
    const [there, chat] = [await state("demo"), (await chatWith(text))!];
    const contact = there.contacts.filter((one) => one.chats.includes(chat.id));
    const deals = there.leads.filter((one) => one.contacts.includes(contact[0]?.id ?? 0));
    expect([contact.length, deals.map((one) => one.status)], who).toEqual([1, ["Переговоры"]]);
    expect(deals[0]?.tags, who).toEqual(["сайт", `из ${{ widget: "Сайт", telegram: "Telegram", vk: "VK" }[who]}`]);
    expect(chat.messages.filter((one) => one.text.includes(text)), who).toHaveLength(1);
    // The second: the same person and a deal of its own, the words in notes, the file behind a link.
    await expect.poll(async () => (await notes(text)).length, { message: who }).toBe(1);
    const other = await state("second");
    const deal = other.leads.find((one) => one.id === other.notes.find((note) => note.params.text.includes(text))?.entity_id);
    expect([deal?.status, deal?.tags], who).toEqual(["Принимают решение", [run]]);
    const own = () => state("second").then(({ notes }) => notes.filter((note) => note.entity_id === deal?.id && note.params.text.includes(`${run}.pdf: http`)));
    await expect.poll(async () => (await own()).length, { message: who }).toBe(1);
    const link = /https?:\S+$/m.exec((await own())[0]?.params.text ?? "")?.[0] ?? "";
    expect(hash(Buffer.from(await (await fetch(link)).arrayBuffer())), who).toBe(sum);
  }
  const names = (await state("demo")).contacts.map((one) => one.name);
  expect(names).toEqual(expect.arrayContaining([`Анна ${run}`, `Вера ${run}`]));
  // amoCRM says by which channel it came.
  const { items } = await api<{ items: { id: string; kind: string; name: string }[] }>("GET", "/channels");
  const spoken = items.filter((one) => channels.includes(one.id) && ["telegram_bot", "vk_messages"].includes(one.kind)).map((one) => one.name);
  expect(spoken).toHaveLength(2);
  expect((await state("demo")).sources.map((one) => one.name)).toEqual(expect.arrayContaining(spoken));
  // Its own status in each.
  await page.goto(demo.url);
  await owner.row(anna.first_name + " " + run).click();
  await owner.sees(words("telegram", 1));
  const [one, two] = await Promise.all(connections.map(async (id) => (await look(id))?.name ?? ""));
  await where(words("telegram", 1), { "Веб-мессенджер": "Выгружено", [one ?? ""]: "Выгружено", [two ?? ""]: "Выгружено" });
});

/** «Где сообщение», line by line. */
async function where(text: string, standing: Record<string, string>) {
  const message = page.locator(".msg", { hasText: text }).last();
  await message.hover();
  await message.getByRole("button", { name: "Действия с сообщением" }).click();
  await page.getByRole("menuitem", { name: "Где сообщение" }).click();
  const dialog = page.getByRole("dialog");
  for (const [name, status] of Object.entries(standing)) await dialog.locator("li", { hasText: name }).getByText(status, { exact: true }).waitFor();
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/amocrm-where.png` });
  await page.keyboard.press("Escape");
}

it("takes what is answered in amoCRM to the customer, to the messenger and to the other account, and not back", async () => {
  const picture = randomBytes(40_000);
  for (const who of ["telegram", "vk", "widget"]) await amo.act("writes", { account: "demo", chat: await chatId(words(who, 1)), text: words(`${who}reply`, 1) });
  await expect.poll(async () => (await inTelegram()).map((one) => one.text)).toContain(words("telegramreply", 1));
  await expect.poll(inVk).toContain(words("vkreply", 1));
  await visitor.said(words("widgetreply", 1)).waitFor();
  await owner.sees(words("telegramreply", 1));
  await amo.act("writes", { account: "demo", chat: await chatId(words("telegram", 1)), file: { name: `кп-${run}.pdf`, type: "application/pdf", base64: picture.toString("base64") } });
  await expect.poll(async () => (await inTelegram()).map((one) => (one as { _file?: { sha256: string } })._file?.sha256)).toContain(hash(picture));
  for (const who of ["telegram", "vk", "widget"]) {
    await expect.poll(async () => (await notes(words(`${who}reply`, 1))).length, { message: who }).toBe(1);
    expect(await inChat(words(`${who}reply`, 1)), who).toHaveLength(1);
  }
  // What a manager of the messenger answers, and what is written by hand in VK, stands in both.
  await owner.says(words("owner", 1));
  await vk.act("admin", { user: VERA, text: words("phone", 1) });
  for (const text of [words("owner", 1), words("phone", 1)]) {
    await expect.poll(async () => (await inChat(text)).length, { message: text }).toBe(1);
    await expect.poll(async () => (await notes(text)).length, { message: text }).toBe(1);
  }
  expect((await inVk()).filter((text) => text === words("phone", 1))).toHaveLength(1);
});

it("tells both ways that somebody writes, what was edited, read, and did not arrive", async () => {
  const typings = async () => (await amo.look<{ call: string }[]>("ledger")).filter((one) => one.call === "amojo.typing").length;
  await visitor.in("textarea").fill("Ещё вопрос");
  await expect.poll(typings).toBeGreaterThan(0);
  await amo.act("typing", { account: "demo", chat: await chatId(words("widget", 1)) });
  await visitor.in(".bubble.dots").waitFor();
  // Edited: by the customer, and by a manager of the messenger.
  const [message] = (await inTelegram()).filter((one) => one.text === words("telegram", 1));
  await telegram.act("edit", { chat: anna.id, message_id: message?.message_id, text: words("edited", 1) });
  await expect.poll(async () => (await inChat(words("edited", 1))).length).toBe(1);
  expect(await inChat(words("telegram", 1))).toHaveLength(0);
  await expect.poll(async () => (await inTelegram()).map((one) => one.text)).toContain(words("owner", 1));
  const area = page.locator(".composer textarea");
  await area.press("ArrowUp");
  await expect.poll(() => area.inputValue()).toBe(words("owner", 1));
  await area.fill(words("owner", 2));
  await area.press("Enter");
  await expect.poll(async () => (await inChat(words("owner", 2))).length).toBe(1);
  // Read: what amoCRM wrote, by the visitor, whose widget is open; what the customer wrote, by who looked at it in amoCRM.
  const status = async (text: string) => (await inChat(text))[0]?.state;
  await expect.poll(() => status(words("widgetreply", 1))).toBe(2);
  await amo.act("reads", { account: "demo", chat: await chatId(words("vk", 1)) });
  await expect.poll(async () => (await vk.look<{ read_by_us: number }>(`dialog?peer=${VERA}`)).read_by_us).toBeGreaterThan(0);
  // Not arrived: the customer has blocked us, and amoCRM takes something not.
  await telegram.act("block", { from: anna.id });
  await amo.act("writes", { account: "demo", chat: await chatId(words("edited", 1)), text: words("blocked", 1) });
  await expect.poll(() => status(words("blocked", 1))).toBe(-1);
  expect((await inChat(words("blocked", 1)))[0]?.states.at(-1)).toMatchObject({ error_code: 901 });
  await owner.sees(words("blocked", 1));
  await page.locator(".msg", { hasText: words("blocked", 1) }).getByText("Клиент заблокировал вас в мессенджере.").waitFor();
  await telegram.act("unblock", { from: anna.id });
  await amo.act("faults", { call: "amojo.message", when: words("refused", 1), times: 5, act: { kind: "answer", status: 400, body: { error_code: 10, title: "Bad Request" } } });
  await telegram.act("write", { from: anna, text: words("refused", 1) });
  await owner.sees(words("refused", 1));
  await expect.poll(async () => (await notes(words("refused", 1))).length).toBe(1);
  const [one, two] = await Promise.all(connections.map(async (id) => (await look(id))?.name ?? ""));
  await where(words("refused", 1), { "Веб-мессенджер": "Выгружено", [one ?? ""]: "Не выгружено", [two ?? ""]: "Выгружено" });
});

it("shows on a customer's card their contact and deals in amoCRM, and where each message is", async () => {
  const { customer } = await personOf((await person(words("refused", 1))).conversation);
  await page.goto(`${demo.url}/customers/${customer}`);
  const part = page.getByRole("region", { name: "В CRM" });
  for (const account of ["demo", "second"]) {
    const contact = (await state(account)).contacts.find((one) => one.name === `Анна ${run}`)?.id ?? 0;
    const deal = (await state(account)).leads.find((one) => one.contacts.includes(contact))?.id ?? 0;
    expect(await part.getByRole("link", { name: `Контакт ${contact}` }).getAttribute("href")).toBe(`https://${account}.amocrm.ru/contacts/detail/${contact}`);
    expect(await part.getByRole("link", { name: `Сделка ${deal}` }).getAttribute("href")).toBe(`https://${account}.amocrm.ru/leads/detail/${deal}`);
  }
  await part.getByText("Где последние сообщения").click();
  const line = part.locator("li", { hasText: words("refused", 1) });
  await line.getByText("Не выгружено").waitFor();
  await line.getByText("Выгружено", { exact: true }).waitFor();
  await seen(page, "amocrm-customer");
});
