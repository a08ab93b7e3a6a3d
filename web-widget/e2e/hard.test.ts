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

let house: House;
let browser: Browser;
let page: Page;
let wrong: Record<string, string[]>;

beforeAll(async () => {
  house = await hardHouse();
  browser = await launch();
  ({ page } = await Manager.enter(browser, house.server.said.email, house.server.said.password, house.server.said.url));
  await watchShifts(page);
});
beforeEach(async () => {
  wrong = {};
  await page.setViewportSize({ width: 1440, height: 900 });
});
afterAll(async () => {
  await browser?.close();
  await house?.server.stop();
});

/** Each fault is told once a test, with the first place it was seen at. */
const note = (where: string, found: string[]) => {
  const told = new Set(Object.values(wrong).flat());
  const fresh = found.filter((one) => !told.has(one));
  if (fresh.length > 0) wrong[where] = fresh;
};
const talk = (title: string) => `/c/${house.talks.find((one) => one.title.startsWith(title))?.id ?? ""}`;
const settled = () => page.waitForFunction(() => document.querySelector(".loading, .skeletons, .skeleton, .splash") === null);

async function go(path: string): Promise<void> {
  await page.goto(house.server.said.url + path);
  await page.locator(".rail .dot.on").waitFor({ state: "attached" });
  await page.locator(path.startsWith("/settings") ? ".page-head h2" : path.startsWith("/c/") ? ".msg" : path.startsWith("/customers/") ? ".customer" : path === "/home" ? ".cards-of" : ".row").first().waitFor({ state: "attached" });
  await settled();
}

/** One of each screen. */
const screens = () => ["/", talk("Борис"), "/home", "/customers", `/customers/${house.customer}`, ...SETTINGS.map((one) => `/settings/${one}`), `/settings/webhooks/${house.webhook}`];

/** At each width: `look` says what is wrong. */
async function at(widths: number[], where: string, look = () => faults(page)): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: width === 720 ? 450 : 800 });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    note(`${where} ${width}`, await look());
  }
}

/** Opens every menu that stands on the screen now, one after the other. */
async function everyMenu(width: number, where: string): Promise<void> {
  const menus = page.locator(":not(.msg *)[aria-haspopup=menu]:visible");
  for (let n = 0; n < Math.min(await menus.count(), 12); n += 1) {
    const menu = menus.nth(n);
    if (!(await menu.isEnabled())) continue;
    await menu.click();
    await page.locator("[role=menu]").waitFor();
    await at([width], `${where} menu ${n}`);
    await page.keyboard.press("Escape");
    await page.locator("[role=menu]").waitFor({ state: "detached" });
  }
}

for (const width of [1440, 390]) {
  it(`holds with menus and dialogs open, at ${width} px`, async () => {
    await page.setViewportSize({ width, height: 800 });
    const look = (where: string) => at([width], where);
    await go("/");
    await everyMenu(width, "list");
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
    await go(talk("Борис"));
    await everyMenu(width, "thread");
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
    await at([width], "card");
    for (const one of SETTINGS) {
      await go(`/settings/${one}`);
      const forms = page.locator(".stage").getByRole("button", { name: /^(Изменить|Добавить|Создать|Пригласить|Нов)/ }).or(page.locator("a.button:visible"));
      for (let n = 0; n < Math.min(await forms.count(), 2); n += 1) {
        await forms.nth(n).click();
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        await look(`${one}, opened ${n}`);
        await go(`/settings/${one}`);
      }
    }
    const { items } = await house.api<{ items: { id: string }[] }>("GET", "/channels");
    for (const channel of items.slice(0, 2)) {
      await go(`/settings/channels/${channel.id}`);
      await at([width], `channel ${items.indexOf(channel)}`, () => faultsOf(page, 8));
    }
    expect(wrong).toEqual({});
  });

  it(`shows everything a message can be, at ${width} px`, async () => {
    await page.setViewportSize({ width, height: 900 });
    await go(talk(EVERYTHING));
    const log = page.locator(".thread .log");
    await log.evaluate((one) => one.scrollTo(0, one.scrollHeight));
    await page.locator(".msg", { hasText: "И последнее" }).waitFor();
    const kinds = new Set<string>();
    for (let screens = 0; screens < 60; screens += 1) {
      note(`${screens} screens up`, await faults(page));
      for (const kind of await log.evaluate((one) => [...one.querySelectorAll(".msg")].map((message) => message.className).concat([...one.querySelectorAll(".state")].map((state) => state.className)))) kinds.add(kind);
      if ((await page.locator(".log .older").count()) === 0 && (await log.evaluate((one) => one.scrollTop)) === 0) break;
      await log.evaluate((one) => new Promise<void>((done) => { const look = () => (one.scrollTop > 0 || !one.querySelector(".older") ? done() : requestAnimationFrame(look)); look(); }));
      await log.evaluate((one) => one.scrollBy(0, 60 - one.clientHeight));
      await page.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>(".log img")].every((image) => image.complete || image.getBoundingClientRect().bottom < 0));
    }
    expect(wrong).toEqual({});
    expect([...kinds].filter((kind) => kind.startsWith("state")).sort().join()).toContain("unknown");
  });
}

