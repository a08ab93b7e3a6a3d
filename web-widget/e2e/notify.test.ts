/** Who is told of what: pushes that reach a real service worker, letters, silence, who is away, who is mentioned. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { mailServer, type Served, serve, textOf } from "./first.ts";
import { PICTURES, seen } from "./people.ts";
import { Device, type PushService, pushService } from "./pushes.ts";

const real = process.env.KOMMUTATOR_BIN !== undefined;
/** So long for one step: who waits longer learns at which. */
const PATIENCE = 12_000;
const OWNER = { email: "maria@example.com", password: "dlinny-parol-1" };
const ANNA = { email: "anna@example.com", password: "dlinny-parol-2" };

let browser: Browser;
let server: Served;
let mail: Awaited<ReturnType<typeof mailServer>>;
let service: PushService;
let owner: Page;
let anna: Page;
let device: Device;
let visitor: Page;
let token: string;
let widget: string;
let annaId: string;

async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as Answer;
}

async function enter(who: { email: string; password: string }, prepare?: (page: Page) => Promise<void>): Promise<Page> {
  const context = await browser.newContext({ locale: "ru", viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await prepare?.(page);
  await page.goto(server.url);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Пароль").fill(who.password);
  await page.getByRole("button", { name: "Войти" }).click();
  await page.locator(".rail .dot.on").waitFor();
  return page;
}

async function says(words: string): Promise<void> {
  const area = visitor.locator("kommutator-widget textarea");
  await area.fill(words);
  await area.press("Enter");
  await visitor.locator("kommutator-widget .msg.own:not(.waits)", { hasText: words }).waitFor();
}

/** Pushes that were kept from somebody who is away or wants silence. */
const silenced = async () => Number(/^kommutator_pushes_total\{status="silent"\} (\d+)/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1] ?? 0);

/** The same, and no device is told: until that is decided. */
async function saysUnheard(words: string): Promise<void> {
  const before = await silenced();
  await says(words);
  await expect.poll(silenced).toBeGreaterThan(before);
}

/** Her settings, as the matrix shows them: each change is kept at once. */
async function settle(page: Page, change: () => Promise<void>): Promise<void> {
  const kept = page.waitForResponse((answer) => answer.request().method() === "PUT" && answer.url().endsWith("/me/notices"));
  await change();
  expect((await kept).status()).toBe(200);
}

beforeAll(async () => {
  if (!real) return;
  browser = await launch();
  mail = await mailServer();
  service = await pushService();
  server = await serve(["--smtp-url", mail.url, "--mail-from", "chat@shop.example", "--outside-private", "on"]);
  const post = async (path: string, body: unknown) => (await (await fetch(`${server.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json()) as { token: string };
  const code = server.address.split("#")[1];
  await post("/api/v1/setup", { code, workspace: "Лавка", name: "Мария", ...OWNER, locale: "ru", time_zone: "Europe/Moscow" });
  token = (await post("/api/v1/login", { ...OWNER, remember: true })).token;
  ({ id: annaId } = await call<{ id: string }>("POST", "/api/v1/users", { name: "Анна Орлова", ...ANNA, role: "manager", channels: null }));
  const made = await call<{ widget: { key: string } }>("POST", "/api/v1/channels", { kind: "site_widget", name: "Сайт", widget: { origins: [server.url] } });
  widget = made.widget.key;
  owner = await enter(OWNER);
  anna = await enter(ANNA, async (page) => { device = await Device.of("anna", service, page.context(), page); });
  visitor = await (await browser.newContext({ locale: "ru", viewport: { width: 900, height: 760 }, reducedMotion: "reduce" })).newPage();
  visitor.setDefaultTimeout(PATIENCE);
  await visitor.goto(`${server.url}/try/${widget}`);
  await visitor.locator("kommutator-widget .launch").click();
  await visitor.locator("kommutator-widget .line .clip:enabled").waitFor();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  mail?.close();
  service?.close();
});

it.runIf(real)("turns pushes on, and a trial reaches the device", async () => {
  await anna.locator(".rail .face").click();
  await anna.getByRole("button", { name: "Уведомления" }).click();
  await anna.getByText("Пуши не включены ни на одном устройстве.").waitFor();
  await seen(anna, "notices-empty");
  await anna.getByRole("button", { name: "Включить пуши на этом устройстве" }).click();
  await anna.getByText("это устройство").waitFor();
  await anna.getByRole("group", { name: "Проверить:" }).getByRole("button", { name: "Пуш" }).click();
  const push = await device.receive();
  expect(push.tag).toBe("trial");
  await expect.poll(() => device.shown()).toEqual([{ title: "Kommutator", body: "Уведомления доходят до этого устройства.", tag: "trial" }]);
  await anna.getByRole("group", { name: "Проверить:" }).getByRole("button", { name: "Письмо" }).click();
  expect(textOf(await mail.next())).toContain("проверить почту");
  await seen(anna, "notices");
});

it.runIf(real)("pushes what a customer wrote, and a click leads to the conversation", async () => {
  await says("Есть синий?");
  const push = await device.receive();
  expect(push.body).toBe("Есть синий?");
  await expect.poll(async () => (await device.shown()).map((one) => one.body)).toContain("Есть синий?");
  await device.click(push.tag);
  await anna.locator(".msg .bubble", { hasText: "Есть синий?" }).first().waitFor();
  expect(new URL(anna.url()).pathname).toBe(push.url);
  // Read by now: its notice is gone, and who looks at the conversation is told nothing more.
  await expect.poll(async () => (await device.shown()).some((one) => one.tag === push.tag)).toBe(false);
  await says("А красный?");
  await anna.locator(".msg .bubble", { hasText: "А красный?" }).first().waitFor();
  await anna.goto(`${server.url}/settings/notifications`);
  await anna.getByText("это устройство").waitFor();
  await says("А зелёный?");
  expect((await device.receive()).body).toBe("А зелёный?");
});

it.runIf(real)("tells whom a note mentions", async () => {
  await owner.locator(".row").first().click();
  await owner.getByRole("button", { name: "Заметка для коллег" }).click();
  const area = owner.locator(".composer textarea");
  await area.pressSequentially("Спросим @ор");
  await owner.getByRole("option", { name: /Анна Орлова/ }).waitFor();
  if (PICTURES) await owner.screenshot({ path: `${PICTURES}/mention.png` });
  await area.press("Enter");
  await area.pressSequentially("про синий");
  await area.press("Enter");
  const push = await device.receive();
  expect(push.body).toBe("Мария: Спросим @Анна Орлова про синий");
  await owner.locator(".msg.note .mention", { hasText: "@Анна Орлова" }).waitFor();
  // After a reload it is a name still.
  await owner.reload();
  await owner.locator(".msg.note .mention", { hasText: "@Анна Орлова" }).waitFor();
  await seen(owner, "mentioned");
});

it.runIf(real)("shows colleagues who is away, warns who assigns to them, and leaves them in peace", async () => {
  await anna.goto(`${server.url}/`);
  await anna.locator(".rail .dot.on").waitFor();
  await anna.keyboard.press("o");
  await anna.locator(".rail .dot.away").waitFor();
  if (PICTURES) {
    await anna.locator(".rail .face").click();
    await anna.screenshot({ path: `${PICTURES}/away-menu.png` });
    await anna.keyboard.press("Escape");
  }
  const head = owner.locator(".head");
  await head.getByRole("button", { name: "Кто отвечает" }).click();
  await owner.getByRole("menuitemradio", { name: /Анна Орлова.*нет на месте/ }).waitFor();
  if (PICTURES) await owner.screenshot({ path: `${PICTURES}/away-assign.png` });
  await owner.getByRole("menuitemradio", { name: /Анна Орлова/ }).click();
  await owner.locator(".toasts p", { hasText: "Анна Орлова сейчас не на месте" }).waitFor();
  await head.getByText("нет на месте").waitFor();
  await saysUnheard("Пока вас нет");
  await anna.keyboard.press("o");
  await anna.locator(".rail .dot.away").waitFor({ state: "detached" });
  await says("Вы вернулись");
  // The first word after she is back is the first she is told.
  expect((await device.receive()).body).toBe("Вы вернулись");
});

it.runIf(real)("is silent in quiet hours", async () => {
  await anna.goto(`${server.url}/settings/notifications`);
  await settle(anna, () => anna.getByRole("switch", { name: "Не беспокоить в это время" }).click());
  for (const clock of ["С", "До"]) {
    const field = anna.getByLabel(clock, { exact: true });
    if ((await field.inputValue()) !== "00:00") await settle(anna, async () => { await field.fill("00:00"); await field.blur(); });
  }
  await seen(anna, "quiet");
  await anna.reload();
  expect(await anna.getByRole("switch", { name: "Не беспокоить в это время" }).isChecked()).toBe(true);
  await saysUnheard("Ночью");
  await owner.locator(".row", { hasText: "Ночью" }).waitFor();
  await settle(anna, () => anna.getByRole("switch", { name: "Не беспокоить в это время" }).click());
  await says("Днём");
  expect((await device.receive()).body).toBe("Днём");
});

it.runIf(real)("writes to who answers when a customer waits too long, and later to the owner", async () => {
  await owner.goto(`${server.url}/settings/workspace`);
  await owner.getByRole("switch", { name: "Напоминать о клиентах без ответа" }).click();
  await owner.getByLabel("Напомнить ответственному через, мин.").fill("0");
  await owner.getByText("Целое число от 1 до 10080.").waitFor();
  await owner.getByLabel("Напомнить ответственному через, мин.").fill("15");
  await seen(owner, "escalation");
  const block = owner.locator("form.block", { hasText: "Если клиент ждёт слишком долго" });
  await block.getByRole("button", { name: "Сохранить" }).click();
  await owner.locator(".toasts p", { hasText: "Сохранено" }).waitFor();
  // An answer first: the waiting begins with the next word.
  const talks = await call<{ items: { id: string; assignee: string }[] }>("GET", "/api/v1/conversations");
  const talk = talks.items[0]!;
  expect(talk.assignee).toBe(annaId);
  await call("POST", `/api/v1/conversations/${talk.id}/messages`, { client_id: `answer-${Date.now()}`, text: "Сейчас посмотрим" });
  await says("И что там?");
  expect((await device.receive()).body).toBe("И что там?");
  await call("POST", "/faults/clock", { ms: 15 * 60_000 });
  const first = await mail.next();
  expect(first).toContain(ANNA.email);
  expect(textOf(first)).toContain(`${server.url}/c/${talk.id}`);
  expect((await device.receive()).body).toBe("Клиент долго ждёт ответа");
  await owner.goto(`${server.url}/`);
  await owner.locator(".row .wait.overdue").waitFor();
  if (PICTURES) await owner.screenshot({ path: `${PICTURES}/overdue.png` });
  await call("POST", "/faults/clock", { ms: 15 * 60_000 });
  expect(await mail.next()).toContain(OWNER.email);
  await call("POST", `/api/v1/conversations/${talk.id}/messages`, { client_id: `answer-${Date.now()}`, text: "Есть на складе" });
  await owner.locator(".row .wait.overdue").waitFor({ state: "detached" });
});

it.runIf(real)("can be installed, and counts who waits in the title", async () => {
  await says("Ещё вопрос");
  await expect.poll(() => owner.title()).toMatch(/^\(1\)/);
  for (const locale of ["ru", "en", "es"]) {
    const manifest = (await (await fetch(`${server.url}/app-${locale}.webmanifest`)).json()) as { name: string; lang: string; icons: { src: string }[] };
    expect(manifest.lang).toBe(locale);
    for (const icon of manifest.icons) expect((await fetch(server.url + icon.src)).headers.get("content-type")).toBe("image/png");
  }
  const cdp = await owner.context().newCDPSession(owner);
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  expect(installabilityErrors.map((one) => one.errorId).filter((id) => id !== "in-incognito")).toEqual([]);
  // Nothing of the server's answers or of the page is kept by the service worker.
  expect(await owner.evaluate(() => caches.keys())).toEqual([]);
});

it.runIf(real)("takes a device off the list", async () => {
  await anna.goto(`${server.url}/settings/notifications`);
  await anna.getByRole("button", { name: /^Выключить:/ }).click();
  await anna.getByText("Пуши не включены ни на одном устройстве.").waitFor();
  await says("Слышно?");
  await owner.locator(".row", { hasText: "Слышно?" }).waitFor();
  const view = await anna.evaluate(async () => ((await (await fetch("/api/v1/me/notices")).json()) as { devices: unknown[] }).devices.length);
  expect(view).toBe(0);
});
