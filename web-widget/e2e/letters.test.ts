/** Visitors who left before they were answered: a letter brings them back, and where there is no address the answer says that it waits. */
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { mailServer, type Served, serve, textOf } from "./first.ts";
import { accessible, caller, Manager, Visitor } from "./people.ts";

const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);
const OWNER = { email: "maria@example.com", password: "dlinny-parol-1" };
const PICTURES = process.env.KOMMUTATOR_SHOTS;

let browser: Browser;
let server: Served;
let mail: Awaited<ReturnType<typeof mailServer>>;
let owner: Manager;
let page: string;

const state = (words: string): Locator => owner.page.locator(".msg.outbound", { hasText: words });

/** They write, leaving what the form asks for, and close the page. */
async function writes(words: string, email: string): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, page);
  await visitor.in(".launch").click();
  if (email) await visitor.in(".ask input[name=email]").fill(email);
  await visitor.in(".ask textarea").fill(words);
  await visitor.in(".ask .submit").click();
  await visitor.said(words).waitFor();
  await owner.open(words);
  await visitor.page.goto("about:blank");
  return visitor;
}

async function picture(name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await owner.page.emulateMedia({ colorScheme });
    await accessible(owner.page, `${name}, ${colorScheme}`);
    if (!PICTURES) continue;
    await owner.page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}.png` });
    await owner.page.setViewportSize({ width: 390, height: 844 });
    await owner.page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-390.png` });
    await owner.page.setViewportSize({ width: 1280, height: 800 });
  }
  await owner.page.emulateMedia({ colorScheme: "light" });
}

beforeAll(async () => {
  if (!process.env.KOMMUTATOR_BIN) return;
  browser = await launch();
  mail = await mailServer();
  server = await serve(["--smtp-url", mail.url, "--mail-from", "chat@shop.example"]);
  const post = async (path: string, body: unknown) => (await (await fetch(`${server.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json()) as { token: string };
  await post("/api/v1/setup", { code: server.address.split("#")[1], workspace: "Лавка", name: "Мария", ...OWNER, locale: "ru", time_zone: "Europe/Moscow" });
  const { token } = await post("/api/v1/login", { ...OWNER, remember: true });
  const api = caller({ url: server.url, widget_key: "", token, ...OWNER });
  const made = await api<{ id: string; widget: { key: string } }>("POST", "/channels", { kind: "site_widget", name: "Сайт", widget: { origins: [server.url] } });
  const before = { on: true, name: "off", phone: "off", email: "optional", consent: false };
  await api("PATCH", `/channels/${made.id}`, { widget: { options: { before, letters: { on: true, minutes: 0 } } } });
  page = `${server.url}/try/${made.widget.key}`;
  owner = await Manager.enter(browser, OWNER.email, OWNER.password, server.url);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  mail?.close();
});

story("writes to a visitor who left, and the letter's link brings them back to the answer", async () => {
  await writes("Есть синий?", "anna@shop.example");
  await owner.says("Есть, 500 рублей.");
  await owner.says("И красный тоже.");
  const letter = await mail.next();
  await state("500 рублей").locator(".reached", { hasText: "ответ отправлен ему письмом" }).waitFor();
  await picture("letter-sent");
  expect(letter).toMatch(/^to: anna@shop\.example/im);
  const text = textOf(letter).replaceAll("\r\n", "\n");
  expect(text).toContain("Есть, 500 рублей.\n\nИ красный тоже.");
  expect(text).not.toContain("Есть синий?");
  const link = /https?:\S+#kommutator=\S+/.exec(text)?.[0] ?? "";
  // On another device.
  const back = await Visitor.arrive(browser, link);
  await back.said("И красный тоже.").waitFor();
  expect(await back.words()).toContain("Есть синий?");
  await expect.poll(() => back.page.url()).toBe(page);
  await state("красный").locator("[aria-label*='рочитано']").waitFor();
  expect(await owner.page.locator(".reached").count()).toBe(0);
  await back.says("Беру синий");
  await owner.sees("Беру синий");
});

story("ends the letters with one click", async () => {
  await writes("Доставка есть?", "boris@shop.example");
  await owner.says("Да, завтра.");
  const stop = /https?:\S+\/letters\/stop\/\S+/.exec(textOf(await mail.next()))?.[0] ?? "";
  const reader = await (await browser.newContext({ locale: "ru" })).newPage();
  await reader.goto(stop);
  await reader.getByRole("heading", { name: "Готово" }).waitFor();
  await accessible(reader, "stop");
  await writes("А сегодня?", "boris@shop.example");
  await owner.says("Сегодня нет.");
  await state("Сегодня нет.").locator(".reached", { hasText: "увидит ответ, когда вернётся" }).waitFor();
});

story("says that an answer waits where no address is known, until the visitor is back", async () => {
  const visitor = await writes("Вы открыты?", "");
  await owner.says("Да, до восьми.");
  await state("до восьми").locator(".reached", { hasText: "увидит ответ, когда вернётся" }).waitFor();
  await picture("letter-waits");
  await visitor.page.goto(page);
  await state("до восьми").locator("[aria-label='Доставлено']").waitFor();
  expect(await state("до восьми").locator(".reached").count()).toBe(0);
  await visitor.in(".launch").click();
  await visitor.said("до восьми").waitFor();
  await state("до восьми").locator("[aria-label*='рочитано']").waitFor();
});
