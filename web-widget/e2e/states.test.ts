/**
 * Every state of the widget with words that are hard to show, on another site's page: nothing cut off or over each other, enough contrast,
 * targets large enough, nothing serious that axe finds. In three languages, on a desk and on a phone, light and dark. The table names the
 * parts of the widget (`widget/src/extras`) each state shows: one that no state shows fails.
 */
import { readdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WidgetOptions } from "@kommutator/shared/generated/protocol.ts";
import { launch } from "./browser.mjs";
import { noisePng, pdf } from "./files.mjs";
import { LONG, WORD } from "./hardship.ts";
import { faults } from "./look.ts";
import { accessible, api, colours, demo, hostPage, Visitor } from "./people.ts";
import { close, letIn, person, set } from "./shop.ts";

const LOCALES = ["ru", "en", "es"] as const;
type Locale = (typeof LOCALES)[number];
const run = Math.random().toString(36).slice(2, 8);
const URL_ = `https://shop.example.com/catalog/${"furniture/".repeat(12)}?${"utm_source=newsletter&".repeat(6)}`;
const HARD = [LONG, WORD.repeat(2), URL_, "شكرا جزيلا لكم على المساعدة، سأنتظر الرد", "👩‍👩‍👧‍👦🏳️‍🌈".repeat(12), "a\n\nb\n    c", "слово ".repeat(120).trim(), "Ø"];
const form = { on: true, name: "required", phone: "required", email: "required", consent: true } as const;
const texts = { title: WORD.slice(0, 60), greeting: `${LONG} ${WORD} ${LONG} ${LONG}`.slice(0, 500), away: `${LONG} ${WORD}`, consent: `${LONG} ${WORD} ${LONG}`, consent_link: "https://shop.example/consent", phrases: [LONG.slice(0, 80), WORD.slice(0, 80), "Ø", LONG.slice(9, 80), "?"], invitations: {} };
const options: Partial<WidgetOptions> = { texts: { ru: texts, en: texts, es: texts }, messengers: [{ kind: "telegram", link: "https://t.me/shop" }, { kind: "whatsapp", link: "https://wa.me/79990000000" }] };
const away: Partial<WidgetOptions> = { ...options, hours: { on: true, time_zone: "", days: [], closed: [] } };

let browser: Browser;

beforeAll(async () => {
  await letIn();
  browser = await launch();
});
afterAll(async () => {
  await set({});
  await browser?.close();
});

const call = (page: Page, ...words: unknown[]) => page.evaluate((all) => {
  (window as unknown as { Kommutator(...all: unknown[]): void }).Kommutator(...all);
}, words);
const talkOf = async (words: string) => (await person(words)).conversation;
let count = 0;
/** The conversation of the visit. */
let theirs = "";
const answer = (text: string) => api("POST", `/conversations/${theirs}/messages`, { client_id: `${run}-${(count += 1)}`, text });

