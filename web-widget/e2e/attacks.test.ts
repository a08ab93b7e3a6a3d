/**
 * One corpus of attacks goes in by every door and is then looked for on every screen, in letters, notifications and downloads:
 * nothing ran, nothing became an element, a header or a request. A later door is one line of `DOORS`.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PAGES } from "../messenger/src/settings/pages.ts";
import { launch } from "./browser.mjs";
import { mailServer } from "./first.ts";
import { caller, type Demo, Manager, Visitor } from "./people.ts";
import { Provider } from "./provider.ts";
import { demoServer, type Running } from "./server.mjs";

const CORPUS = [
  `<img src=x onerror="__ran(1)">`,
  `<script>__ran(2)</script>`,
  `"><svg onload=__ran(3)><b class=evil>`,
  `'><iframe src="javascript:parent.__ran(4)"></iframe>`,
  `javascript:__ran(5)//https://evil.example`,
  `data:text/html,<script>parent.__ran(6)</script>`,
  `[x](javascript:__ran(7)) <a href="javascript:__ran(7)">x</a>`,
  `{{constructor.constructor('__ran(8)')()}} \${__ran(8)} <%= __ran(8) %> #{__ran(8)}`,
  `</style><style>*{background:url(https://evil.example/css)}</style>`,
  `red;background:url(https://evil.example/x)`,
  `<meta http-equiv=refresh content="0;url=https://evil.example"><base href=https://evil.example/>`,
  `&lt;img src=x onerror=__ran(9)&gt;&#60;script&#62;__ran(9)&#60;/script&#62;`,
  `\u202Egnp.exe\u2066\u200B\u0000\uFEFF`,
  `=cmd|'/C calc'!A0`,
  `+1+1`,
  `-2+3`,
  `@SUM(1+1)`,
  `\t=1+1`,
  `Hi\r\nBcc: evil@evil.example\r\nContent-Type: text/html\r\n\r\n<b class=evil>x`,
  `../../../../etc/passwd\u0000.png`,
  `..\\..\\boot.ini:$DATA`,
  `\ud800 lonely`,
  `__proto__`,
  `constructor`,
  "long<b class=evil>".repeat(300),
];
/** Short enough for names. */
const NAMES = CORPUS.filter((one) => one.length <= 90);
const name = (attack: string, door: string) => `${door} ${attack}`.replace(/[\0\r\n\t]/g, " ").trim();

let server: Running<Demo>;
let mail: Awaited<ReturnType<typeof mailServer>>;
let provider: Provider;
let browser: Browser;
let owner: Manager;
let api: ReturnType<typeof caller>;
let channel: { id: string; name: string; widget: { key: string; options: object } };
let raw: (path: string, body: string | Buffer) => Promise<number>;
let visitor: Visitor;
const trapped: string[] = [];
const letters: string[] = [];

