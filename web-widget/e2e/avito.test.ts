/** An Avito account is connected by its keys; a buyer writes about a listing, and is answered with words, a picture and a file. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { connect, Fake, hash } from "./fakes.ts";
import { noisePng, pdf } from "./files.mjs";
import { api, demo, drawn, Manager } from "./people.ts";

const run = Math.random().toString(36).slice(2, 8);
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);
const chat = "u2i-AbC_1-2";

type Said = { type: string; content: { text?: string }; sha256: string; direction: string };

let avito: Fake;
let browser: Browser;
let manager: Manager;
let channels: string[] = [];

const said = async () => (await avito.look<{ messages: Said[] }>(`chat?id=${chat}`)).messages;

beforeAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  avito = await Fake.of("avito");
  browser = await launch();
  manager = await Manager.enter(browser, demo.email, demo.password);
  manager.page.setDefaultTimeout(15_000);
});
afterAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  for (const id of channels) await api("DELETE", `/channels/${id}`);
  await browser?.close();
  avito?.end();
});

story("connects an account by its keys and shows who writes, about which listing", async () => {
  await expect(connect("avito", { client_id: "client", client_secret: "wrong", base_url: avito.url })).rejects.toThrow("avito_keys_rejected");
  channels = await connect("avito", { client_id: "client", client_secret: "secret", base_url: avito.url });
  await expect.poll(async () => (await avito.look<{ subscriptions: unknown[] }>("state")).subscriptions.length).toBe(1);
  const painted = (shade: number) => noisePng(140, 105, shade).toString("base64");
  await avito.act("chat", { id: chat, buyer: { id: 222, name: "Иван", picture: painted(1) }, item: { id: 1_234_567_890, title: "Лада Веста 2019", price: "900\u00a0000\u00a0₽", picture: painted(2) } });
  await avito.act("write", { text: `Продаёте, ${run}?` });
  const row = manager.row(`Продаёте, ${run}?`);
  await row.getByText("Иван").waitFor();
  await row.getByText("Лада Веста 2019").waitFor();
  await manager.open(`Продаёте, ${run}?`);
  await avito.act("write", { image: { name: "a.png", media_type: "image/png", bytes: noisePng(320, 200, 7).toString("base64") } });
  await drawn(manager.page.locator(".msg.inbound .pictures img").last());
});

story("shows the buyer's face, and the listing's picture, which leads to the listing", async () => {
  const { page } = manager;
  await drawn(page.locator(".row.selected .avatar img"));
  const listing = page.locator(".thread .head").getByRole("link", { name: "Объявление: Лада Веста 2019" });
  await drawn(listing.locator("img"));
  expect(await listing.getAttribute("href")).toBe("https://avito.ru/kazan/avtomobili/lada_1234567890");
  await page.getByRole("button", { name: "О клиенте" }).click();
  const card = page.getByRole("complementary", { name: "О клиенте" });
  await drawn(card.locator(".place-of img"));
  await card.getByRole("link", { name: "Карточка клиента" }).click();
  await drawn(page.locator(".customer .head .avatar img"));
  await page.goBack();
  await manager.sees(`Продаёте, ${run}?`);
});

story("answers with words, a picture, and a file as a link to our copy", async () => {
  const paper = pdf(`договор ${run}`);
  await manager.says(`Да, ${run}`);
  await manager.sends([{ name: "авто.png", mimeType: "image/png", buffer: noisePng(320, 200, 9) }]);
  await manager.sends([{ name: `договор-${run}.pdf`, mimeType: "application/pdf", buffer: paper }]);
  await expect.poll(async () => (await said()).filter((one) => one.direction === "out").map((one) => one.type)).toEqual(["text", "image", "text"]);
  const link = /http\S+/.exec((await said()).at(-1)?.content.text ?? "")?.[0] ?? "";
  expect(hash(Buffer.from(await (await fetch(link)).arrayBuffer()))).toBe(hash(paper));
  await expect.poll(async () => manager.page.locator(".msg.outbound[data-message]").count()).toBe(3);
});

story("settles by itself what became of a message whose answer was lost", async () => {
  await avito.act("faults", { call: "send", act: { kind: "lose" } });
  await manager.says(`Приезжайте, ${run}`);
  await manager.says(`Ждём, ${run}`);
  await expect.poll(async () => (await said()).map((one) => one.content.text)).toContain(`Ждём, ${run}`);
  expect((await said()).filter((one) => one.content.text === `Приезжайте, ${run}`)).toHaveLength(1);
  await avito.act("write", { text: `Еду, ${run}` });
  await manager.sees(`Еду, ${run}`);
  expect(await manager.page.locator(".msg.outbound[data-message]").count()).toBe(5);
});

story("asks Avito now, says what came and how much of the day is used", async () => {
  const { page } = manager;
  const before = await avito.look<unknown[]>("ledger");
  await page.goto(`${demo.url}/settings/channels/${channels[0]}`);
  const button = page.getByRole("button", { name: "Загрузить из Авито" });
  await button.click();
  await page.locator(".toasts p", { hasText: "Нового ничего нет" }).waitFor();
  // A delivery is lost: the look finds it.
  await avito.act("hooks", { lose: 1 });
  await avito.act("write", { text: `Потеряно, ${run}` });
  await button.click();
  await page.locator(".toasts p", { hasText: "Пришло 1 новое сообщение" }).waitFor();
  const asked = (await avito.look<{ call: string }[]>("ledger")).slice(before.length).filter(({ call }) => call === "chats").length;
  expect(asked).toBeGreaterThanOrEqual(2);
  await page.locator(".facts dd", { hasText: /^\d+ \/ 20000$/ }).waitFor();
  await page.goto(demo.url);
  await manager.open(`Потеряно, ${run}`);
});

story("blocks a buyer on Avito too, where the owner wants it, and says what came of it", async () => {
  const { page } = manager;
  const blacklist = async () => (await avito.look<{ blacklist: unknown[] }>("state")).blacklist;
  const press = async (line: string) => {
    await page.locator(".thread .head").getByRole("button", { name: "Ещё" }).click();
    await page.getByRole("menu").getByText(line, { exact: true }).click();
  };
  const block = async () => {
    await press("Заблокировать клиента");
    await page.getByRole("dialog").getByRole("button", { name: "Заблокировать клиента" }).click();
  };
  await page.getByRole("button", { name: "О клиенте" }).click();
  const card = page.getByRole("complementary", { name: "О клиенте" });
  await block();
  await card.getByText("Клиент заблокирован", { exact: true }).waitFor();
  await press("Разблокировать клиента");
  await card.getByText("Клиент разблокирован", { exact: true }).waitFor();
  expect(await blacklist()).toEqual([]);
  await api("PATCH", `/channels/${channels[0]}`, { settings: { blacklist: true } });
  await avito.act("faults", { call: "blacklist", act: { kind: "answer", status: 400, body: { error: { code: 400, message: "слова Авито" } } } });
  await block();
  await card.getByText("В мессенджере заблокировать не удалось").waitFor();
  await press("Разблокировать клиента");
  await card.getByText("Клиент разблокирован", { exact: true }).nth(1).waitFor();
  await block();
  await card.getByText("Заблокирован и в мессенджере").waitFor();
  expect(await blacklist()).toEqual([{ user_id: 222, context: { item_id: 1_234_567_890, reason_id: 4 } }]);
});
