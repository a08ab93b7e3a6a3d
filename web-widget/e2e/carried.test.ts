/**
 * What channels carry, in the browser: each kind of message of the table in `docs/channels.md` once, as a customer and a manager see it, files
 * by their content. (Every cell of the table, at every channel: `tests/it/carried`.)
 */
import { readFileSync } from "node:fs";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { connect, Fake, hash } from "./fakes.ts";
import { noisePng } from "./files.mjs";
import { api, demo, drawn, Manager } from "./people.ts";

type Shown = { message_id: number; text?: string; caption?: string; media_group_id?: string; _file?: { kind: string; sha256: string }; _deleted?: boolean };

const run = Math.random().toString(36).slice(2, 8);
const vera = { id: 71, first_name: `Вера ${run}` };
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);

let browser: Browser;
let telegram: Fake;
let vk: Fake;
let owner: Manager;
let bot: string;
const channels: string[] = [];

/** What other tests show of a kind already: file and title. */
const ELSEWHERE: Record<string, [string, string]> = {
  Words: ["telegram", "connects a Telegram bot by its token, and a person's words come at once"],
  "A picture": ["telegram", "carries files of Telegram whole, both ways"],
  "A file": ["telegram", "carries files of Telegram whole, both ways"],
  "An answer": ["telegram", "shows what becomes of words in Telegram: answers, edits, reactions, both ways"],
  "An edit": ["telegram", "shows what becomes of words in Telegram: answers, edits, reactions, both ways"],
  "A reaction": ["telegram", "shows what becomes of words in Telegram: answers, edits, reactions, both ways"],
  "Several writers": ["telegram", "keeps a group of Telegram in one conversation with each writer's name, and a comment under its post"],
  "A first word": ["vk", "answers a comment in its place, and the same customer in private"],
};

const begins = (start: string, rest: number) => Buffer.concat([Buffer.from(start, "latin1"), Buffer.alloc(4_000, rest)]);
const FILMS = { video: begins("\0\0\0\x18ftypmp42\0\0\0\0mp42isom", 1), music: begins("ID3\x04\0\0\0\0\0\0", 3), voice: begins("OggS\0\x02\0\0\0\0\0\0\0\0OpusHead", 2) };
const file = (content: Buffer, name: string, type: string) => ({ base64: content.toString("base64"), name, type });

const act = <Answer>(op: string, body: object) => telegram.act<Answer>(op, { bot, from: vera, ...body });
const write = (body: object) => act<{ message: { message_id: number } }>("write", body);
const chat = async () => (await telegram.look<{ id: number; messages: Shown[] }[]>("chats")).find((one) => one.id === vera.id)?.messages ?? [];
const ours = async () => (await chat()).filter((one) => !one._deleted).slice(-1)[0];
const newest = () => owner.page.locator(".msg.inbound").last();
const line = (text: string) => owner.page.locator(".msg", { hasText: text });
const bytes = async (address: string | null) => hash(await (await owner.page.context().request.get(new URL(address ?? "", demo.url).href)).body());
const link = (at: Locator) => at.getAttribute("href");
const sound = (at: Locator) => at.getAttribute("src");
const openVk = async (words: string, body: object) => {
  await vk.act("write", { user: 700, text: words, ...body });
  await owner.open(words);
};