/** Whatever should never happen is written down. */
async function trap(context: BrowserContext, who: string): Promise<void> {
  await context.exposeFunction("__told", (what: string) => void trapped.push(`${who}: ${what}`));
  await context.addInitScript(() => {
    const told = (what: string) => (window as unknown as { __told(what: string): void }).__told(what);
    (window as unknown as { __ran: unknown }).__ran = (n: unknown) => told(`ran ${String(n)} on ${location.href}`);
    addEventListener("securitypolicyviolation", (event) => told(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample} on ${location.href}`));
    const shown: unknown[] = ((window as unknown as { shown: unknown[] }).shown = []);
    class Shown { static permission = "granted"; static requestPermission = () => Promise.resolve("granted"); constructor(title: unknown, options?: { body?: unknown }) { shown.push(title, options?.body); } close() { return undefined; } }
    Object.defineProperty(window, "Notification", { value: Shown });
  });
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && host !== new URL(server.said.url).host) trapped.push(`${who}: asked for ${request.url()}`);
  });
  context.on("page", (page) => page.on("dialog", (dialog) => { trapped.push(`${who}: dialog ${dialog.message()}`); void dialog.dismiss(); }));
}

beforeAll(async () => {
  mail = await mailServer();
  server = await demoServer(undefined, { environment: { KOMMUTATOR_SMTP_URL: mail.url, KOMMUTATOR_MAIL_FROM: "chat@shop.example" } });
  api = caller(server.said);
  raw = async (path, body) => (await fetch(server.said.url + path, { method: "POST", headers: { authorization: `Bearer ${server.said.token}`, "content-type": "application/json" }, body: typeof body === "string" ? body : new Uint8Array(body) })).status;
  provider = await Provider.behind(server.said);
  channel = (await api<{ items: (typeof channel)[] }>("GET", "/channels")).items.find((one) => one.widget?.key === server.said.widget_key) as typeof channel & object;
  browser = await launch();
  owner = await Manager.enter(browser, server.said.email, server.said.password, server.said.url, (context) => trap(context, "messenger"));
  owner.page.setDefaultTimeout(15_000);
});
afterAll(async () => {
  await browser?.close();
  provider?.close();
  mail?.close();
  await server?.stop();
});

/** Somebody comes to a page whose address, title and origin are attacks. */
async function come(query = "", title = "", ready = ".line .clip:enabled"): Promise<Visitor> {
  const context = await browser.newContext({ locale: "ru", viewport: { width: 900, height: 760 }, reducedMotion: "reduce" });
  await trap(context, "widget");
  const page = await context.newPage();
  await page.goto(`${server.said.url}/demo${query}`, { referer: `${server.said.url}/?q=${encodeURIComponent(CORPUS[0] ?? "")}` });
  await page.evaluate((words) => { if (words) document.title = words; }, title);
  page.setDefaultTimeout(8000);
  const self = Visitor.on(context, page);
  await self.in(".launch").click();
  await self.in(ready).waitFor();
  return self;
}

const conversationOf = async (words: string) => (await api<{ items: { id: string; preview: { text: string } | null }[] }>("GET", "/conversations?view=all&limit=100")).items.find((one) => one.preview?.text.includes(words))?.id ?? "";
const tried = async (act: Promise<unknown>): Promise<void> => {
  // Refused is fine; broken is not.
  await act.catch((error: unknown) => { if (!/ 4\d\d /.test(String(error))) throw error; });
};
const each = async (attacks: string[], act: (attack: string, n: number) => Promise<unknown>) => {
  for (const [n, attack] of attacks.entries()) await tried(act(attack, n));
};

/** Each door, what goes in by it, and the words by which it is known on a screen; none: it is on no screen. */
const DOORS: [door: string, put: () => Promise<unknown>][] = [
  ["door-text", async () => {
    visitor = await come();
    for (const attack of CORPUS) await visitor.types(`door-text ${attack}`);
    await visitor.in(".msg.waits").first().waitFor({ state: "detached" });
  }],
  ["door-visit", async () => {
    for (let at = 0; at < CORPUS.length; at += 5) {
      const some = CORPUS.slice(at, at + 5).map((one) => one.slice(0, 100));
      const query = some.map((one, n) => `${["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"][n]}=${encodeURIComponent(one.replace(/[\ud800-\udfff]/g, ""))}`).join("&");
      const one = await come(`?${query}&gclid=${encodeURIComponent("<b class=evil>")}`, `door-visit ${some.join(" ")}`);
      await one.says(`visit ${at}`);
      await one.context.close();
    }
  }],
  ["door-identity", async () => {
    for (const attack of NAMES.slice(0, 4)) {
      const one = await come();
      await one.page.evaluate((words) => { (window as unknown as { Kommutator(...all: unknown[]): void }).Kommutator("identify", { name: `door-identity ${words}`, email: words, phone: words }); }, attack);
      await one.says(`identity ${NAMES.indexOf(attack)}`);
      await one.context.close();
    }
  }],
  ["door-form", async () => {
    await api("PATCH", `/channels/${channel.id}`, { widget: { options: { before: { on: true, name: "optional", phone: "off", email: "optional", consent: false } } } });
    const one = await come("", "", ".ask textarea");
    await one.in(".ask input[name=name]").fill(`door-form ${CORPUS[0]}`);
    await one.in(".ask input[name=email]").fill("o'evil+=1@shop.example");
    await one.in(".ask textarea").fill("form");
    await one.in(".ask .submit").click();
    await one.in(".msg.own:not(.waits)").filter({ hasText: "form" }).waitFor();
    await api("PATCH", `/channels/${channel.id}`, { widget: { options: {} } });
    await one.context.close();
  }],
  ["door-file", async () => {
    const html = Buffer.from(`<!doctype html><script>__ran("file")</script>`), svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="__ran('svg')"><script>__ran('svg')</script></svg>`);
    const files = NAMES.slice(0, 9).map((attack, n) => ({ name: `door-file ${attack.replace(/[/\\\0]/g, "_")}.${["png", "html", "svg"][n % 3]}`, mimeType: ["image/png", "text/html", "image/svg+xml"][n % 3] ?? "", buffer: n % 2 ? html : svg }));
    await visitor.in("input[type=file]").setInputFiles(files);
    await visitor.in(".go:enabled").click();
    await visitor.in(".msg.own:not(.waits) .file").filter({ hasText: "door-file" }).first().waitFor();
  }],
  ["door-reply", () => each(NAMES, (attack, n) => api("POST", "/replies", { shared: true, shortcut: `a${n}`, title: name(attack, "door-reply"), text: attack }))],
  ["door-tag", () => each(NAMES, (attack) => api("POST", "/tags", { name: `door-tag ${attack}`.slice(0, 40), colour: 1 }))],
  ["door-person", () => each(NAMES, (attack, n) => api("POST", "/users", { name: name(attack, "door-person"), email: `evil${n}@shop.example`, password: "parol-dlinny-ochen", role: "manager", channels: null }))],
  ["door-invite", () => each([`a\r\nBcc: evil@evil.example`, `<b class=evil>@shop.example`], (attack) => api("POST", "/invites", { email: attack, role: "manager", channels: null }))],
  ["door-workspace", () => each([...NAMES.slice(0, 3), `Hi\r\nBcc: evil@evil.example`], (attack) => api("PATCH", "/workspace", { name: `door-workspace ${attack}`, locale: "ru", time_zone: "Europe/Moscow" }))],
  ["door-channel", () => each(NAMES.slice(0, 3), (attack) => api("PATCH", `/channels/${channel.id}`, { name: name(attack, "door-channel") }))],
  ["door-provider", async () => {
    for (const [n, attack] of CORPUS.entries()) await provider.writes(`evil-${n}`, `door-provider ${attack}`, `door-provider ${attack.slice(0, 200)}`);
    await provider.tells({ event: "message", chat: "evil-group", id: "g1", at: Date.now(), from: { id: "__proto__", name: CORPUS[1] }, group: CORPUS[0], text: "group" });
    await expect.poll(() => conversationOf("long<b")).not.toBe("");
  }],
  ["door-customer", () => each(NAMES, (attack) => api("POST", "/customers", { name: name(attack, "door-customer"), company: attack, note: attack, phones: [], emails: [] }))],
  ["door-note", async () => {
    const conversation = await conversationOf("group");
    await each(CORPUS, (attack, n) => api("POST", `/conversations/${conversation}/messages`, { client_id: `note-${n}`, text: `door-note ${attack}`, note: true }));
    await each(NAMES.slice(0, 6), (attack, n) => api("POST", `/conversations/${conversation}/messages`, { client_id: `out-${n}`, text: `door-answer ${attack}` }));
  }],
  ["door-token", () => each(NAMES.slice(0, 6), (attack) => api("POST", "/tokens", { name: name(attack, "door-token"), role: "manager", scope: "manager" }))],
  ["bytes", async () => {
    const hook = `/hooks/${provider.made.login}/${provider.made.hook}`;
    for (const body of [Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]), `[{"__proto__":{"evil":1},"constructor":{"prototype":{"evil":1}}}]`, `[${"[".repeat(5_000)}`, `<script>__ran()</script>`]) expect(await raw(hook, body)).toBeLessThan(500);
    for (const body of [Buffer.from([0x7b, 0x22, 0xff, 0x22]), `{"name":"\\ud800","colour":1}`, `{"__proto__":{"name":"x"},"name":"proto","colour":1}`, "[".repeat(5_000)]) expect(await raw("/api/v1/tags", body)).toBeLessThan(500);
  }],
];

