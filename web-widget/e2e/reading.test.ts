/** Reading and walking: only against the mock, whose data has a long conversation. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { demo, Manager } from "./people.ts";

const mock = process.env.KOMMUTATOR_BIN === undefined;
let browser: Browser;
let page: Page;
let owner: Manager;

beforeAll(async () => {
  if (!mock) return;
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  page = owner.page;
});
afterAll(() => browser?.close());

it.runIf(mock)("stands at the line above what is new", async () => {
  await owner.row("Анна Кузнецова").click();
  await page.locator(".log .fresh").waitFor();
  expect(await page.locator(".log .fresh").isVisible()).toBe(true);
});

it.runIf(mock)("holds its place while older messages come, down to the first", async () => {
  await owner.open("Вопрос номер 260");
  const top = () => page.locator("[data-message]").first().getAttribute("data-message");
  for (let first = await top(); (await page.locator(".older").count()) > 0; first = await top()) {
    const before = await page.locator(".thread .log").evaluate((log) => {
      log.scrollTop = 10;
      const edge = log.getBoundingClientRect().top;
      const first = [...log.querySelectorAll<HTMLElement>("[data-message]")].find((one) => (one.querySelector(".bubble")?.getBoundingClientRect().top ?? 0) >= edge);
      return { id: first?.dataset.message ?? "", top: first?.querySelector(".bubble")?.getBoundingClientRect().top ?? 0 };
    });
    await page.waitForFunction((shown) => document.querySelector("[data-message]")?.getAttribute("data-message") !== shown, first);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const after = await page.locator(`[data-message="${before.id}"] .bubble`).evaluate((one) => one.getBoundingClientRect().top);
    expect(Math.abs(after - before.top)).toBeLessThan(2);
    expect(await page.locator("[data-message]").count()).toBeLessThanOrEqual(200);
  }
  await page.locator(".to-end").click();
  await page.locator(".to-end").waitFor({ state: "detached" });
});

it.runIf(mock)("walks the list with the keys and jumps from a find into its place", async () => {
  const title = (name: string) => page.locator(".head h1", { hasText: name }).waitFor();
  await page.locator(".head h1").click();
  await page.keyboard.press("k");
  await title("María López");
  await page.keyboard.press("j");
  await title("Длинная переписка");
  await page.keyboard.press("/");
  await page.keyboard.type("номер 17");
  await page.locator(".found .row", { hasText: "номер 17" }).last().click();
  await page.locator(".msg.found", { hasText: "номер 17" }).waitFor();
  await page.keyboard.press("Escape");
});

it.runIf(mock)("comes back by itself when the link breaks", async () => {
  const again = page.waitForEvent("websocket");
  await fetch(`${demo.url}/mock/drop`);
  await again;
  await page.locator(".rail .dot.on").waitFor();
});
