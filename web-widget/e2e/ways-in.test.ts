/**
 * From an empty folder to the first answered message and a second manager, following only what the screens say, in each language; then
 * what happens when a password or a phone is lost.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { en } from "../messenger/src/words/en.ts";
import { es } from "../messenger/src/words/es.ts";
import { ru } from "../messenger/src/words/ru.ts";
import { launch } from "./browser.mjs";
import { mailServer, type Served, serve, textOf, totp } from "./first.ts";
import { accessible, seen } from "./people.ts";

const real = process.env.KOMMUTATOR_BIN !== undefined;
const WORDS = { ru, en, es } as unknown as Record<"ru" | "en" | "es", Record<string, string>>;
const OWNER = { email: "maria@example.com", password: "dlinny-parol-1" };
const SECOND = { email: "ivan@example.com", password: "dlinny-parol-2" };

let browser: Browser;
let shop: Served;
let owner: Page;
let second: Page;
const servers: Served[] = [];

beforeAll(async () => {
  if (real) browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function begin(settings?: string[]): Promise<Served> {
  const server = await serve(settings);
  servers.push(server);
  return server;
}

async function open(address: string): Promise<Page> {
  const context = await browser.newContext({ locale: "ru", viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", permissions: ["clipboard-write", "clipboard-read"] });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

const named = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function logIn(page: Page, who: { email: string; password: string }): Promise<void> {
  await page.getByLabel(ru["login.email"]).fill(who.email);
  await page.getByLabel(ru["login.password"]).fill(who.password);
  await named(page, ru["login.submit"]).click();
}

async function answers(page: Page, words: string): Promise<void> {
  const area = page.locator(".composer textarea");
  await area.fill(words);
  await area.press("Enter");
  await page.locator(".msg.outbound[data-message]", { hasText: words }).waitFor();
}

const copied = async (page: Page) => (await page.locator("dialog .copy code").textContent()) ?? "";

for (const locale of ["ru", "en", "es"] as const) {
  it.runIf(real)(`leads from an empty folder to the second manager ${locale}`, async () => {
    const w = WORDS[locale];
    const word = (key: string) => w[key] ?? key;
    const server = await begin();
    const plain = await open(server.url);
    await plain.getByText(ru["login.empty"]).waitFor();
    if (locale === "ru") await seen(plain, "empty");

    const page = await open(server.address);
    await named(page, locale.toUpperCase()).click();
    await page.getByRole("heading", { name: word("setup.title") }).waitFor();
    await named(page, word("setup.submit")).click();
    await page.getByText(word("login.fill")).first().waitFor();
    if (locale === "ru") await seen(page, "setup");
    await page.getByLabel(word("setup.company")).fill("Лавка");
    await page.getByLabel(word("invite.name")).fill("Мария Соколова");
    await page.getByLabel(word("login.email")).fill(OWNER.email);
    await page.getByLabel(word("password.label"), { exact: true }).fill(OWNER.password);
    await page.getByLabel(word("password.again")).fill(OWNER.password);
    await named(page, word("setup.submit")).click();

    // The guide: widget, line, first message.
    await page.getByRole("heading", { name: word("wizard.widget") }).waitFor();
    if (locale === "ru") await seen(page, "wizard-1");
    await page.getByLabel(word("wizard.site")).fill("shop.example");
    await named(page, word("channels.create")).click();
    await page.getByText(word("wizard.waiting")).waitFor();
    expect(await page.locator(".copy code").textContent()).toContain(`${server.url}/widget.js`);
    if (locale === "ru") await seen(page, "wizard-2");
    const [demo] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: word("wizard.try") }).click()]);
    await demo.locator("kommutator-widget .launch").click();
    if (locale === "ru") await accessible(demo, "try");
    const area = demo.locator("kommutator-widget textarea");
    await area.fill("Есть кто?");
    await area.press("Enter");
    await page.getByText(word("wizard.came")).waitFor();
    await page.getByRole("link", { name: word("wizard.open") }).click();
    await page.locator(".msg .bubble", { hasText: "Есть кто?" }).first().waitFor();
    await answers(page, "Да, слушаю");
    await demo.locator("kommutator-widget .msg", { hasText: "Да, слушаю" }).waitFor();

    // Left and gone on with: the settings lead back.
    await page.getByRole("link", { name: word("rail.settings") }).click();
    await page.getByRole("link", { name: word("settings.setup") }).click();
    await named(page, word("invites.add")).click();
    await page.getByLabel(word("people.email")).fill(SECOND.email);
    if (locale === "ru") await seen(page, "invite-new");
    await named(page, word("invites.create")).click();
    const link = await copied(page);
    expect(link).toContain(`${server.url}/invite#`);
    if (locale === "ru") await seen(page, "invite-link");
    await page.locator("dialog").getByRole("button", { name: word("common.close") }).last().click();
    await page.getByText(word("wizard.invited")).waitFor();
    if (locale === "ru") await seen(page, "wizard-4");

    const other = await open(link);
    await named(other, locale.toUpperCase()).click();
    await other.getByLabel(word("invite.name")).waitFor();
    if (locale === "ru") await seen(other, "invite");
    await other.getByLabel(word("invite.name")).fill("Иван");
    await other.getByLabel(word("password.label"), { exact: true }).fill(SECOND.password);
    await other.getByLabel(word("password.again")).fill("another");
    await named(other, word("invite.submit")).click();
    await other.getByText(word("password.differ")).waitFor();
    await other.getByLabel(word("password.again")).fill(SECOND.password);
    await named(other, word("invite.submit")).click();
    await other.locator(".row", { hasText: "Да, слушаю" }).click();
    await answers(other, "И я тоже");
    await demo.locator("kommutator-widget .msg", { hasText: "И я тоже" }).waitFor();

    // Both links are used up.
    const late = await open(link);
    await late.getByText(ru["over.invite"]).waitFor();
    if (locale === "ru") await seen(late, "over");
    await late.goto(server.address);
    await late.getByText(ru["over.setup"]).waitFor();
    if (locale === "ru") [shop, owner, second] = [server, page, other];
  });
}

it.runIf(real)("shows who was invited, and takes an invitation back", async () => {
  await owner.goto(`${shop.url}/settings/people`);
  await owner.locator("tr", { hasText: SECOND.email }).first().waitFor();
  await owner.locator(".under tr", { hasText: ru["invites.state.accepted"] }).waitFor();
  await named(owner, ru["invites.add"]).click();
  await owner.getByLabel(ru["people.email"]).fill("third@example.com");
  await named(owner, ru["invites.create"]).click();
  const link = await copied(owner);
  await owner.locator("dialog").getByRole("button", { name: ru["common.close"] }).last().click();
  await seen(owner, "people");
  await named(owner, `${ru["invites.revoke"]}: third@example.com`).click();
  await owner.locator("dialog").getByRole("button", { name: ru["invites.revoke"] }).click();
  await owner.locator(".under tr", { hasText: ru["invites.state.revoked"] }).waitFor();
  const late = await open(link);
  await late.getByText(ru["over.invite"]).waitFor();
});

it.runIf(real)("lets somebody in again by a colleague's link", async () => {
  await named(owner, `${ru["common.edit"]}: Иван`).click();
  await named(owner, ru["people.link"]).click();
  const link = await copied(owner);
  expect(link).toContain("/reset#");
  await seen(owner, "person");
  await owner.keyboard.press("Escape");
  const page = await open(link);
  await page.getByLabel(ru["password.next"], { exact: true }).waitFor();
  await seen(page, "reset");
  SECOND.password = "dlinny-parol-3";
  await page.getByLabel(ru["password.next"], { exact: true }).fill(SECOND.password);
  await page.getByLabel(ru["password.nextAgain"]).fill(SECOND.password);
  await named(page, ru["reset.submit"]).click();
  await page.getByRole("heading", { name: ru["reset.done"] }).waitFor();
  // Whoever was logged in with the old one is not any more.
  await second.getByRole("heading", { name: ru["login.title"] }).waitFor();
  await seen(second, "login");
  await page.getByRole("link", { name: ru["forgot.back"] }).click();
  await logIn(page, { ...SECOND, password: "dlinny-parol-2" });
  await page.getByText(ru["login.wrong"]).waitFor();
  await logIn(page, SECOND);
  await page.locator(".rail .dot.on").waitFor();
  await second.goto(link);
  await second.getByText(ru["over.reset"]).waitFor();
  second = page;
});

it.runIf(real)("asks for a code once a second factor is on", async () => {
  await second.goto(`${shop.url}/settings/profile`);
  const block = second.getByTestId("factor");
  await block.getByRole("button", { name: ru["factor.begin"] }).click();
  const secret = (await block.locator(".copy code").textContent()) ?? "";
  await seen(second, "factor");
  await block.getByLabel(ru["factor.code"]).fill("000000");
  await block.getByRole("button", { name: ru["factor.confirm"] }).click();
  await block.getByRole("alert").waitFor();
  await block.getByLabel(ru["factor.code"]).fill(totp(secret));
  await block.getByRole("button", { name: ru["factor.confirm"] }).click();
  await block.getByText(ru["factor.recovery.text"]).waitFor();
  const codes = await block.locator(".codes code").allTextContents();
  expect(new Set(codes).size).toBe(10);
  await seen(second, "recovery");
  await block.getByRole("button", { name: ru["factor.saved"] }).click();
  await block.getByText(ru["factor.on"]).waitFor();
  await seen(second, "profile");

  const page = await open(shop.url);
  await page.getByLabel(ru["login.remember"]).uncheck();
  await logIn(page, SECOND);
  await page.getByRole("heading", { name: ru["code.title"] }).waitFor();
  await seen(page, "code");
  await page.getByLabel(ru["code.label"]).fill("111111");
  await named(page, ru["code.submit"]).click();
  await page.getByText(ru["reason.wrong_code"]).waitFor();
  await page.getByLabel(ru["code.label"]).fill(totp(secret, 1));
  await named(page, ru["code.submit"]).click();
  await page.locator(".rail .dot.on").waitFor();
  const cookie = (await page.context().cookies()).find((one) => one.name === "kommutator_session");
  expect(cookie?.expires).toBe(-1);

  // The phone is lost: a recovery code opens once.
  const lost = await open(shop.url);
  await logIn(lost, SECOND);
  await lost.getByLabel(ru["code.label"]).fill(codes[0] ?? "");
  await named(lost, ru["code.submit"]).click();
  await lost.locator(".rail .dot.on").waitFor();
  await lost.goto(`${shop.url}/settings/profile`);
  await named(lost, ru["sessions.endOthers"]).click();
  await page.getByRole("heading", { name: ru["login.title"] }).waitFor();
  await named(lost, ru["sessions.endOthers"]).waitFor({ state: "detached" });
  await lost.getByTestId("factor").getByText("Осталось 9 кодов восстановления").waitFor();
});

it.runIf(real)("keeps a profile, and warns who leaves without saving", async () => {
  await owner.goto(`${shop.url}/settings/profile`);
  await owner.getByLabel(ru["profile.phone"]).fill("звоните");
  await named(owner, ru["common.save"]).click();
  await owner.getByText(ru["reason.phone_invalid"]).waitFor();
  await owner.getByLabel(ru["profile.phone"]).fill("+7 999 000-00-00");
  await owner.getByRole("link", { name: ru["settings.people"] }).click();
  await owner.getByText(ru["common.unsaved"]).waitFor();
  await named(owner, ru["common.stay"]).click();
  await owner.getByLabel(ru["zone.label"]).selectOption("Asia/Omsk");
  await named(owner, ru["common.save"]).click();
  await owner.getByText(ru["common.saved"]).waitFor();
  await owner.reload();
  expect(await owner.getByLabel(ru["profile.phone"]).inputValue()).toBe("+7 999 000-00-00");
  expect(await owner.getByLabel(ru["zone.label"]).inputValue()).toBe("Asia/Omsk");
  await seen(owner, "profile-top");
  await owner.goto(`${shop.url}/settings/workspace`);
  await owner.getByText(ru["mail.off"]).waitFor();
  await owner.getByLabel(ru["common.name"]).fill("Лавка у моря");
  await owner.locator("form", { has: owner.getByLabel(ru["common.name"]) }).getByRole("button", { name: ru["common.save"] }).click();
  await owner.getByText(ru["common.saved"]).waitFor();
});

it.runIf(real)("sends letters, and lets in again who has forgotten the password", async () => {
  const mail = await mailServer();
  const server = await begin(["--smtp-url", mail.url, "--mail-from", "Лавка <chat@shop.example>"]);
  const page = await open(server.address);
  const said = { code: server.address.split("#")[1], workspace: "Лавка", name: "Мария", ...OWNER, locale: "ru", time_zone: "Europe/Moscow" };
  expect((await page.request.post(`${server.url}/api/v1/setup`, { data: said })).status()).toBe(200);
  await page.goto(`${server.url}/settings/workspace`);
  await named(page, ru["mail.test"]).click();
  expect(textOf(await mail.next())).toContain("Лавка");
  await page.getByTestId("mail").getByText(ru["mail.status.posted"]).waitFor();
  await seen(page, "workspace");

  const lost = await open(server.url);
  await lost.getByRole("link", { name: ru["login.forgot.link"] }).click();
  await lost.getByLabel(ru["login.email"]).fill("nobody@example.com");
  await seen(lost, "forgot");
  await named(lost, ru["forgot.submit"]).click();
  await lost.getByText(ru["forgot.sent.text"]).waitFor();
  await seen(lost, "forgot-sent");
  await lost.goto(`${server.url}/forgot`);
  await lost.getByLabel(ru["login.email"]).fill(OWNER.email);
  await named(lost, ru["forgot.submit"]).click();
  await lost.getByText(ru["forgot.sent.text"]).waitFor();
  const link = /https?:\S+\/reset#\S+/.exec(textOf(await mail.next()))?.[0] ?? "";
  await lost.goto(link);
  await lost.getByLabel(ru["password.next"], { exact: true }).fill("dlinny-parol-4");
  await lost.getByLabel(ru["password.nextAgain"]).fill("dlinny-parol-4");
  await named(lost, ru["reset.submit"]).click();
  await lost.getByRole("link", { name: ru["forgot.back"] }).click();
  await logIn(lost, { ...OWNER, password: "dlinny-parol-4" });
  await lost.locator(".rail .dot.on").waitFor();
  await page.getByRole("heading", { name: ru["login.title"] }).waitFor();
  mail.close();
});
