/**
 * The corpus of attacks on pages that are broken on purpose: the trap tells of each kind of harm it claims to see. One that tells of
 * nothing here would tell of nothing in `attacks.test.ts`.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { CORPUS } from "./corpus.ts";
import { hostPage } from "./people.ts";
import { fileFaults, letterFaults, Trap } from "./trap.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** Each harm, what is told of it, and the page that does it. */
const BROKEN: [harm: string, told: RegExp, page: string, policy?: string][] = [
  ["words that run", /^broken: ran 1 on/, "for (const one of corpus) if (!/http-equiv/.test(one)) { const line = document.createElement('p'); line.innerHTML = one; document.body.append(line); }"],
  ["a link that runs", /^broken: ran 5 on/, "const link = document.createElement('a'); link.href = corpus[4]; link.textContent = 'x'; document.body.append(link); link.click();"],
  ["a template that runs", /^broken: ran 8 on/, "new Function('return `' + corpus[7] + '`')();"],
  ["a document that runs", /^broken: ran 6 on/, "const frame = document.createElement('iframe'); frame.srcdoc = corpus[5].slice(15); document.body.append(frame);"],
  ["a request to somewhere else", /^broken: asked for https:\/\/evil\.example\/css/, "document.head.innerHTML += corpus[8]; document.body.append(document.createElement('p'));"],
  ["a page that leads away", /^broken: asked for https:\/\/evil\.example/, "document.body.innerHTML = corpus[10];"],
  ["a style", /^broken: asked for https:\/\/evil\.example\/x/, "document.body.style.cssText = 'color:' + corpus[9];"],
  ["a dialog", /^broken: dialog 10/, "document.body.innerHTML = corpus[12]; document.querySelector('details').open = true;"],
  ["what only the policy stopped", /^broken: policy: script-src-attr/, "document.body.innerHTML = corpus[0];", "script-src 'nonce-own'"],
  ["a notification that leads away", /^broken: notification leads to https:\/\/evil\.example/, "new Notification('x', { icon: 'https://evil.example/x' });"],
  ["a device's notification that leads away", /^broken: notification leads to javascript:/, "ServiceWorkerRegistration.prototype.showNotification.call(null, 'x', { data: { url: corpus[4] } });"],
];

for (const [harm, told, script, policy] of BROKEN) {
  it(`tells of ${harm}`, async () => {
    const html = `<!doctype html><title>Broken</title><body><script nonce="own">const corpus = ${JSON.stringify(CORPUS).replaceAll("<", "\\u003c")}; ${script}</script>`;
    await fetch(`${hostPage}/broken`, { method: "PUT", body: JSON.stringify({ html, policy }) });
    const own = new Trap(hostPage);
    const context = await browser.newContext();
    await own.watch(context, "broken");
    const page = await context.newPage();
    // A page that leads away may be gone before it is whole.
    await page.goto(`${hostPage}/broken`, { waitUntil: "commit" });
    await expect.poll(() => own.told.find((one) => told.test(one))).toBeDefined();
    await context.close();
  });
}

it("tells of words that became elements, in a page and in a shadow", async () => {
  const own = new Trap(hostPage);
  const page = await (await browser.newContext()).newPage();
  // What leads away stays here, for once.
  await page.route("https://evil.example/**", (route) => route.fulfill({ status: 204 }));
  const kinds: [string, RegExp][] = [[CORPUS[0] ?? "", /^<img/], [CORPUS[1] ?? "", /^<script>/], [CORPUS[2] ?? "", /^<b class="evil"/], [CORPUS[3] ?? "", /^<iframe src="javascript/], [`<a href="${CORPUS[4]}">x</a>`, /^<a href="javascript/], [CORPUS[8] ?? "", /^<style>/], [CORPUS[10] ?? "", /^<base/], [CORPUS[12] ?? "", /^<form action/]];
  for (const [attack, kind] of kinds) {
    await page.setContent("<body><div id=host></div>");
    // Where scripts do not run they are elements all the same.
    const put = (html: string, inShadow: boolean) => page.evaluate(([words, shadow]) => { const host = document.querySelector("#host"); const root = shadow ? (host?.shadowRoot ?? host?.attachShadow({ mode: "open" })) : host; if (root) root.innerHTML = words; }, [html, inShadow] as const);
    expect(await own.elements(page)).toEqual([]);
    for (const shadow of [false, true]) {
      await put(attack, shadow);
      expect((await own.elements(page, shadow ? "#host" : "")).some((one) => kind.test(one)), attack).toBe(true);
    }
  }
  await page.setContent("<body><div id=host></div>");
  await page.evaluate(() => void ((Object.prototype as unknown as { evil: number }).evil = 1));
  expect(await own.elements(page)).toContain("every object has evil");
  await page.context().close();
});

it("tells of letters and files that are more than words", () => {
  const letter = `Subject: Hi\nBcc: evil@evil.example\n\nContent-Type: text/html\n\n<p>${CORPUS[0]}</p>`;
  expect(letterFaults(letter)).toEqual(["Bcc: evil@evil.example", expect.stringContaining("<img")]);
  const page = new Response("", { headers: { "content-type": "text/html", "content-disposition": "inline" } });
  expect(fileFaults(page, "../x.html")).toHaveLength(4);
});
