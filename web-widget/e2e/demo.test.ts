/** A channel that came after every screen was written: it is connected, set and talked over by what it says of itself. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { Fake, hash } from "./fakes.ts";
import { pdf } from "./files.mjs";
import { api, demo as server, drawn, Manager } from "./people.ts";

type Shown = { messages: { id: number; from: string; text: string; reaction: string; files: { name: string; sha256: string }[] }[] };

const run = Math.random().toString(36).slice(2, 8);
const anna = { id: `anna-${run}`, name: `Анна ${run}`, phone: "+79123456789" };
const words = (who: string, n: number) => `${who}-${run}-${n}`;

let browser: Browser;
let demo: Fake;
let owner: Page;
let manager: Manager;
let channel = "";

const health = async () => (await api<{ items: { id: string; health: { status: string } }[] }>("GET", "/channels")).items.find((one) => one.id === channel)?.health.status;
const code = () => demo.look<{ code: string; codes: number }>("code");
const chat = async () => (await demo.look<Shown>(`chat?id=${anna.id}`)).messages;
const next = () => owner.getByRole("button", { name: "Продолжить" });
const qr = (): Locator => owner.locator(".scan img");
const saved = async () => {
  await owner.getByRole("button", { name: "Сохранить" }).click();
  await owner.getByText("Канал был успешно изменен.").waitFor();
};

/** From the address to the password. */
async function scan(): Promise<void> {
  await owner.getByLabel("Адрес сервера").fill(demo.url);
  await next().click();
  await drawn(qr());
  await demo.act("scan");
  await owner.getByRole("heading", { name: "Пароль Демо" }).waitFor();
}

beforeAll(async () => {
  const person = { name: `Мария ${run}`, email: `maria-${run}@shop.example`, password: "a good long password", role: "manager", channels: null };
  [browser, demo] = await Promise.all([launch(), Fake.of("demo"), api("POST", "/users", person)]);
  await demo.act("settings", { password: "1234" });
  await demo.act("group", { id: "wholesale", title: "Опт" });
  owner = (await Manager.enter(browser, server.email, server.password)).page;
  manager = await Manager.enter(browser, person.email, person.password);
});

afterAll(async () => {
  if (channel) await api("DELETE", `/channels/${channel}`);
  await browser.close();
  demo.end();
});

it("connects a channel that no screen knows: an address, a code that is renewed, a password", async () => {
  await owner.goto(`${server.url}/settings/channels/new`);
  await owner.getByRole("button", { name: "Демо" }).click();
  await owner.getByRole("heading", { name: "Подключение Демо" }).waitFor();
  await owner.getByLabel("Адрес сервера").fill(demo.url);
  await next().click();
  await drawn(qr());
  const first = await qr().getAttribute("src");
  // The code's time is over: the page asks for another by itself.
  await demo.act("over");
  await expect.poll(() => qr().getAttribute("src")).not.toBe(first);
  expect((await code()).codes).toBe(2);
  await demo.act("scan");
  await owner.getByRole("heading", { name: "Пароль Демо" }).waitFor();
  await owner.getByLabel("Пароль").fill("4321");
  await next().click();
  await owner.locator(".field.bad", { hasText: "Пароль" }).getByText("Пароль не подошёл").waitFor();
  await owner.getByLabel("Пароль").fill("1234");
  await next().click();
  await owner.getByRole("heading", { name: "Редактирование канала: Лавка" }).waitFor();
  await owner.locator(".health", { hasText: "Подключён" }).waitFor();
  channel = owner.url().split("/").at(-1) ?? "";
  const summary = owner.locator("section", { hasText: "Сводная информация текущего подключения" });
  for (const fact of ["Демо", "@lavka"]) await summary.getByText(fact, { exact: true }).waitFor();
});

it("keeps what is set of it: a field that depends on another, and choices only its provider knows", async () => {
  const group = owner.getByLabel("Только из одной группы");
  expect(await group.count()).toBe(0);
  await owner.getByText("Принимать сообщения из групп").click();
  await group.selectOption({ label: "Опт" });
  await owner.getByLabel("Код страны").fill("семь");
  await owner.getByRole("button", { name: "Сохранить" }).click();
  await owner.locator(".field.bad", { hasText: "Код страны" }).getByText("с плюсом и цифрами").waitFor();
  await owner.getByLabel("Код страны").fill("+7");
  await saved();
  await owner.reload();
  await expect.poll(() => group.locator("option:checked").textContent()).toBe("Опт");
  expect([await owner.getByLabel("Код страны").inputValue(), await owner.getByLabel("Принимать сообщения из групп").isChecked()]).toEqual(["+7", true]);
});

it("talks over it: files byte for byte, edits both ways, and its name for a manager", async () => {
  const paper = pdf(`счёт ${run}`);
  await demo.act("write", { from: anna, text: words("anna", 1), files: [{ name: `счёт-${run}.pdf`, type: "application/pdf", base64: paper.toString("base64") }] });
  const { page } = manager;
  await manager.open(words("anna", 1));
  await manager.row(words("anna", 1)).getByRole("img", { name: "Демо" }).waitFor();
  const file = page.locator(".msg.inbound .file", { hasText: `счёт-${run}.pdf` });
  await expect.poll(async () => hash(await (await page.context().request.get(await file.evaluate((one) => (one as HTMLAnchorElement).href))).body())).toBe(hash(paper));
  await manager.says(words("manager", 1));
  await expect.poll(async () => (await chat()).at(-1)).toMatchObject({ from: "us", text: words("manager", 1) });
  const area = page.locator(".composer textarea");
  await area.press("ArrowUp");
  await expect.poll(() => area.inputValue()).toBe(words("manager", 1));
  await area.fill(words("manager", 2));
  await area.press("Enter");
  await expect.poll(async () => (await chat()).at(-1)?.text).toBe(words("manager", 2));
  await manager.sends([{ name: `ответ-${run}.pdf`, mimeType: "application/pdf", buffer: paper }]);
  await expect.poll(async () => (await chat()).at(-1)?.files).toEqual([expect.objectContaining({ name: `ответ-${run}.pdf`, sha256: hash(paper) })]);
  await demo.act("edit", { chat: anna.id, id: 1, text: words("anna", 2) });
  await manager.sees(words("anna", 2));
});

it("says that its access was taken, waits, and goes on once it is connected anew", async () => {
  await demo.act("revoke");
  await expect.poll(health).toBe("access_lost");
  await manager.says(words("manager", 3));
  await owner.getByText("Доступ отозван. Подключите канал заново.").first().waitFor();
  await owner.getByRole("button", { name: "Подключить заново" }).click();
  await scan();
  await owner.getByLabel("Пароль").fill("1234");
  await next().click();
  await owner.getByText("Канал подключён заново.").waitFor();
  await expect.poll(async () => (await chat()).at(-1)?.text).toBe(words("manager", 3));
  expect((await chat()).filter((one) => one.text === words("manager", 3))).toHaveLength(1);
});
