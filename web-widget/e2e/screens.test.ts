/**
 * Every page of the router, over data that is hard to show: no words cut off or over each other, no sideways scroll, enough contrast,
 * targets large enough, and nothing serious that axe finds. In Russian, English and Spanish at each width, where 720 px is 1440 px at a
 * zoom of 200 %. Colours are the same in each language: dark, and what of axe depends on that, is looked at in Russian.
 * A page without a row here does not compile, and fails.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Path, PATHS } from "../messenger/src/routes.ts";
import { launch } from "./browser.mjs";
import { type Served, serve } from "./first.ts";
import { hardHouse, type House, LONG } from "./hardship.ts";
import { faults, faultsOf } from "./look.ts";
import { accessible, colours, Manager } from "./people.ts";

const WIDTHS = [1440, 1024, 720, 390];
const LOCALES = ["ru", "en", "es"] as const;
type Locale = (typeof LOCALES)[number];

let house: House;
/** A house nobody has moved into. */
let empty: Served;
let browser: Browser;
/** Our own messenger among the outgoing channels. */
let connection = "";
/** What the links to the doors carry. */
const links = { invite: "", reset: "" };

/** Each page: where it is in this house, and what is there once it is whole. */
type Row = { at: () => string; ready: string };
const inside = (path: string | (() => string), ready: string): Row => ({ at: () => house.server.said.url + (typeof path === "string" ? path : path()), ready });
const setting = (page: string, ready = ".page-head h2"): Row => inside(`/settings/${page}`, ready);
const ROWS: Record<Path, Row> = {
  "/setup": { at: () => empty.address, ready: "form" },
  "/invite": inside(() => `/invite#${links.invite}`, "form"),
  "/forgot": inside("/forgot", "form"),
  "/reset": inside(() => `/reset#${links.reset}`, "form"),
  "/": inside("/", ".row"),
  "/c/:conversation": inside(() => `/c/${house.talks.find((one) => one.title.startsWith("Борис"))?.id}`, ".msg"),
  "/home": inside("/home", ".cards-of"),
  "/customers": inside("/customers", ".row"),
  "/customers/:customer": inside(() => `/customers/${house.customer}`, ".customer .known"),
  "/settings": inside("/settings", ".pages a"),
  "/settings/profile": setting("profile"),
  "/settings/notifications": setting("notifications"),
  "/settings/workspace": setting("workspace"),
  "/settings/setup": setting("setup"),
  "/settings/channels": setting("channels"),
  "/settings/replies": setting("replies"),
  "/settings/tags": setting("tags"),
  "/settings/people": setting("people"),
  "/settings/tokens": setting("tokens"),
  "/settings/webhooks": setting("webhooks"),
  "/settings/audit": setting("audit"),
  "/settings/quarantine": setting("quarantine"),
  "/settings/channels/new": setting("channels/new"),
  "/settings/channels/:channel": inside(() => `/settings/channels/${house.channel}`, ".scene iframe"),
  "/settings/outgoing": setting("outgoing", "table"),
  "/settings/outgoing/new": setting("outgoing/new", ".kinds"),
  "/settings/outgoing/:connection": inside(() => `/settings/outgoing/${connection}`, ".copy"),
  "/settings/webhooks/new": setting("webhooks/new"),
  "/settings/webhooks/:webhook": inside(() => `/settings/webhooks/${house.webhook}`, ".log-of tbody tr"),
};
const secret = (path: string) => path.split("#")[1] ?? "";
const isDoor = (path: string) => (PATHS.door as readonly string[]).includes(path);

/** What no address tells: before one is let in, and where one may not go. */
const MORE: [name: string, come: (page: Page) => Promise<unknown>][] = [
  ["login", async (page) => {
    await page.goto(house.server.said.url);
    await page.locator("form").waitFor();
  }],
  ["login, wrong", async (page) => {
    await page.locator("input[type=email]").fill("somebody@shop.example");
    await page.locator("input[type=password]").fill("not this");
    await page.locator("button.main").click();
    await page.locator("[role=alert]:not(:empty)").waitFor();
  }],
  ["a house nobody has moved into", async (page) => {
    await page.goto(empty.url);
    await page.locator("main").waitFor();
  }],
  ["forgotten, and there is no mail", async (page) => {
    await page.goto(`${empty.url}/forgot`);
    await page.locator("main").waitFor();
  }],
  ["a link that is over", async (page) => {
    await page.goto(`${house.server.said.url}/invite#${"A".repeat(43)}`);
    await page.locator("a.button.main").waitFor();
  }],
  ["setting up, wrong", async (page) => {
    await page.goto(empty.address);
    await page.locator("button.main").click();
    await page.locator(".field.bad").first().waitFor();
  }],
];

