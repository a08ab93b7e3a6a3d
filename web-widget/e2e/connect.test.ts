/** An owner connects a channel by the screens alone, looks at the connection, connects it anew and takes it off. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { Fake } from "./fakes.ts";
import { api, demo, Manager } from "./people.ts";

const TOKEN = "7000000001:AAF-fake_token_of_the_shop_bot_0001";
const run = Math.random().toString(36).slice(2, 8);

let browser: Browser;
let telegram: Fake;
let owner: Manager;
let page: Page;

const bots = async () => (await api<{ items: { kind: string }[] }>("GET", "/channels")).items.filter((one) => one.kind === "telegram_bot").length;
/** Where Telegram sends what happens. */
const hook = async () => (await telegram.look<{ webhook: { url: string } }[]>("bots"))[0]?.webhook.url;
const next = () => page.getByRole("button", { name: "Продолжить" });
const fill = async (token: string) => {
  await page.getByLabel("Токен бота").fill(token);
  if (!(await page.getByLabel("Адрес своего сервера Bot API").isVisible())) await page.getByText("Расширенные настройки").click();
  await page.getByLabel("Адрес своего сервера Bot API").fill(telegram.url);
};

beforeAll(async () => {
  [browser, telegram] = await Promise.all([launch(), Fake.of("telegram")]);
  await telegram.act("settings", { limits: false, local: true });
  owner = await Manager.enter(browser, demo.email, demo.password);
  page = owner.page;
});

afterAll(async () => {
  await browser.close();
  telegram.end();
});

it("connects a channel by what the screen asks: a wrong answer stands at its field, and nothing is made before the last", async () => {
  await page.goto(`${demo.url}/settings/channels`);
  await page.getByRole("link", { name: "Создать канал" }).first().click();
  for (const name of ["Виджет сайта", "Telegram Bot", "ВКонтакте сообщения", "Авито"]) await page.getByRole("button", { name }).waitFor();
  await page.getByRole("button", { name: "Telegram Bot" }).click();
  await page.getByRole("heading", { name: "Подключение бота" }).waitFor();
  await next().click();
  await page.getByText("Заполните").or(page.locator(".field.bad")).first().waitFor();
  await fill("1:wrong");
  await next().click();
  await page.locator(".field.bad", { hasText: "Токен бота" }).getByRole("alert").waitFor();
  expect(await bots()).toBe(0);
  // Whoever goes away leaves nothing behind.
  await page.getByRole("button", { name: "Отмена" }).click();
  await page.getByRole("button", { name: "Telegram Bot" }).click();
  expect(await page.getByLabel("Токен бота").inputValue()).toBe("");
  await fill(TOKEN);
  await next().click();
  await page.getByText("Канал был успешно создан.").waitFor();
  await page.getByRole("heading", { name: /^Редактирование канала: / }).waitFor();
  await expect.poll(hook).toContain("/hooks/");
  await page.locator(".health", { hasText: "Подключён" }).waitFor();
});

it("shows what a channel is connected to, gives it a name, connects it anew and takes it off", async () => {
  const summary = page.locator("section", { hasText: "Сводная информация текущего подключения" });
  await summary.getByText("Telegram Bot", { exact: true }).waitFor();
  await page.getByLabel("Имя", { exact: true }).fill("");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.locator(".field.bad", { hasText: "Имя" }).waitFor();
  await page.getByLabel("Имя", { exact: true }).fill(`Бот ${run}`);
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByText("Канал был успешно изменен.").waitFor();
  await page.getByRole("heading", { name: `Редактирование канала: Бот ${run}` }).waitFor();
  // Another bot is another channel; the same one keeps everything.
  const { token: another } = await telegram.act<{ token: string }>("bots", { username: `other_${run}` });
  await page.getByRole("button", { name: "Подключить заново" }).click();
  await fill(another);
  await next().click();
  await page.getByRole("alert").filter({ hasText: "другой аккаунт" }).waitFor();
  await fill(TOKEN);
  await next().click();
  await page.getByText("Канал подключён заново.").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: `Редактирование канала: Бот ${run}` }).waitFor();
  expect(await bots()).toBe(1);
  await page.getByRole("button", { name: "Удалить" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Удалить" }).click();
  await expect.poll(bots).toBe(0);
  // Telegram is told, too: it would go on sending for a day.
  await expect.poll(hook).toBe("");
});
