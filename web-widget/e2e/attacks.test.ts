/**
 * One corpus of attacks goes in by every door and is then looked for on every screen, in letters, pushes, notifications and downloads:
 * nothing ran, nothing became an element, a header or a request. A later door is one line of `DOORS`, a later screen one of `SCREENS`.
 * That the trap catches is shown in `trap.test.ts`. Not looked at: files for spreadsheets (CSV), which the program does not make yet; the corpus has the formulas for them.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PAGES } from "../messenger/src/settings/pages.ts";
import { launch } from "./browser.mjs";
import { CORPUS, name, NAMES } from "./corpus.ts";
import { mailServer } from "./first.ts";
import { caller, type Demo, Manager, Visitor } from "./people.ts";
import { Provider } from "./provider.ts";
import { Device, type Pushed, type PushService, pushService } from "./pushes.ts";
import { demoServer, type Running } from "./server.mjs";
import { fileFaults, letterFaults, Trap } from "./trap.ts";

const ANNA = { email: "anna@shop.example", password: "parol-dlinny-ochen" };

let server: Running<Demo>;
let mail: Awaited<ReturnType<typeof mailServer>>;
let provider: Provider;
/** Answers webhooks with attacks. */
let receiver: Server;
let service: PushService;
let browser: Browser;
let trap: Trap;
let owner: Manager;
/** Has the messenger on a device that takes pushes, and looks at something else. */
let anna: Manager;
let device: Device;
let api: ReturnType<typeof caller>;
let channel: { id: string; name: string; widget: { key: string; options: object } };
let visitor: Visitor;
/** The visitor's conversation. */
let theirs: string;
/** What was pushed of the provider's customers, by title. */
const pushed = new Map<string, Pushed>();

beforeAll(async () => {
  mail = await mailServer();
  server = await demoServer(undefined, { environment: { KOMMUTATOR_SMTP_URL: mail.url, KOMMUTATOR_MAIL_FROM: "chat@shop.example", KOMMUTATOR_OUTSIDE_PRIVATE: "on" } });
  trap = new Trap(server.said.url);
  api = caller(server.said);
  provider = await Provider.behind(server.said);
  receiver = createServer((_, response) => response.writeHead(500, { "content-type": "text/html" }).end(`door-receiver ${CORPUS.join(" ")}`));
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  service = await pushService();
  channel = (await api<{ items: (typeof channel)[] }>("GET", "/channels")).items.find((one) => one.widget?.key === server.said.widget_key) as typeof channel & object;
  await api("POST", "/users", { name: "Анна", ...ANNA, role: "manager", channels: null });
  browser = await launch();
  owner = await Manager.enter(browser, server.said.email, server.said.password, server.said.url, (context) => trap.watch(context, "messenger"));
  anna = await Manager.enter(browser, ANNA.email, ANNA.password, server.said.url, (context) => trap.watch(context, "device"));
  // She looks at something else.
  await anna.context.addInitScript(() => Object.defineProperty(document, "visibilityState", { get: () => "hidden" }));
  device = await Device.of("anna", service, anna.context, anna.page);
  await anna.page.goto(`${server.said.url}/settings/notifications`);
  await anna.page.getByRole("button", { name: "Включить пуши на этом устройстве" }).click();
  await anna.page.getByText("это устройство").waitFor();
});
afterAll(async () => {
  await browser?.close();
  provider?.close();
  receiver?.closeAllConnections();
  receiver?.close();
  service?.close();
  mail?.close();
  await server?.stop();
});

/** Somebody comes to a page whose address, title and origin are attacks. */
async function come(query = "", title = "", ready = ".line .clip:enabled"): Promise<Visitor> {
  const context = await browser.newContext({ locale: "ru", viewport: { width: 900, height: 760 }, reducedMotion: "reduce" });
  await trap.watch(context, "widget");
  const page = await context.newPage();
  await page.goto(`${server.said.url}/demo${query}`, { referer: `${server.said.url}/?q=${encodeURIComponent(CORPUS[0] ?? "")}` });
  await page.evaluate((words) => { if (words) document.title = words; }, title);
  const self = Visitor.on(context, page);
  await self.in(".launch").click();
  await self.in(ready).first().waitFor();
  return self;
}

