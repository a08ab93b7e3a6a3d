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
  await avito.act("write", { text: `Продаёте, ${run}?` });
  const row = manager.row(`Продаёте, ${run}?`);
  await row.getByText("Иван").waitFor();
  await row.getByText("Лада Веста 2019").waitFor();
  await manager.open(`Продаёте, ${run}?`);
  await avito.act("write", { image: { name: "a.png", media_type: "image/png", bytes: noisePng(320, 200, 7).toString("base64") } });
  await drawn(manager.page.locator(".msg.inbound .pictures img").last());
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
