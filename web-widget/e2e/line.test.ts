/**
 * The line is cut: each direction alone and both, for a minute and for a day by the pages' clocks; the server is killed and started
 * again; the visitor's page is reloaded meanwhile. One manager on two devices, one visitor in two tabs. Afterwards both sides and the
 * log have every message once, in one order; drafts are kept, nothing waits any more, and no page was loaded anew.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { caller, type Demo, hostPage, Manager, Visitor } from "./people.ts";
import { demoServer, type Running } from "./server.mjs";
import { type Cut, Wire } from "./wire.ts";

const MINUTE = 60_000;
const draft = "Начал писать и не закончил";

let server: Running<Demo>;
let wire: Wire;
let port = 0;
let browser: Browser;
let desk: Manager;
let phone: Manager;
let tabs: Visitor[];
let conversation: string;
let said = 0;

const pages = (): Page[] => [desk.page, phone.page, ...tabs.map((tab) => tab.page)];
const clock = (context: BrowserContext) => context.clock.install();
const direct = <Answer>(method: string, path: string, body?: unknown) => caller({ ...server.said, url: `http://127.0.0.1:${port}` })<Answer>(method, path, body);
const words = (who: string) => `${who} №${(said += 1)}.`;

async function serve(data?: string): Promise<void> {
  server = await demoServer(undefined, { listen: `127.0.0.1:${port}`, environment: { KOMMUTATOR_PUBLIC_URL: wire.url }, ...(data && { data }) });
}

beforeAll(async () => {
  wire = await Wire.lay(() => port);
  // A free port, which the server takes again after it was killed.
  const free = await Wire.lay(() => 0);
  port = Number(new URL(free.url).port);
  free.close();
  await serve();
  const { items } = await direct<{ items: { id: string; widget?: { key: string; origins: string[] } }[] }>("GET", "/channels");
  const channel = items.find((one) => one.widget?.key === server.said.widget_key);
  await direct("PATCH", `/channels/${channel?.id}`, { widget: { origins: [hostPage] } });
  const html = `<!doctype html><html lang="ru"><title>Shop</title><h1>Shop</h1><script src="${wire.url}/widget.js" data-widget="${server.said.widget_key}" async></script></html>`;
  await fetch(`${hostPage}/line`, { method: "PUT", body: JSON.stringify({ html }) });
  browser = await launch();
  const context = await browser.newContext({ locale: "ru", viewport: { width: 900, height: 760 }, reducedMotion: "reduce" });
  await clock(context);
  tabs = [];
  for (const first of [true, false]) {
    const page = await context.newPage();
    await page.goto(`${hostPage}/line`);
    const tab = Visitor.on(context, page);
    await tab.open();
    tabs.push(tab);
    if (first) await tab.says(words("Первое"));
  }
  desk = await Manager.enter(browser, server.said.email, server.said.password, wire.url, clock);
  phone = await Manager.enter(browser, server.said.email, server.said.password, wire.url, clock);
  for (const manager of [desk, phone]) await manager.open("Первое №1.");
  conversation = new URL(desk.page.url()).pathname.split("/")[2] ?? "";
  for (const page of pages()) await mark(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  wire?.close();
});

/** Time goes on for the pages, in steps short enough that each of their timers can act. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 15_000) await Promise.all(pages().map((page) => page.clock.runFor(Math.min(left, 15_000))));
}

/** Everybody writes; nobody waits for an answer. */
async function everybodyWrites(): Promise<void> {
  for (const tab of tabs) for (let n = 0; n < 2; n += 1) await tab.types(words("Посетитель"));
  for (const manager of [desk, phone]) {
    const area = manager.page.locator(".composer textarea");
    await area.fill(words("Сотрудник"));
    await area.press("Enter");
    // Whoever wrote meanwhile is told of; it is meant so.
    await manager.page.locator(".composer textarea").evaluate((one) => (one as HTMLTextAreaElement).value);
  }
  await desk.page.locator(".composer textarea").fill(draft);
}

/** A page that is loaded anew loses this. */
const mark = (page: Page) => page.evaluate(() => void ((window as unknown as { same: boolean }).same = true));
const numbers = (text: string) => [...text.matchAll(/№(\d+)\./g)].map(([, n]) => Number(n));
const all = () => Array.from({ length: said }, (_, n) => n + 1);

/** What the log has, in its order. */
async function log(): Promise<number[]> {
  const { items } = await direct<{ items: { text: string }[] }>("GET", `/conversations/${conversation}/messages?limit=100`);
  return items.flatMap((one) => numbers(one.text));
}

/** Everybody is back, and sees the same. */
async function allIsWell(): Promise<void> {
  await expect.poll(async () => {
    await pass(2_000);
    const waits = await Promise.all(pages().map((page) => page.locator(".msg.waits, .linkbar, .msg .fail").count()));
    return waits.reduce((sum, one) => sum + one, 0) + (await desk.page.locator(".rail .dot.on").count()) + (await phone.page.locator(".rail .dot.on").count());
  }, { timeout: 60_000, message: "nobody waits" }).toBe(2);
  await expect.poll(async () => (await log()).sort((a, b) => a - b), { timeout: 20_000, message: "the log" }).toEqual(all());
  const order = await log();
  for (const tab of tabs) await expect.poll(async () => (await tab.in(".log .msg").allTextContents()).flatMap(numbers), { timeout: 20_000, message: "the widget" }).toEqual(order);
  for (const manager of [desk, phone]) {
    await expect.poll(async () => (await manager.page.locator(".thread .msg .bubble").allTextContents()).flatMap(numbers), { timeout: 20_000, message: "the messenger" }).toEqual(order);
    expect(await manager.page.locator(".thread .msg .state.queued").count()).toBe(0);
  }
  expect(await desk.page.locator(".composer textarea").inputValue()).toBe(draft);
  for (const page of pages()) expect(await page.evaluate(() => (window as unknown as { same?: boolean }).same)).toBe(true);
}

for (const how of ["up", "down", "both", "cut"] as Cut[]) {
  it(`loses and doubles nothing when the line is held for a minute: ${how}`, async () => {
    wire.hold(how);
    await everybodyWrites();
    await pass(MINUTE);
    // Each direction is really held: what went up is in the log, and nobody was told of it.
    if (how === "down") await expect.poll(log).toContain(said);
    else expect(await log()).not.toContain(said);
    expect(await tabs[1]?.in(".msg.waits").count()).toBe(2);
    wire.letGo();
    await allIsWell();
  });
}

it("loses and doubles nothing when the line is cut for a day", async () => {
  wire.hold("both");
  await everybodyWrites();
  await Promise.all(pages().map((page) => page.clock.fastForward(24 * 60 * MINUTE)));
  wire.letGo();
  await allIsWell();
});

it("loses and doubles nothing when the server is killed and started again meanwhile", async () => {
  await everybodyWrites();
  const { data } = server;
  await server.stop("SIGKILL");
  await everybodyWrites();
  await pass(MINUTE);
  await serve(data);
  await allIsWell();
});

it("sends once what a visitor wrote before the page was reloaded without a line", async () => {
  const [tab] = tabs as [Visitor];
  wire.hold("cut");
  await everybodyWrites();
  await tab.page.reload();
  wire.letGo();
  await tab.reload();
  await mark(tab.page);
  await allIsWell();
});