type Row = { id: string; preview: { text: string } | null };
type Said = { id: string; text: string; direction: string; attachments: { url: string; name: string }[] };
const conversations = async () => (await Promise.all(["all", "closed"].map((view) => api<{ items: Row[] }>("GET", `/conversations?view=${view}&limit=100`)))).flatMap(({ items }) => items);
const conversationOf = async (words: string) => (await conversations()).find((one) => one.preview?.text.includes(words))?.id ?? "";
const messages = async (conversation: string) => (await api<{ items: Said[] }>("GET", `/conversations/${conversation}/messages?limit=100`)).items;
const people = async (q = "") => (await api<{ items: { id: string; name: string }[] }>("GET", `/customers?limit=100&q=${encodeURIComponent(q)}`)).items;
const raw = async (path: string, body: string | Buffer) => (await fetch(server.said.url + path, { method: "POST", headers: { authorization: `Bearer ${server.said.token}`, "content-type": "application/json" }, body: typeof body === "string" ? body : new Uint8Array(body) })).status;
const isRefused = (error: unknown) => / 4\d\d /.test(String(error));
const each = async (attacks: string[], act: (attack: string, n: number) => Promise<unknown>) => {
  // Refused is fine; broken is not.
  for (const [n, attack] of attacks.entries()) await act(attack, n).catch((error: unknown) => { if (!isRefused(error)) throw error; });
};
/** What may stand in no address that is followed, and in no colour. */
const refused = async (act: (attack: string) => Promise<unknown>) => {
  for (const attack of CORPUS.filter((one) => /^(javascript|data|red|<|"|')/.test(one))) await expect(act(attack), attack).rejects.toSatisfy(isRefused);
};
const options = (change: object) => api("PATCH", `/channels/${channel.id}`, { widget: { options: change } });

/** Each door, and what goes in by it. Words are known on a screen by the door's name before them. */
const DOORS: [door: string, put: () => Promise<unknown>][] = [
  ["text", async () => {
    visitor = await come();
    for (const attack of CORPUS) await visitor.types(`door-text ${attack}`);
    await visitor.in(".msg.waits").first().waitFor({ state: "detached" });
    await expect.poll(async () => (theirs = await conversationOf("door-text"))).not.toBe("");
  }],
  ["visit", async () => {
    for (let at = 0; at < CORPUS.length; at += 5) {
      const some = CORPUS.slice(at, at + 5).map((one) => one.slice(0, 100));
      const query = some.map((one, n) => `${["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"][n]}=${encodeURIComponent(`door-visit ${one}`.replace(/[\ud800-\udfff]/g, ""))}`).join("&");
      const one = await come(`?${query}&gclid=${encodeURIComponent("<b class=evil>")}`, `door-page ${some.join(" ")}`);
      await one.says(`visit ${at}`);
      await one.context.close();
    }
  }],
  ["identity", async () => {
    for (const attack of NAMES.slice(0, 4)) {
      const one = await come();
      await one.page.evaluate((words) => { (window as unknown as { Kommutator(...all: unknown[]): void }).Kommutator("identify", { name: `door-identity ${words}`, email: words, phone: words }); }, attack);
      await one.says(`identity ${NAMES.indexOf(attack)}`);
      await one.context.close();
    }
  }],
  ["form", async () => {
    await options({ before: { on: true, name: "optional", phone: "off", email: "optional", consent: false } });
    const one = await come("", "", ".ask textarea");
    await one.in(".ask input[name=name]").fill(`door-form ${CORPUS[0]}`);
    await one.in(".ask input[name=email]").fill("o'evil+=1@shop.example");
    await one.in(".ask textarea").fill("form");
    await one.in(".ask .submit").click();
    await one.in(".msg.own:not(.waits)").filter({ hasText: "form" }).waitFor();
    await options({});
    await one.context.close();
  }],
  ["file", async () => {
    const html = Buffer.from(`<!doctype html><script>__ran("file")</script>`), svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="__ran('svg')"><script>__ran('svg')</script></svg>`);
    const files = NAMES.slice(0, 9).map((attack, n) => ({ name: `door-file ${attack.replace(/[/\\\0]/g, "_")}.${["png", "html", "svg"][n % 3]}`, mimeType: ["image/png", "text/html", "image/svg+xml"][n % 3] ?? "", buffer: n % 2 ? html : svg }));
    await visitor.in("input[type=file]").setInputFiles(files);
    await visitor.in(".go:enabled").click();
    await visitor.in(".msg.own:not(.waits) .file").filter({ hasText: "door-file" }).first().waitFor();
  }],
  ["rating", async () => {
    const one = await come();
    for (const [n, attack] of [...NAMES.slice(0, 5), CORPUS.at(-1)?.slice(0, 900) ?? ""].entries()) {
      await one.says(`rating ${n}`);
      await api("POST", `/conversations/${await conversationOf(`rating ${n}`)}/close`);
      await one.in(".stars button:enabled").nth(n % 5).click();
      await one.in(".rate textarea").fill(`door-rating ${attack}`);
      await one.in(".rate .submit").click();
      await one.in(".rate .change").waitFor();
    }
    await one.context.close();
  }],
  ["reply", () => each(NAMES, (attack, n) => api("POST", "/replies", { shared: true, shortcut: `a${n}`, title: name(attack, "door-reply"), text: attack }))],
  ["tag", () => each(NAMES, (attack) => api("POST", "/tags", { name: `door-tag ${attack}`.slice(0, 40), colour: 1 }))],
  ["person", () => each(NAMES, (attack, n) => api("POST", "/users", { name: name(attack, "door-person"), email: `evil${n}@shop.example`, password: "parol-dlinny-ochen", role: "manager", channels: null }))],
  ["invite", () => each([`a\r\nBcc: evil@evil.example`, `<b class=evil>@shop.example`], (attack) => api("POST", "/invites", { email: attack, role: "manager", channels: null }))],
  ["workspace", () => each([...NAMES.slice(0, 3), `Hi\r\nBcc: evil@evil.example`], (attack) => api("PATCH", "/workspace", { name: `door-workspace ${attack}`, locale: "ru", time_zone: "Europe/Moscow" }))],
  ["channel", () => each(NAMES.slice(0, 3), (attack) => api("PATCH", `/channels/${channel.id}`, { name: name(attack, "door-channel") }))],
  ["provider", async () => {
    for (const [n, attack] of CORPUS.entries()) await provider.writes(`evil-${n}`, `door-provider ${attack}`, `door-sender ${attack.slice(0, 180)}`);
    await provider.tells({ event: "message", chat: "evil-group", id: "g1", at: Date.now(), from: { id: "__proto__", name: CORPUS[1] }, group: CORPUS[0], text: "group" });
    await expect.poll(() => conversationOf("group")).not.toBe("");
    // What is no text at all goes to quarantine.
    const readable = CORPUS.filter((one) => !/^[\ud800-\udfff]/.test(one)).length;
    await expect.poll(async () => (await people("door-sender")).length).toBe(readable);
    // Each conversation is told by itself.
    while (pushed.size < readable) {
      const push = await device.receive();
      if (push.title.startsWith("door-sender")) pushed.set(push.title, push);
    }
  }],
  // As managers keep them on «Клиенты»: who never wrote, and who did, with the channel's names beside the one that is given.
  ["customer", async () => {
    await each(CORPUS, (attack) => api("POST", "/customers", { name: name(attack.slice(0, 150), "door-customer"), company: `door-company ${attack.slice(0, 150)}`, note: `door-remark ${attack}`, phones: ["+79990001122"], emails: ["o'evil+=1@shop.example"] }));
    await refused((attack) => api("POST", "/customers", { name: "x", phones: [attack], emails: [] }));
    await refused((attack) => api("POST", "/customers", { name: "x", phones: [], emails: [attack] }));
    for (const [n, { id }] of (await people("door-sender")).slice(0, 12).entries()) await each([NAMES[n % NAMES.length] ?? ""], (attack) => api("PATCH", `/customers/${id}`, { name: name(attack, "door-given"), company: name(attack, "door-company"), note: `door-remark ${attack}` }));
  }],
  ["webhook", async () => {
    const { port } = receiver.address() as AddressInfo;
    await each(NAMES.slice(0, 6), async (attack) => {
      const { id } = await api<{ id: string }>("POST", "/webhooks", { name: name(attack, "door-webhook"), url: `http://127.0.0.1:${port}/?door-address=${attack.replace(/[^!-~]/g, "")}`, events: ["conversation.closed"] });
      await api("POST", `/webhooks/${id}/test`);
    });
    await refused((attack) => api("POST", "/webhooks", { name: "x", url: attack, events: ["message.added"] }));
  }],
  ["quote", async () => {
    for (const conversation of [theirs, await conversationOf("door-provider <img"), await conversationOf("door-provider long")]) {
      const inbound = (await messages(conversation)).filter((one) => one.direction === "inbound");
      await each(inbound.map((one) => one.id).slice(0, 6), (id) => api("POST", `/conversations/${conversation}/messages`, { client_id: `quote-${id}`, text: "door-quote", reply_to: id }));
    }
  }],
  ["note", async () => {
    const conversation = await conversationOf("group");
    const { items: users } = await api<{ items: { id: string; name: string }[] }>("GET", "/users");
    await each(CORPUS, (attack, n) => api("POST", `/conversations/${conversation}/messages`, { client_id: `note-${n}`, text: `door-note ${attack}`, note: true }));
    await each(NAMES.slice(0, 6), (attack, n) => api("POST", `/conversations/${conversation}/messages`, { client_id: `out-${n}`, text: `door-answer ${attack}` }));
    for (const [n, user] of users.filter((one) => one.name.startsWith("door-person")).entries()) {
      const { mentions } = await api<{ mentions?: unknown[] }>("POST", `/conversations/${conversation}/messages`, { client_id: `mention-${n}`, text: `door-mention @${user.name} ${user.name}`, note: true, mentions: [user.id] }).then((made) => (made as { message: { mentions?: unknown[] } }).message);
      expect(mentions).toHaveLength(1);
    }
  }],
  ["token", () => each(NAMES.slice(0, 6), (attack) => api("POST", "/tokens", { name: name(attack, "door-token"), role: "manager", scope: "manager" }))],
  ["bytes", async () => {
    const hook = `/hooks/${provider.made.login}/${provider.made.hook}`;
    for (const body of [Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]), `[{"__proto__":{"evil":1},"constructor":{"prototype":{"evil":1}}}]`, `[${"[".repeat(5_000)}`, `<script>__ran()</script>`]) expect(await raw(hook, body)).toBeLessThan(500);
    for (const body of [Buffer.from([0x7b, 0x22, 0xff, 0x22]), `{"name":"\\ud800","colour":1}`, `{"__proto__":{"name":"x"},"name":"proto","colour":1}`, "[".repeat(5_000)]) expect(await raw("/api/v1/tags", body)).toBeLessThan(500);
  }],
  // Last: from now on the widget says it.
  ["widget", async () => {
    const words = (some: object) => options({ texts: { ru: { title: "", greeting: "", away: "", consent: "", consent_link: "", phrases: [], invitations: {}, ...some } } });
    await refused((attack) => words({ consent: "x", consent_link: attack }));
    await refused((attack) => options({ messengers: [{ kind: "telegram", link: attack }] }));
    await refused((accent) => api("PATCH", `/channels/${channel.id}`, { widget: { appearance: { title: "x", greeting: "", accent, side: "right" } } }));
    await words({ title: `door-title ${CORPUS[0]}`, greeting: `door-greeting ${NAMES.filter((one) => !/[\0\ud800]/.test(one)).join(" ")}`.slice(0, 500), phrases: NAMES.slice(0, 4).map((one) => `door-phrase ${one}`) });
  }],
];

