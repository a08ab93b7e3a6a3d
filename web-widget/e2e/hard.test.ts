/**
 * What stands on the screens of `screens.test.ts` only when something is opened, everything a message can be, and what is shown when
 * something is the matter: the same proofs over the same hard data; and nothing moves by itself. A sample: in Russian, light, at the widest and
 * the narrowest; of each kind of menu the first twelve, of each page the first two forms.
 */
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { PAGES } from "../messenger/src/settings/pages.ts";
import { launch } from "./browser.mjs";
import { hardHouse, type House } from "./hardship.ts";
import { faults, faultsOf, shifts, watchShifts } from "./look.ts";
import { Manager } from "./people.ts";
import { Provider } from "./provider.ts";

const SETTINGS = PAGES.map(({ page }) => page);
const EVERYTHING = "Всё, что бывает";

/** One of the two who look, each with a window of their own width, at the same time. */
type View = { width: number; page: Page; wrong: Record<string, string[]> };

let house: House;
let browser: Browser;
let views: View[];

beforeAll(async () => {
  house = await hardHouse();
  browser = await launch();
  views = await Promise.all([1440, 390].map(async (width) => {
    const { page } = await Manager.enter(browser, house.server.said.email, house.server.said.password, house.server.said.url, watchShifts);
    return { width, page, wrong: {} };
  }));
});
beforeEach(async () => {
  for (const view of views) {
    view.wrong = {};
    await view.page.setViewportSize({ width: view.width, height: 800 });
  }
});
afterAll(async () => {
  await browser?.close();
  await house?.server.stop();
});

/** Both do it, and nothing may be wrong. */
async function both(run: (view: View, at: number) => Promise<void>): Promise<void> {
  await Promise.all(views.map(run));
  expect(views.map(({ wrong }) => wrong)).toEqual([{}, {}]);
}
/** Each fault is told once by each, with the first place it was seen at. */
const note = ({ wrong }: View, where: string, found: string[]) => {
  const told = new Set(Object.values(wrong).flat());
  const fresh = found.filter((one) => !told.has(one));
  if (fresh.length > 0) wrong[where] = fresh;
};
/** What each of the two does a half of: what is seen at both widths of one visit. */
const half = <Item>(all: readonly Item[], at: number) => all.filter((_, n) => n % views.length === at);
const WIDTHS = [1440, 390];
const talk = (title: string) => `/c/${house.talks.find((one) => one.title.startsWith(title))?.id ?? ""}`;
const settled = (page: Page) => page.waitForFunction(() => document.querySelector(".loading, .skeletons, .skeleton, .splash") === null);
const frames = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function go(page: Page, path: string): Promise<void> {
  await page.goto(house.server.said.url + path);
  await page.locator(".rail .dot.on").waitFor({ state: "attached" });
  await page.locator(path.startsWith("/settings") ? ".page-head h2" : path.startsWith("/c/") ? ".msg" : path.startsWith("/customers/") ? ".customer" : path === "/home" ? ".cards-of" : ".row").first().waitFor({ state: "attached" });
  await settled(page);
}

/** One of each screen. */
const screens = () => ["/", talk("Борис"), "/home", "/customers", `/customers/${house.customer}`, ...SETTINGS.map((one) => `/settings/${one}`), `/settings/webhooks/${house.webhook}`];

/** At each width, that of the view unless others are wanted: `look` says what is wrong. */
async function at(view: View, where: string, widths = [view.width], look = () => faults(view.page)): Promise<void> {
  for (const width of widths) {
    await view.page.setViewportSize({ width, height: 800 });
    await frames(view.page);
    note(view, `${where} ${width}`, await look());
  }
}

/** Opens every menu that stands on the screen now, one after the other. */
async function everyMenu(view: View, where: string): Promise<void> {
  const { page } = view;
  const menus = page.locator(":not(.msg *)[aria-haspopup=menu]:visible");
  for (let n = 0; n < Math.min(await menus.count(), 12); n += 1) {
    const menu = menus.nth(n);
    if (!(await menu.isEnabled())) continue;
    await menu.click();
    await page.locator("[role=menu]").waitFor();
    await at(view, `${where} menu ${n}`);
    await page.keyboard.press("Escape");
    await page.locator("[role=menu]").waitFor({ state: "detached" });
  }
}

it("holds with menus and dialogs open", () =>
  both(async (view, which) => {
    const { page } = view;
    const look = (where: string) => at(view, where);
    await go(page, "/");
    await everyMenu(view, "list");
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await look("help");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.locator(".lines").waitFor();
    await look("palette");
    await page.keyboard.type("диван");
    await look("palette with words");
    await page.keyboard.press("Escape");
    await page.getByRole("searchbox").fill("спасибо");
    await page.locator(".found .row").first().waitFor();
    await look("found");
    await page.getByRole("searchbox").fill("нет такого слова");
    await page.locator(".found .empty").waitFor();
    await look("found nothing");
    await go(page, talk("Борис"));
    await everyMenu(view, "thread");
    for (const name of ["Реакция", "Действия с сообщением"]) {
      await page.locator(".msg.inbound").last().hover();
      await page.locator(".msg.inbound").last().getByRole("button", { name }).click();
      await page.locator("[role=menu]").waitFor();
      await look(name);
      await page.keyboard.press("Escape");
    }
    await page.locator(".composer [title$='(/)']").click();
    await page.locator(".canned").waitFor();
    await look("canned replies");
    await page.locator(".composer textarea").fill("слово ".repeat(400));
    await look("a long draft");
    await page.locator(".composer textarea").fill("");
    await page.getByRole("button", { name: "Заметка для коллег" }).click();
    await look("a note");
    await page.getByRole("button", { name: "О клиенте" }).first().click();
    await page.locator(".card").waitFor();
    expect((await page.locator(".card").boundingBox())?.width).toBeGreaterThan(280);
    await look("card");
    for (const one of half(SETTINGS, which)) {
      const forms = page.locator(".stage").getByRole("button", { name: /^(Изменить|Добавить|Создать|Пригласить|Нов)/ }).or(page.locator("a.button:visible"));
      let there = 1;
      for (let n = 0; n < there; n += 1) {
        await page.setViewportSize({ width: 1440, height: 800 });
        await go(page, `/settings/${one}`);
        there = Math.min(await forms.count(), 2);
        if (there === 0) break;
        await forms.nth(n).click();
        await frames(page);
        await at(view, `${one}, opened ${n}`, WIDTHS);
      }
    }
    const { items } = await house.api<{ items: { id: string }[] }>("GET", "/channels");
    for (const channel of half(items.slice(0, 2), which)) {
      await go(page, `/settings/channels/${channel.id}`);
      await at(view, `channel ${items.indexOf(channel)}`, WIDTHS, () => faultsOf(page, 8));
    }
  }));