it("says what is the matter when nothing is there, the server fails, the link is cut, or it takes long", async () => {
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${house.server.said.url}/c/0sa000000000`);
    await page.getByText("Такой переписки нет").waitFor();
    await at([width], "no such conversation");
    // Everything but who one is.
    const api = /\/api\/v1\/(?!me$)/;
    const fail = (route: Route) => route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ status: 500, code: "internal", title: "x" }) });
    await page.route(api, fail);
    for (const path of screens()) {
      await page.goto(house.server.said.url + path);
      await page.locator(".empty, .page-head h2").first().waitFor({ state: "attached" });
      await page.waitForFunction(() => document.querySelector(".loading, .splash") === null);
      await at([width], `failed ${path}`);
    }
    await page.unroute(api);
    const held: Route[] = [];
    await page.route(api, (route) => void held.push(route));
    for (const path of ["/", talk("Борис"), "/settings/people"]) {
      await page.goto(house.server.said.url + path);
      await page.locator(path.startsWith("/settings") ? ".loading, .skeletons" : ".skeletons").first().waitFor({ state: "attached" });
      await at([width], `slow ${path}`);
    }
    await page.unroute(api);
    for (const route of held) await route.abort().catch(() => undefined);
    await go(talk("Анна"));
    await page.context().setOffline(true);
    await page.locator(".composer textarea").fill(`Это уйдёт, когда будет связь, ${width}`);
    await page.locator(".composer textarea").press("Enter");
    await page.locator(".linkbar").waitFor();
    await at([width], "offline");
    await page.context().setOffline(false);
    await page.locator(".msg.waits").waitFor({ state: "detached" });
  }
  expect(wrong).toEqual({});
});

it("moves nothing by itself while pages load", async () => {
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of [talk(EVERYTHING), ...screens()]) {
      await go(path);
      const { sum, what } = await shifts(page);
      if (sum > 0.02) wrong[`${path} ${width}`] = [`${sum}`, ...what];
    }
  }
  expect(wrong).toEqual({});
});

it("moves nothing by itself while five messages a second arrive", async () => {
  const provider = await Provider.behind(house.server.said);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of [talk(EVERYTHING), "/"]) {
      await go(path);
      await shifts(page);
      for (let n = 0; n < 25; n += 1) {
        const next = new Promise((done) => setTimeout(done, 200));
        await provider.writes(`chat-${n % 7}`, `${n} ${"Ещё одно слово. ".repeat(n % 5)}`, `Клиент ${n % 7}`);
        await next;
      }
      const { sum, what } = await shifts(page);
      if (sum > 0.02) wrong[`${path} ${width}, messages`] = [`${sum}`, ...what];
    }
  }
  provider.close();
  expect(wrong).toEqual({});
});