/** One visit: what it goes through, and what it shows on the way. */
type State = [state: string, parts: string[], show: (visitor: Visitor, words: string) => Promise<unknown>];
type Visit = { options: Partial<WidgetOptions>; site?: string; states: State[] };
const VISITS: Visit[] = [
  {
    options,
    states: [
      ["launcher", ["visit"], (visitor) => visitor.in(".launch").waitFor()],
      ["invitation", ["invite"], async (visitor) => {
        await call(visitor.page, "invite", `${LONG} ${WORD}`);
        await visitor.in(".invite .words").waitFor();
      }],
      ["opening", ["opening", "phone", "sound"], async (visitor) => {
        await visitor.in(".invite .x").click();
        await visitor.open();
        await visitor.in(".ready button").first().waitFor();
        await visitor.in(".ready a").first().waitFor();
      }],
      ["a long draft", [], (visitor) => visitor.in(".line textarea").fill(`${WORD} ${"слово ".repeat(200)}`)],
      ["faces", ["emoji"], async (visitor) => {
        await visitor.in(".line textarea").fill("");
        await visitor.in(".smile").click();
        await visitor.in(".emojis button").first().waitFor();
      }],
      ["files chosen", ["files"], async (visitor) => {
        await visitor.in(".smile").click();
        await visitor.in("input[type=file]").setInputFiles([
          { name: `${WORD}.png`, mimeType: "image/png", buffer: noisePng(320, 220, 4) },
          { name: `${LONG}.pdf`, mimeType: "application/pdf", buffer: pdf("plan") },
          { name: "Ø", mimeType: "text/plain", buffer: Buffer.from("x") },
        ]);
        await visitor.in(".chip img").waitFor();
        await visitor.in(".line .go:enabled").waitFor();
      }],
      ["a conversation", ["files"], async (visitor, words) => {
        await visitor.in(".line .go:enabled").click();
        await visitor.in(".pic img").waitFor();
        for (const text of HARD) await visitor.types(text);
        await visitor.says(words);
        await expect.poll(async () => (theirs = await talkOf(words).catch(() => ""))).not.toBe("");
        for (const text of HARD) await answer(text);
        await answer(`${words}-answer`);
        await visitor.said(`${words}-answer`).waitFor();
      }],
      ["the beginning of it", [], (visitor) => visitor.in(".log").evaluate((log) => (log.scrollTop = 0))],
      ["a picture", ["lightbox"], async (visitor) => {
        await visitor.in(".pic").click();
        await visitor.in(".light img").waitFor();
      }],
      ["a voice", ["voice"], async (visitor) => {
        await visitor.page.keyboard.press("Escape");
        await visitor.in(".light").waitFor({ state: "detached" });
        await visitor.in(".mic").click();
        await visitor.in(".record .go").waitFor();
      }],
      ["without a link", [], async (visitor) => {
        await visitor.in(".record button").first().click();
        await visitor.in(".record").waitFor({ state: "detached" });
        await visitor.context.setOffline(true);
        await visitor.in(".bar").waitFor();
        await visitor.types(`${LONG} ${WORD}`);
        await visitor.in(".msg.waits").waitFor();
      }],
      ["unread", [], async (visitor) => {
        await visitor.context.setOffline(false);
        await visitor.in(".msg.waits").waitFor({ state: "detached" });
        await call(visitor.page, "close");
        for (let n = 0; n < 3; n += 1) await answer(LONG);
        await visitor.in(".launch b").filter({ hasText: "3" }).waitFor();
      }],
      ["what is new", [], async (visitor) => {
        await visitor.in(".launch").click();
        await visitor.in(".fresh").waitFor();
      }],
      ["asked how it was", ["rating"], async (visitor, words) => {
        await visitor.says(`${words}-last`);
        await close(theirs);
        await visitor.in(".stars button").nth(2).click();
        await visitor.in(".rate textarea").fill(LONG);
      }],
      ["rated", ["rating"], async (visitor) => {
        await visitor.in(".rate .submit").click();
        await visitor.in(".rate .change").waitFor();
      }],
    ],
  },
  {
    options: { ...options, before: form },
    states: [
      ["the form", ["form"], async (visitor) => {
        await visitor.in(".launch").click();
        await visitor.in(".ask .submit").waitFor();
      }],
      ["the form, wrong", ["form"], async (visitor) => {
        await visitor.in(".ask input[name=email]").fill("nobody");
        await visitor.in(".ask .submit").click();
        await visitor.in(".ask .wrong:not(:empty)").first().waitFor();
      }],
    ],
  },
  {
    options: { ...away, offline: form },
    states: [["nobody is here", ["form"], async (visitor) => {
      await visitor.in(".launch").click();
      await visitor.in(".ask .submit").waitFor();
    }]],
  },
  {
    options: {},
    // Another origin, which is not on the list.
    site: hostPage.replace("127.0.0.1", "localhost"),
    states: [["not let in", ["refusal"], async (visitor) => {
      await visitor.in(".launch").click();
      await visitor.in(".bar.bad").waitFor();
    }]],
  },
];

it("shows every part of the widget in some state", () => {
  const parts = readdirSync(new URL("../widget/src/extras", import.meta.url)).filter((file) => file.endsWith(".tsx")).map((file) => file.slice(0, -4));
  expect([...new Set(VISITS.flatMap((visit) => visit.states.flatMap(([, shown]) => shown)))].sort()).toEqual(parts.sort());
});

/** What is wrong with a state as it stands. */
async function look(page: Page, where: string, wrong: Map<string, string>): Promise<void> {
  for (const [width, height] of [[900, 760], [390, 760]] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      for (const one of await faults(page, "kommutator-widget")) if (!wrong.has(one)) wrong.set(one, `${where} ${width} ${colorScheme}`);
    }
  }
  await colours(page, `${where}, dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 900, height: 760 });
  await accessible(page, where);
}

for (const locale of LOCALES) {
  it(`shows each state of the widget whole and to everybody: ${locale}`, async () => {
    const html = `<!doctype html><html lang="${locale}"><meta name="viewport" content="width=device-width"><title>Shop</title><main><h1>Shop</h1></main><script src="${demo.url}/widget.js" data-widget="${demo.widget_key}" async></script>`;
    await fetch(`${hostPage}/states`, { method: "PUT", body: JSON.stringify({ html }) });
    const wrong = new Map<string, string>();
    for (const [n, { options: change, site = hostPage, states }] of VISITS.entries()) {
      await set(change);
      const visitor = await Visitor.arrive(browser, `${site}/states`, { locale });
      for (const [state, , show] of states) {
        await show(visitor, `${run}-${locale satisfies Locale}-${n}`);
        await look(visitor.page, `${locale}, ${state}`, wrong);
      }
      await visitor.context.close();
    }
    expect([...wrong]).toEqual([]);
  });
}
