/** The owner sets up the widget, sees it at once, and visitors get it. */
import type { Browser, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { accessible, demo, hostPage, Manager, Visitor } from "./people.ts";
import { letIn, set, widgetChannel } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);

let browser: Browser;
let page: Page;
let preview: FrameLocator;

const tab = (name: string) => page.getByRole("tab", { name }).click();
const save = () => page.locator(".widget-form > .button.main");

beforeAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  await letIn();
  await set({});
  browser = await launch();
  ({ page } = await Manager.enter(browser, demo.email, demo.password));
  await page.goto(`${demo.url}/settings/channels/${(await widgetChannel()).id}`);
  preview = page.frameLocator(".scene iframe");
});
afterAll(() => browser?.close());

story("shows every change at once, in the real widget", async () => {
  await preview.locator("kommutator-widget .panel").waitFor();
  await tab("Тексты");
  await page.getByLabel("Заголовок").fill(`Лавка ${run}`);
  await preview.locator("h2", { hasText: `Лавка ${run}` }).waitFor();
  await page.getByRole("button", { name: "Добавить фразу" }).click();
  await page.getByLabel("Фраза 1").pressSequentially("Где заказ?");
  await preview.locator(".ready button", { hasText: "Где заказ?" }).waitFor();
  await page.getByLabel("Когда никого нет").fill("Ответим утром");
  await page.getByRole("radio", { name: "Нерабочее" }).click();
  await preview.locator(".bubble", { hasText: "Ответим утром" }).waitFor();
  await page.getByRole("radio", { name: "Рабочее", exact: true }).click();
  await tab("Формы");
  await page.getByLabel("Показывать форму").first().check();
  await preview.locator(".ask").waitFor();
  await page.getByLabel("Показывать форму").first().uncheck();
  await page.getByRole("radio", { name: "Тёмная" }).click();
  await page.getByRole("radio", { name: "Телефон", exact: true }).click();
  await expect.poll(() => preview.locator(".panel").evaluate((panel) => getComputedStyle(panel).width).catch(() => "")).toBe("390px");
  await accessible(page, "the widget's form");
});

story("names what is wrong at its field, in its section", async () => {
  await tab("Приглашения");
  await page.getByRole("button", { name: "Добавить приглашение" }).click();
  await page.getByLabel("Секунд на странице").fill("");
  await page.getByRole("alert").filter({ hasText: "хотя бы одно условие" }).waitFor();
  await tab("Вид");
  await save().click();
  await page.getByRole("alert").filter({ hasText: "хотя бы одно условие" }).waitFor();
  await page.getByLabel("Секунд на странице").fill("1");
  await page.getByLabel("Текст", { exact: true }).fill("Помочь?");
  await tab("Часы работы");
  await page.getByLabel("Отвечаем по расписанию").check();
  await page.getByLabel("Часовой пояс").fill("Moon/Base");
  await save().click();
  await page.getByRole("alert").filter({ hasText: "часового пояса нет" }).waitFor();
  await page.getByLabel("Часовой пояс").fill("Europe/Moscow");
  await page.getByLabel("Отвечаем по расписанию").uncheck();
});

story("asks before what was not saved is lost; what was saved reaches visitors and is there again", async () => {
  await tab("Приглашения");
  await page.getByRole("link", { name: "Сотрудники" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Остаться" }).click();
  await page.getByRole("tab", { name: "Приглашения" }).press("ArrowRight");
  await page.getByRole("button", { name: "Добавить мессенджер" }).click();
  await page.getByLabel("Ссылка").fill("https://t.me/shop?start={code}");
  await save().click();
  await page.getByText("Сохранено").first().waitFor();
  const visitor = await Visitor.arrive(browser);
  await visitor.in(".invite").filter({ hasText: "Помочь?" }).waitFor();
  await visitor.in(".launch").click();
  await visitor.in("h2").filter({ hasText: `Лавка ${run}` }).waitFor();
  await visitor.in(".ready button").filter({ hasText: "Где заказ?" }).waitFor();
  expect(await visitor.in(".ready a").getAttribute("href")).toMatch(/^https:\/\/t\.me\/shop\?start=[A-Z2-7]{8}$/);
  await page.reload();
  await tab("Мессенджеры");
  expect(await page.getByLabel("Ссылка").inputValue()).toBe("https://t.me/shop?start={code}");
  expect(await page.locator(".copy code").first().textContent()).toContain(demo.widget_key);
  expect(hostPage).not.toBe("");
  await set({});
});
