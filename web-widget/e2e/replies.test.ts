/** Canned replies with files: made in the settings, put in by two keys, kept in the draft, received by the visitor. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { noisePng, pdf } from "./files.mjs";
import { api, demo, drawn, Manager, seen, Visitor } from "./people.ts";
import { letIn, set } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);
const words = (who: string) => `${who}-${run}`;
const price = { name: `price-${run}.pdf`, mimeType: "application/pdf", buffer: pdf("price") };
const photo = { name: `photo-${run}.png`, mimeType: "image/png", buffer: noisePng(320, 240, 7, true) };

let browser: Browser;
let owner: Manager;
let visitor: Visitor;

beforeAll(async () => {
  if (!process.env.KOMMUTATOR_BIN) return;
  await letIn();
  await set({});
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  visitor = await Visitor.come(browser);
  await visitor.says(words("anna"));
  await owner.row(words("anna")).waitFor();
});
afterAll(() => browser?.close());

story("keeps a reply's files, which the settings show after a reload", async () => {
  const { page } = owner;
  await page.goto(`${demo.url}/settings/replies`);
  await page.getByRole("button", { name: "Новый ответ" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Сокращение").fill(words("прайс"));
  await form.getByLabel("Текст").fill("Цены в файле");
  await form.locator("input[type=file]").setInputFiles([price, photo]);
  await form.locator(".tray li").nth(1).waitFor();
  await seen(page, "reply-files-form");
  await form.getByRole("button", { name: "Сохранить" }).click();
  await form.waitFor({ state: "detached" });
  await page.reload();
  const row = page.getByRole("row").filter({ hasText: words("прайс") });
  await row.getByText(`${price.name}, ${photo.name}`).waitFor();
  await seen(page, "reply-files");
  await row.getByRole("button", { name: "Изменить" }).click();
  await form.locator(".tray li", { hasText: photo.name }).waitFor();
  await drawn(form.locator(".tray img"));
  await form.getByRole("button", { name: "Отмена" }).click();
});

story("puts a reply's files into the message by the keyboard, and the visitor receives them", async () => {
  const { page } = owner;
  await page.goto(demo.url);
  await owner.open(words("anna"));
  const area = page.locator(".composer textarea");
  await area.fill(`/${words("прайс")}`);
  await page.getByRole("option", { name: new RegExp(words("прайс")) }).waitFor();
  await seen(page, "reply-files-option");
  const kept = page.waitForResponse((answer) => answer.request().method() === "PUT" && answer.url().includes("/me/drafts/") && (answer.request().postData() ?? "").includes("Цены в файле") && !(answer.request().postData() ?? "").includes('"attachments":[]'));
  await area.press("Enter");
  await page.locator(".composer .tray li", { hasText: price.name }).waitFor();
  expect(await area.inputValue()).toBe("Цены в файле");
  // The draft has them on every device; and they stay when the reply goes.
  expect((await kept).status()).toBe(204);
  const { items } = await api<{ items: { id: string; shortcut: string }[] }>("GET", "/replies");
  await api("DELETE", `/replies/${items.find((one) => one.shortcut === words("прайс"))?.id}`);
  await owner.reload();
  await page.locator(".composer .tray li", { hasText: photo.name }).waitFor();
  await drawn(page.locator(".composer .tray img"));
  await seen(page, "reply-files-draft");
  await page.locator(".composer .go:enabled").waitFor();
  await area.press("Enter");
  await visitor.said("Цены в файле").waitFor();
  await visitor.file(price.name).waitFor();
  await drawn(visitor.pictures().first());
  await page.locator(".composer .tray").waitFor({ state: "detached" });
  await owner.reload();
  await owner.sees("Цены в файле");
  expect(await page.locator(".composer .tray").count()).toBe(0);
  expect(await area.inputValue()).toBe("");
});
