/** «Исходящие каналы», by the screen: a CRM is connected, set, gets what is said, refuses some of it, loses its access and is connected anew. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { Fake } from "./fakes.ts";
import { accessible, api, demo, Manager, seen } from "./people.ts";

type Connection = { id: string; gone?: string[]; kind: string; health: { status: string }; failed: number; active: boolean };
type Shown = { hook: string; messages: { text: string }[] };
const run = Math.random().toString(36).slice(2, 8);

let browser: Browser;
let crm: Fake;
let owner: Manager;
let page: Page;

const probe = async () => (await api<{ items: Connection[] }>("GET", "/connections")).items.find((one) => one.kind === "probe");
const texts = async () => (await crm.look<Shown>("state")).messages.map((message) => message.text);
const next = () => page.getByRole("button", { name: "Продолжить" });
const saved = () => page.getByText("Канал был успешно изменен.").first().waitFor();
const settings = () => page.locator("form", { has: page.getByRole("heading", { name: "Настройки CRM" }) });
/** A conversation that may be written to. */
const talk = async () => {
  const { items } = await api<{ items: { id: string; can: { send: boolean } }[] }>("GET", "/conversations?view=all&limit=50");
  const found = items.find((one) => one.can.send);
  if (!found) throw new Error("nobody can be answered");
  return found.id;
};
const say = (conversation: string, text: string) => api<{ message: { id: string } }>("POST", `/conversations/${conversation}/messages`, { client_id: crypto.randomUUID(), text });
const word = async (value: string) => {
  await page.getByLabel("Адрес").fill(crm.url);
  await page.getByLabel("Способ").selectOption({ label: "Слово" });
  await page.getByLabel("Слово", { exact: true }).fill(value);
  await next().click();
};

beforeAll(async () => {
  [browser, crm] = await Promise.all([launch(), Fake.of("probecrm")]);
  owner = await Manager.enter(browser, demo.email, demo.password);
  page = owner.page;
});

afterAll(async () => {
  const left = await probe();
  if (left) await api("DELETE", `/connections/${left.id}`);
  await browser.close();
  crm.end();
});