it("shows everything a message can be", () =>
  both(async (view) => {
    const { page } = view;
    await page.setViewportSize({ width: view.width, height: 900 });
    await go(page, talk(EVERYTHING));
    const log = page.locator(".thread .log");
    await log.evaluate((one) => one.scrollTo(0, one.scrollHeight));
    await page.locator(".msg", { hasText: "И последнее" }).waitFor();
    const kinds = new Set<string>();
    for (let screens = 0; screens < 60; screens += 1) {
      note(view, `${screens} screens up`, await faults(page));
      for (const kind of await log.evaluate((one) => [...one.querySelectorAll(".msg")].map((message) => message.className).concat([...one.querySelectorAll(".state")].map((state) => state.className)))) kinds.add(kind);
      if ((await page.locator(".log .older").count()) === 0 && (await log.evaluate((one) => one.scrollTop)) === 0) break;
      await log.evaluate((one) => new Promise<void>((done) => { const look = () => (one.scrollTop > 0 || !one.querySelector(".older") ? done() : requestAnimationFrame(look)); look(); }));
      await log.evaluate((one) => one.scrollBy(0, 60 - one.clientHeight));
      await page.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>(".log img")].every((image) => image.complete || image.getBoundingClientRect().bottom < 0));
    }
    expect([...kinds].filter((kind) => kind.startsWith("state")).sort().join()).toContain("unknown");
  }));

it("says what is the matter when nothing is there, the server fails, the link is cut, or it takes long", () =>
  both(async (view, which) => {
    const { page, width } = view;
    await page.goto(`${house.server.said.url}/c/0sa000000000`);
    await page.getByText("Такой переписки нет").waitFor();
    await at(view, "no such conversation");
    // Everything but who one is.
    const api = /\/api\/v1\/(?!me$)/;
    const fail = (route: Route) => route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ status: 500, code: "internal", title: "x" }) });
    await page.route(api, fail);
    for (const path of half(screens(), which)) {
      await page.goto(house.server.said.url + path);
      await page.locator(".empty, .page-head h2").first().waitFor({ state: "attached" });
      await page.waitForFunction(() => document.querySelector(".loading, .splash") === null);
      await at(view, `failed ${path}`, WIDTHS);
    }
    await page.unroute(api);
    const held: Route[] = [];
    await page.route(api, (route) => void held.push(route));
    for (const path of ["/", talk("Борис"), "/settings/people"]) {
      await page.goto(house.server.said.url + path);
      await page.locator(path.startsWith("/settings") ? ".loading, .skeletons" : ".skeletons").first().waitFor({ state: "attached" });
      await at(view, `slow ${path}`);
    }
    await page.unroute(api);
    for (const route of held) await route.abort().catch(() => undefined);
    await go(page, talk("Анна"));
    await page.context().setOffline(true);
    await page.locator(".composer textarea").fill(`Это уйдёт, когда будет связь, ${width}`);
    await page.locator(".composer textarea").press("Enter");
    await page.locator(".linkbar").waitFor();
    await at(view, "offline");
    await page.context().setOffline(false);
    await page.locator(".msg.waits").waitFor({ state: "detached" });
  }));

it("moves nothing by itself while pages load", () =>
  both(async ({ page, width, wrong }) => {
    for (const path of [talk(EVERYTHING), ...screens()]) {
      await go(page, path);
      const { sum, what } = await shifts(page);
      if (sum > 0.02) wrong[`${path} ${width}`] = [`${sum}`, ...what];
    }
  }));

it("moves nothing by itself while five messages a second arrive", async () => {
  const provider = await Provider.behind(house.server.said);
  // The same messages for all: a window for the log, and one for the list.
  const windows = await Promise.all(views.flatMap((view) => [talk(EVERYTHING), "/"].map(async (path, n) => {
    const page = n === 0 ? view.page : await view.page.context().newPage();
    await page.setViewportSize({ width: view.width, height: 800 });
    await go(page, path);
    await shifts(page);
    return { ...view, page, path };
  })));
  for (let n = 0; n < 25; n += 1) {
    const next = new Promise((done) => setTimeout(done, 200));
    await provider.writes(`chat-${n % 7}`, `${n} ${"Ещё одно слово. ".repeat(n % 5)}`, `Клиент ${n % 7}`);
    await next;
  }
  for (const { page, path, width, wrong } of windows) {
    const { sum, what } = await shifts(page);
    if (sum > 0.02) wrong[`${path} ${width}, messages`] = [`${sum}`, ...what];
  }
  provider.close();
  expect(views.map(({ wrong }) => wrong)).toEqual([{}, {}]);
});
