/**
 * Pages that are hard to live in. On each the widget carries words and a file both ways, and the page is as it was: what it put into
 * the language still does what it did, and nothing of ours lies about in it.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { pdf } from "./files.mjs";
import { accessible, demo, hostPage, Manager, Visitor } from "./people.ts";
import { letIn, set } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const real = process.env.KOMMUTATOR_BIN !== undefined;
const tag = `<script src="${demo.url}/widget.js" data-widget="${demo.widget_key}" async></script>`;
const nonced = tag.replace("<script", '<script nonce="r4nd0m"');

type Trap = {
  name: string;
  /** What stands before the widget's tag. */
  head?: string;
  body?: string;
  policy?: string;
  /** What the page does while somebody talks. */
  meanwhile?: (page: Page) => Promise<unknown>;
  /** What the page says of itself afterwards; the same as before. */
  self?: string;
};

const TRAPS: Trap[] = [
  { name: "a sheet that unsets everything", head: "<style>*{all:unset!important}kommutator-widget{display:none!important;transform:scale(0)!important;opacity:0!important}</style>" },
  { name: "a library that extends arrays and writes them its own way", head: "<script>Array.prototype.last=function(){return this[this.length-1]};Array.prototype.toJSON=function(){return JSON.stringify(this.join())};Object.prototype.extra=1</script>", self: "JSON.stringify([1,2])+[7].last()+({}).extra" },
  { name: "a page that replaces what everybody uses, later", meanwhile: (page) => page.evaluate(() => Object.assign(window, { fetch: null, WebSocket: null, JSON: { parse: () => null, stringify: () => "" }, setInterval: () => 0 })), self: "String(window.fetch)" },
  { name: "a page that wraps what everybody uses, before", head: "<script>const Real=WebSocket;window.WebSocket=class extends Real{constructor(u,p){super(u,p);this.counted=1}};const get=fetch;window.fetch=(...a)=>get(...a);const say=JSON.stringify;JSON.stringify=(...a)=>say(...a)</script>", self: "WebSocket.name+fetch.length" },
  { name: "a base for all addresses", head: '<base href="https://elsewhere.example/deep/">', self: "document.baseURI" },
  { name: "a strict policy with a nonce", policy: `default-src 'none'; script-src 'nonce-r4nd0m'; connect-src ${demo.url} ${demo.url.replace(/^http/, "ws")}; img-src ${demo.url} blob:; media-src ${demo.url}; style-src 'none'; base-uri 'none'` },
  { name: "prototypes that are frozen", head: "<script>for(const one of [Object,Array,Function,String,Promise,Element,Node,HTMLElement,EventTarget])Object.freeze(one.prototype)</script>", self: "String(Object.isFrozen(Object.prototype))" },
  { name: "a page that never loads anew", meanwhile: (page) => page.evaluate(() => { history.pushState({}, "", "/next"); const main = document.querySelector("main"); if (main) main.textContent = "Next"; }), self: "document.title" },
  { name: "the widget twice", body: tag + tag.replace(demo.widget_key, "another") },
  { name: "names of other frameworks", head: "<script>window.$=window.jQuery=()=>{throw 1};window.React=window.Vue=window.angular={};window.define=()=>{throw 1};define.amd=true;window.module={exports:{}};window.exports=module.exports;window._=null;window.Solid=1</script>", self: "typeof define+String(_)+JSON.stringify(module)" },
];

let browser: Browser;
let owner: Manager;

beforeAll(async () => {
  if (!real) return;
  await letIn();
  await set({});
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  owner.context.setDefaultTimeout(8_000);
});
afterAll(() => browser?.close());

it.runIf(real).each(TRAPS.map((trap, at) => ({ ...trap, at })))("lives in $name", async ({ at, name, head, body, policy, meanwhile, self }) => {
  const context = await browser.newContext({ locale: "ru", viewport: { width: 900, height: 760 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(8_000);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  const html = `<!doctype html><html lang="ru"><head><title>Trap</title>${head ?? ""}</head><body><main>Page</main>${body ?? (policy ? nonced : tag)}</body></html>`;
  await fetch(`${hostPage}/trap${at}`, { method: "PUT", body: JSON.stringify({ html, policy }) });
  await page.goto(`${hostPage}/trap${at}`);
  const visitor = Visitor.on(context, page);
  const itself = () => (self ? page.evaluate(self) : Promise.resolve(""));
  const globals = () => page.evaluate(() => Object.keys(window).filter((key) => !key.startsWith("Kommutator")).length);
  const before = [await itself(), await page.locator("main").evaluate((main) => main.outerHTML)];
  await visitor.open().catch((error: unknown) => {
    throw new Error(`${troubles.join("; ")}: ${String(error)}`);
  });
  const count = await globals();
  const words = (n: number) => `trap-${run}-${at}-${n}`;
  const paper = { name: `plan-${run}-${at}.pdf`, mimeType: "application/pdf", buffer: pdf(name) };
  await visitor.says(words(1));
  await meanwhile?.(page);
  const after = await itself();
  await visitor.sends([paper]);
  await owner.row(paper.name).or(owner.row("Файл")).first().waitFor();
  await visitor.says(words(2));
  await owner.open(words(2));
  await owner.page.locator(".msg.inbound .file", { hasText: paper.name }).waitFor();
  await owner.says(words(3));
  await visitor.said(words(3)).waitFor();
  expect(await visitor.in(".launch").boundingBox()).toMatchObject({ width: 56, height: 56 });
  if (meanwhile) expect(await itself()).toBe(after);
  else expect([await itself(), await page.locator("main").evaluate((main) => main.outerHTML)]).toEqual(before);
  expect(await globals()).toBe(count);
  expect(await page.locator("kommutator-widget").count()).toBe(1);
  expect(troubles).toEqual([]);
  if (at === 0) await accessible(owner.page, "messenger");
  await context.close();
});