it("connects a CRM by the page it leads to, and sets what its form asks", async () => {
  await page.goto(`${demo.url}/settings/outgoing`);
  const messenger = page.getByRole("row", { name: /Веб-мессенджер/ });
  await messenger.getByText("Создавать", { exact: true }).waitFor();
  expect(await messenger.getByRole("button", { name: /Удалить/ }).count()).toBe(0);
  await page.getByRole("link", { name: "Создать канал" }).click();
  await page.getByRole("button", { name: "Пробная CRM" }).click();
  await word("no");
  await page.locator(".field.bad", { hasText: "Слово не подошло" }).waitFor();
  await page.getByLabel("Способ").selectOption({ label: "Страница CRM" });
  await next().click();
  // Who allows nothing is told so, and begins anew.
  const away = async (answer: string) => {
    const [theirs] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Перейти" }).click()]);
    await theirs.getByRole("link", { name: answer }).click();
    await theirs.getByRole("heading").waitFor();
    const said = await theirs.getByRole("heading").textContent();
    await theirs.close();
    return said;
  };
  expect(await away("Отказать")).toBe("Подключить не получилось");
  await page.getByRole("alert").filter({ hasText: "Доступ не разрешён" }).waitFor();
  await page.getByRole("button", { name: "Повторить" }).click();
  await page.getByLabel("Адрес").fill(crm.url);
  await page.getByLabel("Способ").selectOption({ label: "Страница CRM" });
  await next().click();
  expect(await away("Разрешить")).toBe("Готово, можно закрыть окно");
  await page.getByRole("heading", { name: "Редактирование канала: Проба – Лавка" }).waitFor();
  await page.locator(".health", { hasText: "Подключён" }).waitFor();
  const form = settings();
  await form.getByRole("button", { name: "Обновить списки" }).click();
  await page.getByText("Списки обновлены.").waitFor();
  await form.getByLabel("Этап", { exact: true }).selectOption({ label: "Переговоры" });
  await form.getByLabel("Первичный контакт").check();
  await form.getByLabel("Теги").fill(`сайт, ${run}`);
  await form.getByRole("button", { name: "Сохранить" }).click();
  await form.locator(".field.bad", { hasText: "Этап должен быть среди открытых" }).waitFor();
  await form.getByLabel("Переговоры").check();
  await form.getByRole("switch", { name: "Чаты CRM" }).click();
  await page.getByRole("dialog").getByText("Диалоги будут показаны в CRM иначе.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "ОК" }).click();
  await form.getByRole("button", { name: "Сохранить" }).click();
  await saved();
  const id = (await probe())?.id ?? "";
  const kept = await api<{ values: Record<string, unknown> }>("GET", `/connections/${id}/settings`);
  expect(kept.values).toMatchObject({ chats: false, stage: "1/20", open: ["1/10", "1/20"], tags: ["сайт", run] });
  await seen(page, "outgoing-connection");
});

it("names what is chosen and gone in the CRM, until it is chosen anew", async () => {
  await crm.act("lists", { stages: [{ value: "1/10", label: "Первичный контакт", group: "Продажи" }], users: [{ value: "1", label: "Ольга Смирнова" }] });
  const id = (await probe())?.id ?? "";
  await api("POST", `/connections/${id}/refresh`);
  await expect.poll(async () => (await probe())?.gone).toEqual(["stage"]);
  await page.reload();
  const form = settings();
  const told = page.locator(".alert", { hasText: "В CRM удалено то, что выбрано в настройках: «Этап»." });
  await told.waitFor();
  await seen(page, "outgoing-gone");
  await form.getByLabel("Этап", { exact: true }).selectOption({ label: "Первичный контакт" });
  // It leaves the list with its tick.
  await form.getByLabel("1/20").click();
  await form.getByRole("button", { name: "Сохранить" }).click();
  await told.waitFor({ state: "detached" });
});

it("gives the CRM what is said; what it refuses is seen in the list, at the message, and sent again", async () => {
  const conversation = await talk();
  await say(conversation, `в CRM ${run}`);
  await expect.poll(texts).toContain(`в CRM ${run}`);
  await crm.act("refuse", { times: 2 });
  await say(conversation, `не взято ${run}`);
  await say(conversation, `и это ${run}`);
  await expect.poll(async () => (await probe())?.failed).toBe(2);
  const list = page.locator("section", { has: page.getByRole("heading", { name: "Не выгружено" }) });
  await list.getByText(`не взято ${run}`).waitFor();
  await seen(page, "outgoing-undelivered");
  await list.getByRole("button", { name: `Отправить ещё раз: и это ${run}` }).click();
  await expect.poll(texts).toContain(`и это ${run}`);
  await page.goto(`${demo.url}/settings/outgoing`);
  const row = page.getByRole("row", { name: /Проба – Лавка/ });
  await row.getByRole("link", { name: "1 не выгружено" }).waitFor();
  await seen(page, "outgoing-list");
  // The list is read anew while somebody works in it: what they stand on stays.
  const focused = (at: Locator) => at.evaluate((one) => one === document.activeElement);
  const pencil = row.getByRole("button", { name: /^Изменить/ });
  await pencil.focus();
  await crm.act("refuse", { times: 1 });
  const third = await say(conversation, `и третье ${run}`);
  await row.getByRole("link", { name: "2 не выгружено" }).waitFor();
  expect(await focused(pencil)).toBe(true);
  const name = row.getByRole("link", { name: "Проба – Лавка" });
  await name.focus();
  const read = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/connections"));
  await say(conversation, `и четвёртое ${run}`);
  await (await read).finished();
  await expect.poll(texts).toContain(`и четвёртое ${run}`);
  expect(await focused(name)).toBe(true);
  await api("POST", `/conversations/${conversation}/messages/${third.message.id}/crm/${(await probe())?.id}/again`);
  await expect.poll(texts).toContain(`и третье ${run}`);
  // At the message itself.
  await page.goto(`${demo.url}/c/${conversation}`);
  const message = page.locator(".msg", { hasText: `не взято ${run}` });
  await message.hover();
  await message.getByRole("button", { name: "Действия с сообщением" }).click();
  await page.getByRole("menuitem", { name: "Где сообщение" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("li", { hasText: "Веб-мессенджер" }).getByText("Выгружено", { exact: true }).waitFor();
  const stands = dialog.locator("li", { hasText: "Проба – Лавка" });
  await stands.getByText("Не выгружено", { exact: true }).waitFor();
  await accessible(page, "where a message stands");
  if (process.env.KOMMUTATOR_SHOTS) await page.screenshot({ path: `${process.env.KOMMUTATOR_SHOTS}/outgoing-message.png` });
  await stands.getByRole("button", { name: "Отправить ещё раз" }).click();
  await stands.getByText("Выгружено", { exact: true }).waitFor();
  expect(await texts()).toContain(`не взято ${run}`);
});

it("says that access is lost, waits, goes on once it is connected anew, and can be switched off and taken off with an undo", async () => {
  const conversation = await talk();
  await crm.act("word", { word: "another" });
  await say(conversation, `ждёт ${run}`);
  await page.goto(`${demo.url}/settings/outgoing`);
  const row = page.getByRole("row", { name: /Проба – Лавка/ });
  await row.locator(".health.access_lost").waitFor();
  await row.getByText("1 ждёт").waitFor();
  await row.getByRole("link", { name: "Проба – Лавка" }).click();
  await page.getByRole("button", { name: "Подключить заново" }).click();
  await word("another");
  await page.getByText("Канал подключён заново.").waitFor();
  await expect.poll(texts).toContain(`ждёт ${run}`);
  await page.locator(".health.connected").waitFor();
  await page.goto(`${demo.url}/settings/outgoing`);
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Деактивировать" }).click();
  await row.getByText("Неактивный").waitFor();
  expect((await probe())?.active).toBe(false);
  await row.getByRole("button", { name: /^Удалить/ }).click();
  // Each word has its own way back.
  const told = page.locator(".toasts p", { hasText: "Канал удалён: Проба – Лавка" });
  await told.getByRole("button", { name: "Отменить" }).click();
  await row.getByText("Неактивный").waitFor();
  expect(await probe()).toBeDefined();
});