beforeAll(async () => {
  house = await hardHouse();
  empty = await serve();
  browser = await launch();
  connection = (await house.api<{ items: { id: string }[] }>("GET", "/connections")).items[0]?.id ?? "";
  links.invite = secret((await house.api<{ path: string }>("POST", "/invites", { email: "second@a-rather-long-subdomain.example.com", role: "manager", channels: null })).path);
  const { items } = await house.api<{ items: { id: string; email: string }[] }>("GET", "/users");
  links.reset = secret((await house.api<{ path: string }>("POST", `/users/${items.find((one) => one.email.startsWith("colleague"))?.id}/password-link`)).path);
});
afterAll(async () => {
  await browser?.close();
  await house?.server.stop();
  await empty?.stop();
});

/** One of the owners, who reads this language. */
async function person(locale: Locale): Promise<Manager> {
  const { url } = house.server.said;
  const [email, password] = [`${locale}@shop.example`, "a password of theirs"];
  const { path } = await house.api<{ path: string }>("POST", "/invites", { email, role: "owner", channels: null });
  const accepted = await fetch(`${url}/api/v1/invites/accept`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ token: secret(path), name: LONG.slice(0, 60), password, locale }),
  });
  expect(accepted.status, await accepted.text()).toBe(200);
  return Manager.enter(browser, email, password, url);
}

const settled = (page: Page) => page.waitForFunction(() => document.querySelector(".loading, .skeletons, .skeleton, .splash") === null);

/** What is wrong with a page as it stands, at each width, light and dark: colours are the same in each language. */
async function look(page: Page, where: string, locale: Locale, wrong: Map<string, string>, whole: boolean): Promise<void> {
  const at = async (colorScheme: "light" | "dark", width: number) => {
    await page.setViewportSize({ width, height: width === 720 ? 450 : 800 });
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    // Each fault is told once, with the first place it was seen at.
    for (const one of await (whole ? faultsOf(page) : faults(page))) if (!wrong.has(one)) wrong.set(one, `${where} ${width} ${colorScheme}`);
  };
  if (locale === "ru") {
    for (const width of [390, 1440]) await at("dark", width);
    await colours(page, `${where}, dark`);
  }
  for (const width of WIDTHS.toReversed()) await at("light", width);
  await accessible(page, where);
}

it("has a row for each page of the router", () => {
  expect(Object.keys(ROWS).sort()).toEqual(Object.values(PATHS).flat().sort());
});

// Three people, each with a language and a window of their own, at the same time; none where another is.
for (const [turn, locale] of LOCALES.entries()) {
  it.concurrent(`shows each page and each door whole and to everybody: ${locale}`, async () => {
    const wrong = new Map<string, string>();
    const rows = Object.entries(ROWS).filter(([path]) => !isDoor(path));
    const first = Math.floor((rows.length * turn) / LOCALES.length);
    const { page, context: inside } = await person(locale);
    for (const [path, { at, ready }] of [...rows.slice(first), ...rows.slice(0, first)]) {
      await page.goto(at());
      await page.locator(ready).first().waitFor({ state: "attached" });
      await settled(page);
      expect(await page.evaluate(() => document.documentElement.lang), path).toBe(locale);
      await look(page, `${locale} ${path}`, locale, wrong, path.startsWith("/settings") || path === "/home");
    }
    await inside.close();

    const outside = await browser.newContext({ locale, viewport: { width: 1440, height: 800 }, reducedMotion: "reduce" });
    // Chosen before, on this device.
    await outside.addInitScript((wanted) => localStorage.setItem("kommutator.locale", wanted), locale);
    const door = await outside.newPage();
    const doors = Object.entries(ROWS).filter(([path]) => isDoor(path)).map(([path, { at, ready }]): (typeof MORE)[number] => [path, async () => {
      await door.goto(at());
      await door.locator(ready).first().waitFor();
    }]);
    for (const [name, come] of [...doors, ...MORE]) {
      await come(door);
      await settled(door);
      expect(await door.evaluate(() => document.documentElement.lang), name).toBe(locale);
      await look(door, `${locale} ${name}`, locale, wrong, false);
    }
    await outside.close();
    expect([...wrong]).toEqual([]);
  }, 300_000);
}
