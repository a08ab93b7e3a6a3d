/** The owner gives an address, a real message reaches it, fails, and is sent again. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { accessible, demo, Manager, Visitor } from "./people.ts";
import { letIn, set } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);

type Told = { headers: IncomingMessage["headers"]; body: string };
const told: Told[] = [];
let answer = 200;
let receiver: Server;
let browser: Browser;
let page: Page;
let secret = "";

const log = () => page.getByTestId("log");
const row = (words: string): Locator => log().locator("tbody tr", { hasText: words });

beforeAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += String(part)));
    request.on("end", () => {
      told.push({ headers: request.headers, body });
      response.writeHead(answer, { "content-type": "text/plain; charset=utf-8" });
      response.end(answer === 200 ? "принято" : "склад закрыт");
    });
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  await letIn();
  await set({});
  browser = await launch();
  ({ page } = await Manager.enter(browser, demo.email, demo.password));
});
afterAll(async () => {
  await browser?.close();
  receiver?.close();
});

const isSigned = ({ headers, body }: Told) => {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const wanted = createHmac("sha256", key).update(`${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`).digest("base64");
  return String(headers["webhook-signature"]).split(" ").includes(`v1,${wanted}`);
};

story("makes a webhook, shows its secret once, and tries it", async () => {
  await page.goto(`${demo.url}/settings/webhooks`);
  await page.getByText("Вебхуков нет").waitFor();
  await page.getByRole("link", { name: "Создать вебхук" }).first().click();
  await page.getByLabel("Название").fill(`Склад ${run}`);
  await page.getByLabel("Адрес").fill("shop.example/hook");
  await page.getByRole("button", { name: "Создать" }).click();
  await page.locator(".field.bad", { hasText: "Адрес" }).getByRole("alert").waitFor();
  await page.getByLabel("Адрес").fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
  await page.getByRole("button", { name: "Создать" }).click();
  const block = page.getByTestId("secret");
  secret = (await block.locator("code").textContent()) ?? "";
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole("button", { name: "Проверить" }).click();
  await row("Проверка").getByText("Доставлено").waitFor();
  expect(told).toHaveLength(1);
  expect(isSigned(told[0]!)).toBe(true);
  await page.reload();
  await row("Проверка").getByText("Доставлено").waitFor();
  expect(await page.getByTestId("secret").locator("code").count()).toBe(0);
  await accessible(page, "the page of a webhook");
});

story("tells of a real message, shows how it failed, and sends it again", async () => {
  answer = 500;
  const visitor = await Visitor.come(browser);
  await visitor.says(`Когда привезёте, ${run}?`);
  await row("Новое сообщение").getByText("Ждёт").waitFor();
  await expect.poll(() => row("Новое сообщение").innerText()).toContain("500");
  await row("Новое сообщение").getByRole("button", { name: /Показать запрос/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Тело запроса").filter({ hasText: `Когда привезёте, ${run}?` }).waitFor();
  await dialog.getByLabel("Тело ответа").filter({ hasText: "склад закрыт" }).waitFor();
  await accessible(page, "a delivery");
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByText("Не принимает с").waitFor();
  answer = 200;
  await row("Новое сообщение").getByRole("button", { name: /Отправить ещё раз/ }).click();
  await row("Новое сообщение").getByText("Доставлено").waitFor();
  const real = told.filter((one) => one.body.includes(`Когда привезёте, ${run}?`));
  expect(real.length).toBeGreaterThan(1);
  expect(new Set(real.map((one) => one.headers["webhook-id"])).size).toBe(1);
  expect(real.every(isSigned)).toBe(true);
  await page.getByText("Не принимает с").waitFor({ state: "detached" });
});

story("finds deliveries by their state, switches off and on, and takes the webhook off", async () => {
  await log().getByRole("button", { name: "Фильтры" }).click();
  await log().getByLabel("Статус").selectOption({ label: "Не доставлено" });
  await page.getByText("Ничего не нашлось").waitFor();
  await log().getByLabel("Статус").selectOption({ label: "Доставлено" });
  await log().getByLabel("Событие").selectOption({ label: "Проверка" });
  await expect.poll(() => log().locator("tbody tr").count()).toBe(1);
  await page.getByRole("switch", { name: "Вебхук включён" }).uncheck();
  await expect.poll(() => page.getByRole("button", { name: "Проверить" }).isDisabled()).toBe(true);
  const before = told.length;
  const visitor = await Visitor.come(browser);
  await visitor.says(`Пока выключен ${run}`);
  await page.goto(`${demo.url}/settings/webhooks`);
  const line = page.locator(".records tbody tr", { hasText: `Склад ${run}` });
  await line.getByText("Неактивный").waitFor();
  await accessible(page, "the list of webhooks");
  await line.getByRole("button", { name: /Удалить/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Удалить" }).click();
  await page.getByText("Вебхуков нет").waitFor();
  expect(told).toHaveLength(before);
});
