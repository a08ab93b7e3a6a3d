/** A send that did not go, and what «Повторить» does: the provider counts its calls. */
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { demo, Manager } from "./people.ts";
import { Provider } from "./provider.ts";

const run = Math.random().toString(36).slice(2, 8);
let browser: Browser;
let owner: Manager;
let second: Manager;
let provider: Provider;

beforeAll(async () => {
  provider = await Provider.behind(demo);
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  second = await Manager.enter(browser, demo.email, demo.password);
  await provider.writes(`chat-${run}`, `Где мой заказ? ${run}`, "Вера");
  await owner.open(run);
  await second.open(run);
});
afterAll(async () => {
  await browser?.close();
  provider?.close();
});

const calls = (text: string) => provider.calls.filter((call) => call.text === text).length;
const taken = (text: string) => provider.taken.filter((call) => call.text === text).length;
const message = (manager: Manager, text: string): Locator => manager.page.locator(".msg.outbound[data-message]", { hasText: text });
const again = (manager: Manager, text: string): Locator => message(manager, text).getByRole("button", { name: "Повторить" });

it("says why a message did not go, and «Повторить» sends it once more", async () => {
  const text = `Уже едет ${run}`;
  provider.script(text, "reject");
  await owner.says(text);
  for (const manager of [owner, second]) {
    await again(manager, text).waitFor();
    expect(await message(manager, text).textContent()).toContain("no such chat");
  }
  expect([calls(text), taken(text)]).toEqual([1, 0]);
  await again(owner, text).click();
  for (const manager of [owner, second]) await message(manager, text).locator(".state.sent").waitFor();
  expect([calls(text), taken(text)]).toEqual([2, 1]);
  await owner.reload();
  await message(owner, text).locator(".state.sent").waitFor();
  expect(await again(owner, text).count()).toBe(0);
  expect([calls(text), taken(text)]).toEqual([2, 1]);
});

it("asks before it sends again what may have arrived", async () => {
  const text = `Завтра к обеду ${run}`;
  provider.script(text, "lose");
  await owner.says(text);
  await again(owner, text).click();
  const dialog = owner.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Отмена" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(calls(text)).toBe(1);
  await again(owner, text).click();
  await dialog.getByRole("button", { name: "Повторить" }).click();
  for (const manager of [owner, second]) await message(manager, text).locator(".state.sent").waitFor();
  expect([calls(text), taken(text)]).toEqual([2, 2]);
});