/** One scene for each kind. */
const SCENES: Record<string, () => Promise<void>> = {
  "Long words": async () => {
    const text = `Начало ${run}. ${"Очень подробный ответ на вопрос. ".repeat(150)}`.trim();
    await owner.says(text);
    await expect.poll(async () => (await chat()).slice(-2).map((one) => one.text).join(" ").length).toBe(text.length);
    expect((await chat()).slice(-2).every((one) => (one.text ?? "").length <= 4_096)).toBe(true);
  },
  "Words beyond all bounds": async () => {
    const area = owner.page.locator(".composer textarea");
    await area.fill("слово ".repeat(4_000));
    await owner.page.getByText(/Длиннее, чем принимает канал/).waitFor();
    expect(await owner.page.locator(".composer .go").isDisabled()).toBe(true);
    await area.fill("");
  },
  "Several pictures": async () => {
    const three = [1, 2, 3].map((seed) => noisePng(120, 90, seed));
    await act("album", { items: three.map((content) => ({ photo: file(content, "a.png", "image/png") })) });
    await drawn(owner.page.locator(".msg.inbound .pictures img").nth(2));
    await owner.sends(three.map((buffer, at) => ({ name: `альбом-${at}.png`, mimeType: "image/png", buffer })));
    await expect.poll(async () => (await chat()).slice(-3).map((one) => one._file?.sha256)).toEqual(three.map(hash));
    const groups = (await chat()).slice(-3).map((one) => one.media_group_id);
    expect(new Set(groups).size).toBe(1);
  },
  "A file of 51 MB": async () => {
    // The installation itself takes up to 50 MB, and says so before anything is sent.
    const answer = await fetch(`${demo.url}/api/v1/files?name=a.pdf`, { method: "POST", headers: { authorization: `Bearer ${demo.token}` }, body: new Uint8Array(51 * 1024 * 1024) });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([413, "file_too_large"]);
  },
  "A video": async () => {
    await write({ video: file(FILMS.video, `обзор-${run}.mp4`, "video/mp4") });
    const theirs = owner.page.locator(".msg.inbound .file", { hasText: `обзор-${run}.mp4` });
    await expect.poll(async () => bytes(await link(theirs))).toBe(hash(FILMS.video));
    await owner.sends([{ name: "наш.mp4", mimeType: "video/mp4", buffer: FILMS.video }]);
    await expect.poll(async () => (await ours())?._file).toMatchObject({ kind: "video", sha256: hash(FILMS.video) });
  },
  "A voice message": async () => {
    await write({ voice: file(FILMS.voice, "", "audio/ogg") });
    await expect.poll(async () => bytes(await sound(newest().locator("audio")))).toBe(hash(FILMS.voice));
    await owner.sends([{ name: "ответ.ogg", mimeType: "audio/ogg", buffer: FILMS.voice }]);
    await expect.poll(async () => (await ours())?._file).toMatchObject({ kind: "voice", sha256: hash(FILMS.voice) });
  },
  Music: async () => {
    await write({ audio: file(FILMS.music, `песня-${run}.mp3`, "audio/mpeg") });
    await expect.poll(async () => bytes(await sound(owner.page.getByLabel(`песня-${run}.mp3`)))).toBe(hash(FILMS.music));
    // VK takes none, and says so before it goes.
    await openVk(`Музыка ${run}`, {});
    await owner.page.locator(".composer input[type=file] + button:enabled").waitFor();
    await owner.page.locator(".composer input[type=file]").setInputFiles([{ name: "песня.mp3", mimeType: "audio/mpeg", buffer: FILMS.music }]);
    await owner.page.locator(".tray li").first().waitFor();
    await owner.page.locator(".composer .go:enabled").click();
    await owner.page.getByText(/ВКонтакте не принимает/).first().waitFor();
    await owner.page.locator(".why", { hasText: "ВКонтакте не принимает" }).locator("button").last().click();
    await owner.page.getByText(/ВКонтакте не принимает/).waitFor({ state: "detached" });
  },
  "A film without sound": async () => {
    await owner.sends([{ name: "кот.gif", mimeType: "image/gif", buffer: GIF }]);
    await expect.poll(async () => (await ours())?._file).toMatchObject({ kind: "animation", sha256: hash(GIF) });
  },
  "A sticker": async () => {
    const content = noisePng(96, 96, 5);
    await write({ sticker: file(content, "", "image/webp") });
    await drawn(newest().locator(".pictures img"));
  },
  "A contact": async () => {
    await write({ contact: { phone_number: "79990000042", first_name: `Пётр ${run}`, user_id: 7 } });
    await line(`Пётр ${run}`).getByRole("link", { name: "+79990000042" }).waitFor();
  },
  "A place": async () => {
    await write({ venue: { location: { latitude: 55.7522, longitude: 37.6156 }, title: `Кремль ${run}`, address: "Москва" } });
    const map = line(`Кремль ${run}`).getByRole("link", { name: "Открыть на карте" });
    expect(await map.getAttribute("href")).toContain("pt=37.6156,55.7522");
  },
  "A poll": async () => {
    await write({ poll: { id: "1", question: `Едем ${run}?`, options: [{ text: "Да", voter_count: 0 }, { text: "Нет", voter_count: 0 }], type: "regular" } });
    await owner.sees(`Едем ${run}?`);
    await owner.sees("– Нет");
  },
  "A call": async () => {
    await openVk(`Перезвоните ${run}`, { attachments: [{ raw: { type: "call", call: { initiator_id: 700, receiver_id: -1, state: "canceled_by_receiver", video: false } } }] });
    await line(`Перезвоните ${run}`).getByText("Пропущенный звонок").waitFor();
  },
  "A post, product, story": async () => {
    await openVk(`Такой есть ${run}?`, { attachments: [{ raw: { type: "market", market: { id: 5, owner_id: -1, title: `Диван ${run}`, price: { text: "900 ₽" } } } }] });
    expect(await line(`Диван ${run}`).getByRole("link", { name: "vk.com" }).getAttribute("href")).toBe("https://vk.com/product-1_5");
  },
  "What we do not know": async () => {
    await write({ gift: { something: "new" } });
    await newest().getByText("Такие сообщения здесь пока не показываются").waitFor();
  },
  "A forward": async () => {
    await write({ text: `чужое ${run}`, forward_origin: { type: "hidden_user", date: 1, sender_user_name: `Олег ${run}` } });
    await owner.sees(`Олег ${run}`);
    // On to somebody at another channel: what it says, and from whom.
    await vk.act("write", { user: 700, text: `Перешлите ${run}` });
    await owner.row(`Перешлите ${run}`).waitFor();
    await line(`чужое ${run}`).hover();
    await line(`чужое ${run}`).getByRole("button", { name: "Действия с сообщением" }).click();
    await owner.page.getByRole("menuitem", { name: /Переслать/ }).click();
    const dialog = owner.page.getByRole("dialog");
    await dialog.locator("label", { hasText: `Перешлите ${run}` }).click();
    await dialog.getByRole("button", { name: /Переслать|Отправить/ }).click();
    await expect.poll(async () => (await vk.look<{ messages: { text: string }[] }>("dialog?peer=700")).messages.at(-1)?.text).toContain(`> чужое ${run}`);
  },
  "A quote": async () => {
    const first = await write({ text: `одно, другое ${run}` });
    await write({ text: `вот это ${run}`, reply_to: first.message.message_id, quote: { text: "другое", position: 6, is_manual: true } });
    await line(`вот это ${run}`).getByText("> другое").waitFor();
  },
  "A deletion": async () => {
    await owner.says(`лишнее ${run}`);
    await expect.poll(async () => (await ours())?.text).toBe(`лишнее ${run}`);
    await line(`лишнее ${run}`).hover();
    await line(`лишнее ${run}`).getByRole("button", { name: "Действия с сообщением" }).click();
    await owner.page.getByRole("menuitem", { name: "Удалить сообщение" }).click();
    await owner.page.getByRole("dialog").getByRole("button", { name: "Удалить сообщение" }).click();
    await expect.poll(async () => (await chat()).find((one) => one.text === `лишнее ${run}`)?._deleted).toBe(true);
  },
  "A pressed button": async () => {
    const { message } = await write({ text: `выбор ${run}`, reply_markup: { inline_keyboard: [[{ text: `Беру ${run}`, callback_data: "y" }]] } });
    await act("press", { chat: vera.id, message_id: message.message_id, data: "y" });
    await owner.sees(`Беру ${run}`);
  },
  "A read mark": async () => {
    await openVk(`Прочтите ${run}`, {});
    await owner.says(`Прочли ${run}`);
    await expect.poll(async () => (await vk.look<{ messages: { text: string }[] }>("dialog?peer=700")).messages.at(-1)?.text).toBe(`Прочли ${run}`);
    await vk.act("read", { user: 700 });
    await line(`Прочли ${run}`).locator(".state.read").waitFor();
    await expect.poll(async () => (await vk.look<{ read_by_us: number }>("dialog?peer=700")).read_by_us).toBeGreaterThan(0);
  },
};