for (const [door, put] of DOORS) {
  it(`takes the corpus by its door: ${door}`, async () => {
    await put();
    expect(trap.told).toEqual([]);
  });
}

// Before anybody reads: what was read is taken off the device.
it("keeps the corpus words in pushes, and in what the device shows", async () => {
  for (const push of pushed.values()) expect(push.url).toMatch(/^\/c\/[\w-]+$/);
  const line = (text: string) => text.replace(/[\s\0]+/g, " ").slice(0, 60);
  // As they were written: neither cut at a sign nor made into another.
  for (const attack of [CORPUS[1], CORPUS[2], CORPUS[7], CORPUS[11]]) await expect.poll(async () => (await device.shown()).map((one) => line(one.body))).toContain(line(`door-provider ${attack}`));
  // The open page tells of the same.
  await expect.poll(() => trap.shown().filter((one) => one.body.startsWith("door-provider")).length).toBeGreaterThan(0);
  await device.click((await device.shown()).find((one) => one.body.startsWith("door-provider"))?.tag ?? "");
  await anna.page.locator(".thread .msg").first().waitFor();
  expect(await trap.elements(anna.page)).toEqual([]);
  expect(trap.told).toEqual([]);
});

/** The page goes to another of its screens without being loaded anew. */
const walk = (page: Page, path: string) => page.evaluate((to) => { history.pushState(null, "", to); dispatchEvent(new PopStateEvent("popstate")); }, path);
const settled = (page: Page) => page.waitForFunction(() => document.querySelector(".loading, .skeletons, .splash") === null);