it("takes a corpus of attacks by every door", async () => {
  for (const [door, put] of DOORS) {
    await Promise.race([put(), new Promise((_, reject) => setTimeout(() => reject(new Error(`${door} takes too long`)), 30_000))]);
  }
  expect(trapped).toEqual([]);
});

/** What of a screen became more than words. */
function elements(page: Page, root = ""): Promise<string[]> {
  return page.evaluate((host) => {
    const from = host ? document.querySelector(host)?.shadowRoot : document;
    return [...(from?.querySelectorAll("*") ?? [])].filter((one) => {
      const hand = [...one.attributes].some((attribute) => attribute.name.startsWith("on") || /^\s*(javascript|vbscript|data:text)/i.test(attribute.value) || (attribute.name === "style" && attribute.value.includes("evil")));
      return hand || one.matches(".evil, meta[http-equiv=refresh], base, form[action], img[src='x'], script:not([src]), style:not(:empty)") && !(one.matches("style") && !one.textContent?.includes("evil"));
    }).map((one) => one.outerHTML.slice(0, 200));
  }, root);
}

it("shows them as words on every screen, and nothing runs", async () => {
  const { page } = owner;
  const seen = new Set<string>();
  const wrong: Record<string, string[]> = {};
  const look = async (where: string) => {
    const found = await elements(page);
    if (found.length > 0) wrong[where] = found;
    for (const door of (await page.evaluate(() => document.body.textContent)).match(/door-\w+/g) ?? []) seen.add(door);
  };
  const settled = () => page.waitForFunction(() => document.querySelector(".loading, .skeletons, .splash") === null);
  const { items } = await api<{ items: { id: string }[] }>("GET", "/conversations?view=all&limit=100");
  await page.goto(server.said.url);
  await page.locator(".row").first().waitFor();
  await look("/");
  const card = page.getByRole("button", { name: "О клиенте" }).first();
  for (const { id } of items) {
    await page.evaluate((path) => { history.pushState(null, "", path); dispatchEvent(new PopStateEvent("popstate")); }, `/c/${id}`);
    await page.locator(".thread .msg, .thread .empty").first().waitFor();
    // What the card shows is asked for when it is opened.
    const told = ["person", "timeline", "files"].map((part) => page.waitForResponse((answer) => answer.url().includes(`/${id}/${part}`)));
    if ((await page.locator(".card").count()) === 0) await card.click();
    await Promise.all(told);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.locator(".card").waitFor();
    await settled();
    await look(id);
  }
  await page.locator(".composer textarea").fill("/a");
  await page.locator(".canned").waitFor();
  await look("canned");
  for (const { page: one } of PAGES) {
    await page.goto(`${server.said.url}/settings/${one}`);
    await page.locator(".page-head h2").first().waitFor();
    await settled();
    await look(one);
  }
  await page.goto(`${server.said.url}/settings/channels/${channel.id}`);
  await page.locator(".page-head h2").first().waitFor();
  await settled();
  await look("channel");
  await page.getByRole("link", { name: "Чаты" }).first().click();
  await page.getByRole("searchbox").fill("script");
  await page.locator(".found .row").first().waitFor();
  await look("search");
  await visitor.reload();
  await visitor.said("door-text").first().waitFor();
  wrong.widget = await elements(visitor.page, "kommutator-widget");
  expect(wrong).toEqual({ widget: [] });
  expect(trapped).toEqual([]);
  // What went in is to be seen, or nothing was shown by this.
  expect([...seen].sort()).toEqual(expect.arrayContaining(["door-text", "door-identity", "door-form", "door-file", "door-reply", "door-tag", "door-person", "door-channel", "door-provider", "door-note", "door-answer"]));
});