/** Two frames of one pixel. */
const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH/C05FVFNDQVBFMi4wAwEAAAAh+QQACgAAACwAAAAAAQABAAACAkQBACH5BAAKAAAALAAAAAABAAEAAAICTAEAOw==", "base64");

const docs = readFileSync(new URL("../../docs/channels.md", import.meta.url), "utf8");
const rows = docs.split("## What each carries")[1]?.split("\n## ")[0]?.split("\n") ?? [];
const kinds = rows.filter((row) => /^\| \S/.test(row) && !row.startsWith("| What |")).map((row) => row.split("|")[1]?.trim() ?? "");

beforeAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  [browser, telegram, vk] = await Promise.all([launch(), Fake.of("telegram"), Fake.of("vk")]);
  await telegram.act("settings", { limits: false, local: true, speed: 100 });
  owner = await Manager.enter(browser, demo.email, demo.password);
  owner.page.setDefaultTimeout(15_000);
  bot = (await telegram.act<{ token: string }>("bots", { username: `bot_${run}` })).token;
  channels.push(...(await connect("telegram_bot", { token: bot, server: telegram.url })));
  channels.push(...(await connect("vk_messages", { token: "vk1.a.test", base_url: vk.url })));
  await vk.act("user", { id: 700, first_name: "Вика", last_name: run });
});
afterAll(async () => {
  for (const channel of channels) await api("DELETE", `/channels/${channel}`);
  await browser?.close();
  telegram?.end();
  vk?.end();
});

it("has a scene for each kind of the table", () => {
  expect(kinds.length).toBeGreaterThan(20);
  expect(kinds.filter((kind) => SCENES[kind] === undefined && ELSEWHERE[kind] === undefined)).toEqual([]);
  for (const [name, title] of Object.values(ELSEWHERE)) expect(readFileSync(new URL(`./${name}.test.ts`, import.meta.url), "utf8")).toContain(title);
});

for (const kind of kinds.filter((one) => SCENES[one] !== undefined)) {
  story(`carries in the browser: ${kind}`, async () => {
    // Back to the conversation with Vera, wherever the scene before went.
    if ((await owner.page.locator(".head h1", { hasText: vera.first_name }).count()) === 0) {
      await write({ text: `снова я ${kind} ${run}` });
      await owner.open(`снова я ${kind} ${run}`);
    }
    await SCENES[kind]?.();
  });
}
