/**
 * The main job, as its people do it: two visitors of another site and two managers write, send files both ways, reload in
 * the middle, lose the link. Everybody sees the same, nobody sees what is not theirs.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { noisePng, pdf } from "./files.mjs";
import { accessible, api, bytesOf, demo, drawn, hostPage, Manager, Visitor } from "./people.ts";

type Channel = { id: string; widget?: { key: string; origins: string[] } };

const run = Math.random().toString(36).slice(2, 8);
const password = `parol-${run}-dlinny`;
const email = (who: string) => `${who}-${run}@example.com`;
const words = (who: string, n: number) => `${who}-${run}-${n}`;
const picture = { name: `shum-${run}.png`, mimeType: "image/png", buffer: noisePng(1024, 1024, 7, false) };
const paper = { name: `plan-${run}.pdf`, mimeType: "application/pdf", buffer: pdf("plan") };
const reply = { name: `otvet-${run}.pdf`, mimeType: "application/pdf", buffer: pdf("answer") };

let browser: Browser;
let owner: Manager;
let second: Manager;
let anna: Visitor;
let boris: Visitor;

beforeAll(async () => {
  const { items } = await api<{ items: Channel[] }>("GET", "/channels");
  const channel = items.find((one) => one.widget?.key === demo.widget_key);
  if (!channel?.widget) throw new Error("the demo has no widget");
  await api("PATCH", `/channels/${channel.id}`, { widget: { origins: [...channel.widget.origins, hostPage] } });
  await api("POST", "/users", { name: "Второй", email: email("second"), password, role: "manager", channels: null });
  await api("POST", "/users", { name: "Чужой", email: email("outsider"), password, role: "manager", channels: [] });
  browser = await launch();
});
afterAll(() => browser?.close());

it("lets people in and says so when it does not", async () => {
  const page = await browser.newPage({ locale: "ru" });
  await page.goto(demo.url);
  await page.getByLabel("E-mail").fill(demo.email);
  await accessible(page, "login");
  await page.getByLabel("Пароль").fill("not the password");
  await page.getByRole("button", { name: "Войти" }).click();
  await page.getByRole("alert").filter({ hasText: "Неверный" }).waitFor();
  await page.close();
  owner = await Manager.enter(browser, demo.email, demo.password);
  second = await Manager.enter(browser, email("second"), password);
});

it("carries words both ways, to both managers at once", async () => {
  anna = await Visitor.come(browser);
  boris = await Visitor.come(browser);
  await Promise.all([anna.says(words("anna", 1)), boris.says(words("boris", 1))]);
  for (const manager of [owner, second]) {
    await manager.row(words("anna", 1)).waitFor();
    await manager.row(words("boris", 1)).waitFor();
  }
  await owner.open(words("anna", 1));
  await second.open(words("boris", 1));
  await owner.says(words("owner", 1));
  await second.says(words("second", 1));
  await anna.said(words("owner", 1)).waitFor();
  await boris.said(words("second", 1)).waitFor();
  await accessible(owner.page, "messenger");
  await accessible(anna.page, "widget");
});

it("carries a large picture and a document both ways", async () => {
  expect(picture.buffer.length).toBeGreaterThan(3_000_000);
  await anna.sends([picture, paper]);
  await drawn(owner.page.locator(".msg.inbound .pictures img").last());
  const document = owner.page.locator(".msg.inbound .file", { hasText: paper.name });
  await document.waitFor();
  expect(await bytesOf(owner.page, document)).toBe(paper.buffer.length);
  await owner.sends([picture, reply]);
  await anna.file(reply.name).waitFor();
  await drawn(anna.pictures().last());
  expect(await bytesOf(anna.page, anna.file(reply.name))).toBe(reply.buffer.length);
});

it("goes on after every page was reloaded", async () => {
  await Promise.all([owner.reload(), second.reload(), anna.reload(), boris.reload()]);
  await owner.sees(words("anna", 1));
  await anna.said(words("owner", 1)).waitFor();
  await drawn(anna.pictures().last());
  await anna.says(words("anna", 2));
  await owner.sees(words("anna", 2));
  await owner.says(words("owner", 2));
  await anna.said(words("owner", 2)).waitFor();
  await boris.says(words("boris", 2));
  await second.sees(words("boris", 2));
});

it("keeps what was written without a link and sends it once", async () => {
  await anna.context.setOffline(true);
  await anna.types(words("anna", 3));
  await anna.types(words("anna", 4));
  await anna.waiting(words("anna", 4)).waitFor();
  expect(await owner.bubble(words("anna", 3)).count()).toBe(0);
  await anna.context.setOffline(false);
  await owner.sees(words("anna", 4));
  await anna.waiting(words("anna", 4)).waitFor({ state: "detached" });
  for (const n of [3, 4]) {
    expect(await owner.bubble(words("anna", n)).count()).toBe(1);
    expect(await anna.said(words("anna", n)).count()).toBe(1);
  }
});

it("shows both managers the same order and the same counters", async () => {
  await second.open(words("anna", 4));
  await owner.says(words("owner", 3));
  await second.sees(words("owner", 3));
  expect(await second.order()).toEqual(await owner.order());
  await boris.says(words("boris", 3));
  await owner.row(words("boris", 3)).waitFor();
  await second.row(words("boris", 3)).waitFor();
  await expect.poll(async () => JSON.stringify(await owner.counters()) === JSON.stringify(await second.counters()), { timeout: 20_000 }).toBe(true);
  expect(Number((await owner.counters()).unanswered)).toBeGreaterThan(0);
});

it("keeps a note among colleagues", async () => {
  await owner.page.getByRole("button", { name: "Заметка для коллег" }).click();
  const area = owner.page.locator(".composer textarea");
  await area.fill(words("note", 1));
  await area.press("Enter");
  await second.page.locator(".msg.note", { hasText: words("note", 1) }).waitFor();
  await owner.says(words("owner", 4));
  await anna.said(words("owner", 4)).waitFor();
  expect(await anna.words()).not.toContain(words("note", 1));
});

it("shows a visitor their own words only", async () => {
  for (const [visitor, own, foreign] of [[anna, "anna", "boris"], [boris, "boris", "anna"]] as const) {
    const text = await visitor.words();
    expect(text).toContain(words(own, 1));
    expect(text).not.toContain(`${foreign}-${run}`);
  }
  expect(await boris.words()).not.toContain(`owner-${run}`);
});

it("shows nothing to a manager without access to the channel", async () => {
  const outsider = await Manager.enter(browser, email("outsider"), password);
  await outsider.page.getByText("Переписок пока нет").waitFor();
  expect(await outsider.page.locator(".row").count()).toBe(0);
  const answers = await outsider.page.evaluate(async () => {
    const list = (await (await fetch("/api/v1/conversations")).json()) as { items: unknown[] };
    const channels = (await (await fetch("/api/v1/channels")).json()) as { items: unknown[] };
    return { list: list.items.length, channels: channels.items.length, audit: (await fetch("/api/v1/audit")).status };
  });
  expect(answers).toEqual({ list: 0, channels: 0, audit: 403 });
  const address = owner.page.url();
  await outsider.page.goto(address);
  await outsider.page.getByText("Такой переписки нет").waitFor();
  await outsider.context.close();
});

it("finds a message and leads to it", async () => {
  await owner.page.keyboard.press("Escape");
  await owner.page.getByRole("searchbox").fill(words("boris", 1));
  const hit = owner.page.locator(".found .row").first();
  await hit.waitFor();
  await hit.click();
  await owner.sees(words("boris", 1));
});
