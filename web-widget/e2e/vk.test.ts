/** A community is connected by its token; its people write and comment, and are answered in place and in private. */
import { randomBytes } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { connect, Fake, hash } from "./fakes.ts";
import { api, demo, Manager } from "./people.ts";
import { person } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);

type Dialog = { messages: { text: string; files: { type: string; name: string; sha256: string }[] }[]; read_by_us: number };
type Comment = { id: number; text: string; reply_to_comment: number; from_id: number };

let vk: Fake;
let browser: Browser;
let manager: Manager;
let page: Page;
let messages = "";

const dialog = () => vk.look<Dialog>("dialog?peer=500");
const bytes = async (name: string) => {
  const link = manager.page.locator(".msg.inbound .file", { hasText: name });
  const address = await link.evaluate((one) => (one as HTMLAnchorElement).href);
  return (await page.context().request.get(address)).body();
};

beforeAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  vk = await Fake.of("vk");
  browser = await launch();
  manager = await Manager.enter(browser, demo.email, demo.password);
  page = manager.page;
});
afterAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  const { items } = await api<{ items: { id: string; kind: string }[] }>("GET", "/channels");
  for (const { id } of items.filter(({ kind }) => kind.startsWith("vk_"))) await api("DELETE", `/channels/${id}`);
  await browser?.close();
  vk?.end();
});

story("connects a community by its token: VK confirms the address by itself", async () => {
  const refused = await connect("vk_messages", { token: "vk1.a.wrong", base_url: vk.url }).catch((error: unknown) => String(error));
  expect(String(refused)).toContain("token_revoked");
  const channels = await connect("vk_messages", { token: "vk1.a.test", base_url: vk.url });
  expect(channels).toHaveLength(2);
  const { items } = await api<{ items: { id: string; kind: string }[] }>("GET", "/channels");
  messages = items.find((one) => one.kind === "vk_messages")?.id ?? "";
  await expect.poll(async () => (await vk.look<{ status: string; settings: { message_new?: number } }[]>("servers")).map((one) => [one.status, one.settings.message_new])).toEqual([["ok", 1]]);
});

story("shows who writes by name, with their files, byte for byte", async () => {
  const paper = randomBytes(200_000);
  const attachments = [{ kind: "doc", name: `счёт-${run}.pdf`, media_type: "application/pdf", bytes: paper.toString("base64") }];
  await vk.act("write", { user: 500, text: `Добрый день, ${run}`, attachments, ref: "promo1", ref_source: "banner" });
  const row = manager.row(`Добрый день, ${run}`);
  await row.getByText("Анна Крылова").waitFor();
  await manager.open(`Добрый день, ${run}`);
  await expect.poll(async () => hash(await bytes(`счёт-${run}.pdf`))).toBe(hash(paper));
});

story("answers with words and a file, which arrive once", async () => {
  const paper = randomBytes(150_000);
  await manager.says(`Здравствуйте, ${run}`);
  await manager.sends([{ name: `ответ-${run}.pdf`, mimeType: "application/pdf", buffer: paper }]);
  await expect.poll(async () => (await dialog()).messages.flatMap((one) => one.files.map((file) => file.sha256))).toContain(hash(paper));
  const { messages: there } = await dialog();
  expect(there.map((one) => one.text).filter((text) => text === `Здравствуйте, ${run}`)).toHaveLength(1);
  // What went comes back from VK as an echo: it stands there once.
  await vk.act("write", { user: 500, text: `Спасибо, ${run}` });
  await manager.sees(`Спасибо, ${run}`);
  expect(await manager.bubble(`Здравствуйте, ${run}`).count()).toBe(1);
});

story("answers a comment in its place, and the same customer in private", async () => {
  const asked = await vk.act<{ id: number; key: string }>("comment", { user: 500, text: `Сколько стоит, ${run}?` });
  await manager.open(`Сколько стоит, ${run}?`);
  await manager.says(`Сто рублей, ${run}`);
  const answer = { text: `Сто рублей, ${run}`, reply_to_comment: asked.id, from_id: -1 };
  await expect.poll(async () => (await vk.look<Comment[]>(`post?key=${asked.key}`)).map(({ text, reply_to_comment, from_id }) => ({ text, reply_to_comment, from_id }))).toContainEqual(answer);
  const commented = await person(`Сто рублей, ${run}`);
  await api("POST", `/channels/${messages}/messages`, { address: "https://vk.com/id500", client_id: `private-${run}`, text: `Подробнее здесь, ${run}` });
  await expect.poll(async () => (await dialog()).messages.map((one) => one.text)).toContain(`Подробнее здесь, ${run}`);
  // Two conversations of one customer; the private one is the one that was there.
  const privately = await person(`Подробнее здесь, ${run}`);
  expect([privately.customer, privately.conversation === commented.conversation]).toEqual([commented.customer, false]);
  await manager.open(`Подробнее здесь, ${run}`);
  await manager.sees(`Спасибо, ${run}`);
});

story("writes first from a customer's card through VK; the other channels say why they cannot", async () => {
  await vk.act("user", { id: 520, first_name: "Вера", last_name: "Ли", domain: "vera" });
  await vk.act("allow", { user: 520 });
  const { id } = await api<{ id: string }>("POST", "/customers", { name: `Вера ${run}` });
  await page.goto(`${demo.url}/customers/${id}`);
  await page.locator(".customer").getByRole("button", { name: "Написать" }).click();
  const first = page.getByRole("dialog", { name: "Новый диалог" });
  await first.getByLabel("Кому").fill("https://vk.com/vera");
  await first.locator(".choice", { hasText: "ВКонтакте сообщения · vera" }).getByRole("radio").check();
  await first.locator(".choice.off", { hasText: "Этот канал не умеет писать первым." }).first().waitFor();
  await first.getByLabel("Сообщение").fill(`Добрый день первым, ${run}`);
  await first.getByRole("button", { name: "Отправить" }).click();
  await expect.poll(async () => (await vk.look<Dialog>("dialog?peer=520")).messages.map((one) => one.text)).toEqual([`Добрый день первым, ${run}`]);
  await manager.sees(`Добрый день первым, ${run}`);
});
