/** Reading and walking, in conversations longer than a screen. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { caller, type Demo, Manager } from "./people.ts";
import { demoServer, type Running } from "./server.mjs";

const LAST = "И последнее: спасибо вам большое!";
let server: Running<Demo>;
let browser: Browser;
let page: Page;
let owner: Manager;

beforeAll(async () => {
  server = await demoServer("hard");
  browser = await launch();
  owner = await Manager.enter(browser, server.said.email, server.said.password, server.said.url);
  page = owner.page;
  page.setDefaultTimeout(8000);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

it("stands at the line above what is new", async () => {
  await owner.row(LAST).click();
  await page.locator(".log .fresh").waitFor();
  expect(await page.locator(".log .fresh").isVisible()).toBe(true);
  await page.locator(".to-end").click();
  await owner.sees(LAST);
});

it("holds its place while older messages come, up to the first", async () => {
  const log = page.locator(".thread .log");
  for (let rounds = 0; (await page.locator(".log .older").count()) > 0; rounds += 1) {
    expect(rounds).toBeLessThan(20);
    const before = await log.evaluate((one) => {
      one.scrollTop = 10;
      const edge = one.getBoundingClientRect().top;
      const first = [...one.querySelectorAll<HTMLElement>("[data-message]")].find((message) => (message.querySelector(".bubble")?.getBoundingClientRect().top ?? -1) >= edge);
      return { id: first?.dataset.message ?? "", top: first?.querySelector(".bubble")?.getBoundingClientRect().top ?? 0 };
    });
    // What came above pushed the place down.
    await log.evaluate((one) => new Promise<void>((done) => {
      const look = () => (one.scrollTop > 100 ? requestAnimationFrame(() => done()) : requestAnimationFrame(look));
      look();
    }));
    const after = await page.locator(`[data-message="${before.id}"] .bubble`).evaluate((one) => one.getBoundingClientRect().top);
    expect(Math.abs(after - before.top)).toBeLessThan(2);
    expect(await page.locator("[data-message]").count()).toBeLessThanOrEqual(200);
  }
  await page.locator(".to-end").click();
  await page.locator(".to-end").waitFor({ state: "detached" });
  await owner.sees(LAST);
});

it("walks the list with the keys and jumps from a find into its place", async () => {
  const names = await page.locator(".rows .row .name").evaluateAll((all) => all.slice(0, 3).map((one) => one.textContent ?? ""));
  const title = (name: string) => page.locator(".head h1", { hasText: name }).waitFor();
  const here = names.indexOf("Всё, что бывает");
  await page.locator(".head h1").click();
  await page.keyboard.press("j");
  await title(names[here + 1] ?? "");
  await page.keyboard.press("k");
  await title("Всё, что бывает");
  await page.keyboard.press("/");
  await page.keyboard.type("удалённое");
  await page.locator(".found .row", { hasText: "удалённое" }).last().click();
  await page.locator(".msg.found", { hasText: "Это ответ на удалённое" }).waitFor();
  await page.keyboard.press("Escape");
});

it("goes to the end of a long list and back by the keyboard, though little of it is loaded", async () => {
  const many = await demoServer("large=600");
  try {
    const manager = await Manager.enter(browser, many.said.email, many.said.password, many.said.url);
    const place = manager.page.locator(".place:has(.row.selected)");
    const stands = (at: number) => expect.poll(() => place.getAttribute("aria-posinset")).toBe(String(at));
    await manager.row("599").waitFor();
    await manager.page.keyboard.press("End");
    await stands(600);
    await manager.sees("Здравствуйте! Есть 39 размер");
    await manager.page.keyboard.press("k");
    await stands(599);
    // One from the top, where nothing is loaded any more, changes: this one keeps its place.
    const call = caller(many.said);
    const { items } = await call<{ items: { id: string }[] }>("GET", "/conversations?view=all&limit=1");
    await call("POST", `/conversations/${items[0]?.id ?? ""}/messages`, { client_id: "long-1", text: "Ещё здесь?" });
    await stands(599);
    expect(await manager.page.locator(".place").count()).toBeLessThan(60);
    await manager.page.keyboard.press("Home");
    await stands(1);
    await manager.sees("Ещё здесь?");
    await manager.context.close();
  } finally {
    await many.stop();
  }
});