/** Screens and parts of them: how each is come to, and the words that are to be seen there, or nothing was shown by looking. */
const SCREENS: [screen: string, doors: string[], show: (page: Page, look: (...wanted: string[]) => Promise<void>) => Promise<void>][] = [
  ["list", ["door-given", "door-sender", "door-provider", "door-quote", "door-mention"], async (page, look) => {
    await page.goto(server.said.url);
    await page.locator(".row").first().waitFor();
    await look("door-given", "door-sender", "door-provider", "door-quote", "door-mention");
  }],
  ["thread and card", ["door-text", "door-file", "door-identity", "door-form", "door-quote", "door-note", "door-answer", "door-mention", "door-person", "door-visit", "door-page", "door-rating", "door-company", "door-remark"], async (page, look) => {
    for (const { id } of await conversations()) {
      // What the card shows is asked for when it is opened.
      const [timeline, ...told] = ["timeline", "person", "files"].map((part) => page.waitForResponse((answer) => answer.url().includes(`/${id}/${part}`)));
      await walk(page, `/c/${id}`);
      await page.locator(".thread .msg, .thread .empty").first().waitFor();
      await page.getByRole("button", { name: "О клиенте" }).first().click();
      await Promise.all(told.map(async (one) => (await one).finished()));
      const { episodes, facts } = (await (await timeline)?.json()) as { episodes: { rating?: number }[]; facts: unknown[] };
      if (facts.length > 0) await page.locator(".card .timeline").waitFor();
      if (episodes.some((one) => one.rating)) await page.locator(".card .ratings").waitFor();
      await settled(page);
      await look();
    }
  }],
  ["canned replies", ["door-reply"], async (page, look) => {
    await page.locator(".composer textarea").fill("/a");
    await page.locator(".canned").waitFor();
    await look("door-reply");
    await page.locator(".composer textarea").fill("");
  }],
  ["customers", ["door-customer", "door-given", "door-company", "door-remark", "door-sender", "door-identity"], async (page, look) => {
    await page.goto(`${server.said.url}/customers`);
    await page.locator(".list .row").first().waitFor();
    await look();
    for (const { id } of await people()) {
      await walk(page, `/customers/${id}`);
      await page.locator(`.customer .known`).waitFor();
      await page.waitForFunction((path) => location.pathname === path, `/customers/${id}`);
      await settled(page);
      await look();
    }
  }],
  ["owner's first page", ["door-webhook"], async (page, look) => {
    await page.goto(`${server.said.url}/home`);
    await page.locator(".cards-of").waitFor();
    await look("door-webhook");
  }],
  ["settings", ["door-reply", "door-tag", "door-person", "door-workspace", "door-channel", "door-token", "door-webhook"], async (page, look) => {
    const there: Partial<Record<string, string>> = { replies: "door-reply", tags: "door-tag", people: "door-person", workspace: "door-workspace", channels: "door-channel", tokens: "door-token", webhooks: "door-webhook" };
    for (const { page: one } of PAGES) {
      await page.goto(`${server.said.url}/settings/${one}`);
      await page.locator(".page-head h2").first().waitFor();
      await settled(page);
      await look(...[there[one] ?? []].flat());
    }
  }],
  ["log of changes", ["door-webhook", "door-token"], async (page, look) => {
    await page.goto(`${server.said.url}/settings/audit`);
    await page.locator(".records tbody tr").first().waitFor();
    await look("door-webhook", "door-token");
  }],
  ["channel", ["door-channel", "door-title", "door-phrase"], async (page, look) => {
    await page.goto(`${server.said.url}/settings/channels/${channel.id}`);
    await page.locator(".page-head h2").first().waitFor();
    await page.frameLocator(".scene iframe").locator("kommutator-widget .panel").waitFor();
    await settled(page);
    await look();
    await page.getByRole("tab", { name: "Тексты" }).click();
    await look("door-title", "door-phrase");
  }],
  ["webhook with its log", ["door-webhook", "door-address", "door-receiver"], async (page, look) => {
    for (const { id } of (await api<{ items: { id: string }[] }>("GET", "/webhooks")).items) {
      await page.goto(`${server.said.url}/settings/webhooks/${id}`);
      await page.getByRole("button", { name: /Показать запрос/ }).first().click();
      await page.getByRole("dialog").getByLabel("Тело ответа").waitFor();
      await look("door-webhook", "door-receiver");
    }
  }],
  ["search", ["door-provider", "door-customer"], async (page, look) => {
    await page.goto(server.said.url);
    for (const words of ["script", "door-customer"]) {
      await page.getByRole("searchbox").fill(words);
      await page.locator(".found .row", { hasText: words === "script" ? "door-provider" : words }).first().waitFor();
      await look();
    }
  }],
  ["palette", ["door-given"], async (page, look) => {
    await page.goto(server.said.url);
    await page.locator(".row").first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.insertText("door-given");
    await page.getByRole("dialog").getByText("door-given").first().waitFor();
    await look("door-given");
  }],
];