it("keeps them words in letters", async () => {
  await fetch(`${server.said.url}/api/v1/password/forgot`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: "evil0@shop.example" }) });
  letters.push(await mail.next());
  await api("POST", "/mail/test");
  letters.push(await mail.next());
  for (const letter of letters) {
    const at = letter.search(/\n\n/);
    const [head, body] = [letter.slice(0, at), letter.slice(at).replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))];
    expect(head).not.toMatch(/^bcc:/im);
    expect(head).not.toMatch(/^content-type: text\/html/im);
    expect(body.split(/content-type: text\/html/i)[1] ?? "").not.toMatch(/<(img|script|svg|iframe|b class)/i);
  }
});

it("hands files out as what they are, never as a page", async () => {
  const conversation = await conversationOf("door-file").then((id) => id || conversationOf("door-text"));
  const all = (await api<{ items: { id: string }[] }>("GET", "/conversations?view=all&limit=100")).items;
  let count = 0;
  for (const { id } of conversation ? [{ id: conversation }] : all) {
    const { items } = await api<{ items: { attachments: { url: string; name: string }[] }[] }>("GET", `/conversations/${id}/messages?limit=100`);
    for (const file of items.flatMap((one) => one.attachments)) {
      const answer = await fetch(new URL(file.url, server.said.url));
      expect(answer.status, file.name).toBe(200);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-disposition"), file.name).toMatch(/^attachment/);
      expect(answer.headers.get("content-type"), file.name).not.toMatch(/html|svg|xml|script/);
      expect(file.name).not.toMatch(/[/\\]|\.\.\//);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(0);
});
