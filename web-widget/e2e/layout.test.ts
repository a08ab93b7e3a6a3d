/** No screen scrolls sideways, cuts words off without a sign, or has buttons too small to hit, in any language at any width. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { accessible, api, demo, Manager } from "./people.ts";

const WIDTHS = [1440, 1024, 390];
const LOCALES = ["ru", "en", "es"];
const PAGES = ["profile", "notifications", "channels", "replies", "tags", "people", "tokens", "audit", "quarantine"];

let browser: Browser;
let owner: Manager;
let talk: string;

beforeAll(async () => {
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  talk = (await api<{ items: { id: string }[] }>("GET", "/conversations?limit=1")).items[0]?.id ?? "";
});
afterAll(async () => {
  await api("PATCH", "/me", { locale: "ru" }).catch(() => undefined);
  await browser.close();
});

/** What is wrong with the page as it stands, in words. */
function faults(page: Page, least: number): Promise<string[]> {
  return page.evaluate((smallest) => {
    const found: string[] = [];
    const name = (one: Element) => `${one.tagName.toLowerCase()}.${[...one.classList].join(".")} «${(one.textContent ?? "").trim().slice(0, 40)}»`;
    const shown = (one: Element) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && one.getBoundingClientRect().width > 1;
    if (document.documentElement.scrollWidth > innerWidth + 1) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const one of document.querySelectorAll<HTMLElement>("body *")) {
      if (!shown(one)) continue;
      const style = getComputedStyle(one);
      const words = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? "").trim() !== "");
      const cuts = style.overflowX !== "visible" && style.textOverflow !== "ellipsis" && !["auto", "scroll"].includes(style.overflowX);
      if (words && cuts && !one.closest(".sr") && one.scrollWidth > one.clientWidth + 1) found.push(`cut off: ${name(one)}`);
      const box = one.getBoundingClientRect();
      // A link within words is as high as its line; a box is hit by its label too.
      const hit = one.matches("button, select, input:not([type=checkbox]):not([type=radio]):not([type=file]):not([type=color]), a.ghost, a.row, nav a");
      if (hit && !one.closest(".sr, .toasts, .why, p, mark") && (box.height < smallest - 0.5 || box.width < Math.min(smallest, 32) - 0.5)) found.push(`${Math.round(box.width)}×${Math.round(box.height)}: ${name(one)}`);
    }
    return [...new Set(found)];
  }, least);
}

for (const width of WIDTHS) {
  it(`holds at ${width} px`, async () => {
    const page = owner.page;
    await page.setViewportSize({ width, height: 800 });
    const wrong: Record<string, string[]> = {};
    for (const locale of LOCALES) {
      await page.evaluate(async (next) => {
        await fetch("/api/v1/me", { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ locale: next }) });
      }, locale);
      for (const path of ["/", `/c/${talk}`, ...PAGES.map((one) => `/settings/${one}`)]) {
        await page.goto(demo.url + path);
        await page.locator(".rail .dot.on").waitFor({ state: "attached" });
        await page.locator(path.startsWith("/settings") ? ".page-head h2" : path === "/" ? ".row" : ".msg").first().waitFor({ state: "attached" });
        await page.waitForFunction(() => document.querySelector(".loading, .skeletons") === null);
        const found = await faults(page, width < 500 ? 44 : 32);
        if (found.length > 0) wrong[`${locale} ${path.replace(talk, "…")}`] = found;
      }
    }
    expect(wrong).toEqual({});
  });
}

it("has no serious fault for who sees little or hears only, light and dark, on every page", async () => {
  await owner.page.setViewportSize({ width: 1280, height: 800 });
  for (const colorScheme of ["light", "dark"] as const) {
    await owner.page.emulateMedia({ colorScheme });
    for (const path of ["/", `/c/${talk}`, ...PAGES.map((one) => `/settings/${one}`)]) {
      await owner.page.goto(demo.url + path);
      await owner.page.locator(path.startsWith("/settings") ? ".page-head h2" : path === "/" ? ".row" : ".msg").first().waitFor();
      await accessible(owner.page, `${colorScheme} ${path}`);
    }
  }
});