for (const [screen, doors, show] of SCREENS) {
  it(`shows the corpus as words: ${screen}`, async () => {
    const { page } = owner;
    const seen = new Set<string>();
    const wrong: Record<string, string[]> = {};
    await show(page, async (...wanted) => {
      await page.waitForFunction((all) => {
        const fields = [...document.querySelectorAll<HTMLInputElement>("input, textarea")].map((one) => one.value);
        const texts = [document.body.textContent, ...fields].join(" ");
        return all.every((one) => texts.includes(one));
      }, wanted);
      const found = await trap.elements(page);
      if (found.length > 0) wrong[new URL(page.url()).pathname] = found;
      const texts = await page.evaluate(() => [document.body.textContent, ...[...document.querySelectorAll<HTMLInputElement>("input, textarea")].map((one) => one.value)].join(" "));
      for (const door of doors) if (texts.includes(door)) seen.add(door);
    });
    expect(wrong).toEqual({});
    expect(trap.told).toEqual([]);
    expect(doors.filter((door) => !seen.has(door)), "not seen").toEqual([]);
  });
}

it("shows the corpus as words: the widget", async () => {
  await visitor.reload();
  for (const words of ["door-text", "door-quote", "door-file"]) await visitor.said(words).first().waitFor();
  const fresh = await come("", "", ".ready button");
  await fresh.in("h2").filter({ hasText: "door-title <img" }).waitFor();
  for (const one of [visitor, fresh]) expect(await trap.elements(one.page, "kommutator-widget")).toEqual([]);
  expect(trap.told).toEqual([]);
});

it("keeps them words in letters", async () => {
  const letters: string[] = [];
  await fetch(`${server.said.url}/api/v1/password/forgot`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: "evil0@shop.example" }) });
  letters.push(await mail.next());
  await api("POST", "/mail/test");
  letters.push(await mail.next());
  expect(letters.flatMap(letterFaults)).toEqual([]);
});

it("hands files out as what they are, never as a page", async () => {
  const files = (await Promise.all((await conversations()).map(({ id }) => messages(id)))).flat().flatMap((one) => one.attachments);
  const wrong = await Promise.all(files.map(async (file) => fileFaults(await fetch(new URL(file.url, server.said.url)), file.name)));
  expect(wrong.flat()).toEqual([]);
  expect(files.length).toBeGreaterThan(4);
});
