/** One long conversation: what is in it is found and reached, however far it is; messages are picked, sent on, and come with files and voices. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { noisePng, pdf } from "./files.mjs";
import { accessible, api, bytesOf, demo, drawn, Manager, Visitor } from "./people.ts";
import { letIn, widgetChannel } from "./shop.ts";

type Talk = { id: string; title: string; preview: { text: string } | null };
type Message = { id: string; text: string };

const run = Math.random().toString(36).slice(2, 8);
const words = (who: string, n: number) => `${who}-${run}-${n}`;
/** Messages of ours in the long conversation: more than the page keeps. */
const LONG = 460;
const KEPT = 200;

let browser: Browser;
let owner: Manager;
let anna: Visitor;
let talk: string;
/** The ids of our lines, by their number. */
const lines: string[] = [];

const talkOf = async (text: string): Promise<Talk> => {
  const all = await api<{ items: Talk[] }>("GET", "/conversations?limit=100");
  const found = all.items.find((one) => one.preview?.text.includes(text));
  if (!found) throw new Error(`no conversation ends with ${text}`);
  return found;
};
const say = async (conversation: string, text: string, more: object = {}): Promise<string> =>
  (await api<{ message: Message }>("POST", `/conversations/${conversation}/messages`, { client_id: Math.random().toString(36).slice(2), text, ...more })).message.id;
const upload = async (bytes: Buffer): Promise<string> => {
  const answer = await fetch(`${demo.url}/api/v1/files?name=picture.png`, { method: "POST", headers: { authorization: `Bearer ${demo.token}` }, body: new Uint8Array(bytes) });
  return ((await answer.json()) as { id: string }).id;
};
const menu = async (page: Page, line: string) => {
  await page.locator(".head").getByRole("button", { name: "Ещё" }).click();
  await page.getByRole("menu").getByText(line, { exact: true }).click();
};
const message = (page: Page, id: string | undefined) => page.locator(`[data-message="${id}"]`);
/** It is not only in the page but before one's eyes. */
const seen = async (page: Page, id: string | undefined) => {
  await message(page, id).waitFor();
  await expect.poll(() => message(page, id).evaluate((one) => {
    const [box, log] = [one.getBoundingClientRect(), document.querySelector(".log")?.getBoundingClientRect()];
    return log !== undefined && box.bottom > log.top && box.top < log.bottom;
  })).toBe(true);
};

beforeAll(async () => {
  await letIn();
  browser = await launch();
  anna = await Visitor.come(browser);
  await anna.says(words("anna", 1));
  owner = await Manager.enter(browser, demo.email, demo.password);
  owner.page.setDefaultTimeout(8_000);
  await owner.row(words("anna", 1)).waitFor();
  talk = (await talkOf(words("anna", 1))).id;
  // Words of every length, answers to others, and pictures of every shape.
  for (let n = 0; n < LONG; n += 1) {
    const text = n % 100 === 7 ? `Строка ${n}: жёлтая доставка ${run}` : `Строка ${n}, обычная${n % 11 === 5 ? " и такая длинная, что не помещается в одну строку пузыря, ".repeat(3) : ""}`;
    lines.push(await say(talk, text, { ...(n % 40 === 21 && { attachments: [await upload(noisePng(200 + n, 480, n))] }), ...(n % 30 === 19 && { reply_to: lines[n - 9] }) }));
  }
  await api("POST", `/conversations/${talk}/read`, { up_to: lines.at(-1) });
});
afterAll(() => browser?.close());

it("keeps at most two hundred messages in the page, and nothing moves while older ones come", async () => {
  const { page } = owner;
  await owner.open(`Строка ${LONG - 1},`);
  await page.evaluate(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push((entry as unknown as { value: number }).value))).observe({ type: "layout-shift", buffered: false });
  });
  const log = page.locator(".log");
  let most = 0;
  for (let turn = 0; (await message(page, lines[0]).count()) === 0; turn += 1) {
    expect(turn, "the beginning is reached").toBeLessThan(150);
    const first = await page.locator("[data-message]").first().getAttribute("data-message");
    // By the wheel, as a person does.
    await log.hover();
    await page.mouse.wheel(0, -700);
    if ((await log.evaluate((box) => box.scrollTop)) < 1800) await page.waitForFunction((before) => document.querySelector("[data-message]")?.getAttribute("data-message") !== before || !document.querySelector(".older"), first);
    most = Math.max(most, await page.locator("[data-message]").count());
  }
  expect(most).toBeLessThanOrEqual(KEPT);
  expect(most).toBeGreaterThan(KEPT - 60);
  const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts.reduce((sum, one) => sum + one, 0));
  expect(shifts).toBeLessThanOrEqual(0.02);
  // To the end, which is no longer in the page.
  await page.locator(".to-end").click();
  await seen(page, lines[LONG - 1]);
  await page.locator(".to-end").waitFor({ state: "detached" });
});

it("finds in the conversation by the keyboard alone, goes through what it found, and marks it", async () => {
  const { page } = owner;
  await page.locator(".log").focus();
  await page.keyboard.press("Control+f");
  await page.keyboard.type("доставку");
  const said = page.locator(".find .said");
  await expect.poll(() => said.textContent()).toBe("1 из 5");
  await seen(page, lines[407]);
  expect(await message(page, lines[407]).locator("mark").allTextContents()).toEqual(["доставка"]);
  for (const [keys, at, line] of [["Enter", 2, 307], ["Enter", 3, 207], ["Shift+Enter", 2, 307], ["Enter", 3, 207], ["Enter", 4, 107], ["Enter", 5, 7], ["Enter", 1, 407]] as const) {
    await page.keyboard.press(keys);
    await expect.poll(() => said.textContent()).toBe(`${at} из 5`);
    await seen(page, lines[line]);
    expect(await page.locator(".msg.hit").getAttribute("data-message")).toBe(lines[line]);
  }
  await accessible(page, "find");
  await page.locator(".find input").fill("такого слова нет");
  await page.getByText("Ничего не нашлось").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".find").waitFor({ state: "detached" });
  expect(await page.locator("mark").count()).toBe(0);
  expect(new URL(page.url()).pathname).toBe(`/c/${talk}`);
});

it("goes to a date, and to the end with a count of what came meanwhile", async () => {
  const { page } = owner;
  await menu(page, "Перейти к дате");
  const dialog = page.getByRole("dialog", { name: "Перейти к дате" });
  const today = await page.evaluate(() => new Date().toLocaleDateString("sv"));
  expect(await dialog.getByLabel("День").inputValue()).toBe(today);
  await accessible(page, "date");
  await page.keyboard.press("Enter");
  await page.locator(".msg", { hasText: words("anna", 1) }).waitFor();
  await anna.says(words("anna", 2));
  await anna.says(words("anna", 3));
  const down = page.getByRole("button", { name: "К последним сообщениям: 2 новых" });
  await down.click();
  await owner.sees(words("anna", 3));
  await down.waitFor({ state: "detached" });
  // Read up a little, still in the same stretch: what comes is counted too.
  await page.locator(".log").evaluate((log) => { log.scrollTop -= 700; });
  await page.locator(".to-end").waitFor();
  await anna.says(words("anna", 4));
  await page.getByRole("button", { name: "К последним сообщениям: 1 новое" }).click();
  await page.locator(".to-end").waitFor({ state: "detached" });
});

it("opens at the first unread one, though a hundred came after it", async () => {
  const { page } = owner;
  await page.goto(demo.url);
  await owner.row(words("anna", 4)).waitFor();
  await anna.says(words("first", 1));
  for (let n = 0; n < 69; n += 1) await anna.types(words("many", n));
  await anna.says(words("many", 69));
  await owner.row(words("many", 69)).click();
  await page.locator(".fresh:not(.row)").waitFor();
  const first = page.locator(".msg", { hasText: words("first", 1) });
  await first.waitFor();
  expect(await first.evaluate((one) => one.previousElementSibling?.classList.contains("fresh"))).toBe(true);
  await expect.poll(() => first.evaluate((one) => one.getBoundingClientRect().top < innerHeight && one.getBoundingClientRect().top > 0)).toBe(true);
  await page.locator(".row.selected.fresh").waitFor();
  await page.locator(".to-end").click();
  await owner.sees(words("many", 69));
  await page.locator(".row.selected:not(.fresh)").waitFor();
  await menu(page, "К первому непрочитанному");
  await expect.poll(() => first.evaluate((one) => one.getBoundingClientRect().top < innerHeight && one.getBoundingClientRect().top > 0)).toBe(true);
});

it("shows a quoted message that is far away, and leads to it; a link leads to a message", async () => {
  const { page } = owner;
  const answer = await say(talk, words("answer", 1), { reply_to: lines[3] });
  await page.goto(`${demo.url}/c/${talk}`);
  const quote = message(page, answer).locator(".quote");
  await quote.getByText("Строка 3, обычная").waitFor();
  expect(await message(page, lines[3]).count()).toBe(0);
  await quote.click();
  await seen(page, lines[3]);
  await page.goto(`${demo.url}/c/${talk}?m=${lines[150]}`);
  await seen(page, lines[150]);
  await page.reload();
  await seen(page, lines[150]);
});

it("picks messages by the keyboard, copies them with names and times, and deletes those that can be", async () => {
  const { page } = owner;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${demo.url}/c/${talk}`);
  await owner.says(words("mine", 1));
  await owner.says(words("mine", 2));
  await anna.says(words("hers", 1));
  await owner.sees(words("hers", 1));
  const line = (text: string) => page.locator(".msg", { hasText: text });
  await line(words("mine", 1)).getByRole("button", { name: "Действия с сообщением" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Выбрать" }).press("Enter");
  const bar = page.getByRole("region", { name: "Действия с выбранными" });
  await bar.getByText("Выбрано 1").waitFor();
  // From the first to the customer's word, by Shift and the space bar.
  await line(words("hers", 1)).getByRole("checkbox").focus();
  await page.keyboard.press("Shift+Space");
  await bar.getByText("Выбрано 3").waitFor();
  await accessible(page, "picking");
  await page.keyboard.press("Escape");
  await bar.waitFor({ state: "detached" });
  expect(new URL(page.url()).pathname).toBe(`/c/${talk}`);
  // By the mouse: a click anywhere in the line.
  const start = async () => {
    await line(words("mine", 1)).hover();
    await line(words("mine", 1)).getByRole("button", { name: "Действия с сообщением" }).click();
    await page.getByRole("menuitem", { name: "Выбрать" }).click();
    await line(words("hers", 1)).click({ modifiers: ["Shift"] });
    await bar.getByText("Выбрано 3").waitFor();
  };
  await start();
  await bar.getByRole("button", { name: "Скопировать" }).click();
  await page.getByText("Скопировано 3 сообщения").waitFor();
  const copied = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
  expect(copied).toHaveLength(3);
  [words("mine", 1), words("mine", 2), words("hers", 1)].forEach((text, at) => { expect(copied[at]).toMatch(new RegExp(`^\\[.+\\d\\d:\\d\\d\\] [^:]+: ${text}$`)); });
  await start();
  await bar.getByRole("button", { name: "Удалить" }).click();
  const dialog = page.getByRole("dialog", { name: "Удалить 2 сообщения?" });
  await dialog.getByText("Останется 1: написал клиент.").waitFor();
  await dialog.getByRole("button", { name: "Удалить" }).click();
  for (const text of [words("mine", 1), words("mine", 2)]) await anna.said(text).waitFor({ state: "detached" });
  await anna.said(words("hers", 1)).waitFor();
  await page.reload();
  await owner.sees(words("hers", 1));
  expect(await line(words("mine", 1)).count()).toBe(0);
});

it("sends messages with their files on to several conversations, and notes to nobody", async () => {
  const { page } = owner;
  const boris = await Visitor.come(browser);
  const vera = await Visitor.come(browser);
  await boris.says(words("boris", 1));
  await vera.says(words("vera", 1));
  await anna.sends([{ name: `plan-${run}.pdf`, mimeType: "application/pdf", buffer: pdf("plan") }]);
  await api("POST", `/conversations/${talk}/messages`, { client_id: `note-${run}`, text: words("secret", 1), note: true });
  await page.locator(".msg.note", { hasText: words("secret", 1) }).waitFor();
  const pick = async (text: string) => {
    const line = page.locator(".msg", { hasText: text });
    await line.hover();
    await line.getByRole("button", { name: "Действия с сообщением" }).click();
  };
  await pick(words("secret", 1));
  await page.getByRole("menuitem", { name: "Выбрать" }).waitFor();
  expect(await page.getByRole("menuitem", { name: "Переслать" }).count()).toBe(0);
  await page.getByRole("menuitem", { name: "Выбрать" }).click();
  await page.locator(".msg", { hasText: words("hers", 1) }).click({ modifiers: ["Shift"] });
  await page.getByText("Заметки остаются здесь").waitFor();
  await page.locator(".pick-bar").getByRole("button", { name: "Переслать" }).click();
  const dialog = page.getByRole("dialog", { name: "Переслать 2 сообщения" });
  await dialog.getByRole("checkbox", { name: new RegExp(words("boris", 1)) }).check();
  await dialog.getByRole("searchbox").fill(words("vera", 1));
  await dialog.getByRole("checkbox", { name: new RegExp(words("vera", 1)) }).check();
  await accessible(page, "forward");
  await dialog.getByRole("button", { name: "Переслать в 2" }).click();
  for (const visitor of [boris, vera]) {
    await visitor.said(words("hers", 1)).waitFor();
    await visitor.said("Переслано от").first().waitFor();
    await visitor.file(`plan-${run}.pdf`).waitFor();
    expect(await bytesOf(visitor.page, visitor.file(`plan-${run}.pdf`))).toBe(pdf("plan").length);
    expect(await visitor.words()).not.toContain(words("secret", 1));
    await visitor.reload();
    await visitor.file(`plan-${run}.pdf`).waitFor();
  }
  await page.getByText("Переслано в 2 переписки").waitFor();
  await page.locator(".toasts").getByRole("button", { name: "Открыть" }).click();
  await page.locator(".msg.outbound", { hasText: words("hers", 1) }).waitFor();
  expect(new URL(page.url()).pathname).not.toBe(`/c/${talk}`);
  await boris.context.close();
  await vera.context.close();
});

it("says at each target why nothing could be sent there, and tries again without sending twice", async () => {
  const { page } = owner;
  const { id: channel } = await widgetChannel();
  const boris = await Visitor.come(browser);
  await boris.says(words("boris", 2));
  await page.goto(`${demo.url}/c/${talk}`);
  const line = page.locator(".msg", { hasText: words("hers", 1) });
  const dialog = page.getByRole("dialog", { name: "Переслать 1 сообщение" });
  const open = async () => {
    await line.hover();
    await line.getByRole("button", { name: "Действия с сообщением" }).click();
    await page.getByRole("menuitem", { name: "Переслать" }).click();
  };
  await open();
  await dialog.getByRole("checkbox", { name: new RegExp(words("boris", 2)) }).check();
  await api("PATCH", `/channels/${channel}`, { active: false });
  await dialog.getByRole("button", { name: "Переслать" }).click();
  await dialog.getByText("Канал выключен").waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  // Where one cannot write is seen before.
  await open();
  await dialog.getByText("Канал выключен").first().waitFor();
  expect(await dialog.getByRole("checkbox", { name: /Канал выключен/ }).first().isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  await api("PATCH", `/channels/${channel}`, { active: true });
  await page.reload();
  // The answer is lost once: what was tried again is there once.
  let lost = false;
  await open();
  await dialog.getByRole("checkbox", { name: new RegExp(words("boris", 2)) }).check();
  await page.route("**/conversations/*/messages", async (route) => {
    if (lost || route.request().method() !== "POST") return route.fallback();
    lost = true;
    await route.fetch();
    return route.abort();
  });
  await dialog.getByRole("button", { name: "Переслать" }).click();
  await dialog.getByText("Нет связи с сервером.").waitFor();
  await dialog.getByRole("button", { name: "Повторить" }).click();
  await page.getByText(/^Переслано: /).waitFor();
  await boris.said(words("hers", 1)).first().waitFor();
  await boris.reload();
  await boris.said(words("hers", 1)).first().waitFor();
  expect(await boris.said(words("hers", 1)).count()).toBe(1);
  await boris.context.close();
});

it("puts files in order before they go, says what will become of them, and sends pictures as files", async () => {
  const { page } = owner;
  const zoya = await Visitor.come(browser);
  await zoya.says(words("zoya", 1));
  await owner.open(words("zoya", 1));
  const file = (name: string, mimeType: string, buffer: Buffer) => ({ name: `${run}-${name}`, mimeType, buffer });
  const [one, two, paper] = [file("one.png", "image/png", noisePng(60, 40, 1)), file("two.png", "image/png", noisePng(40, 60, 2)), file("paper.pdf", "application/pdf", pdf("paper"))];
  const input = page.locator(".composer input[type=file]");
  const cards = page.locator(".tray li");
  const names = () => cards.locator("b").allTextContents();
  await input.setInputFiles([one, two, paper]);
  await expect.poll(names).toEqual([one.name, two.name, paper.name]);
  const area = page.locator(".composer textarea");
  await expect.poll(() => area.getAttribute("placeholder")).toBe("Подпись…");
  // An empty file and one too many are told of before anything is uploaded.
  await input.setInputFiles([file("empty.txt", "text/plain", Buffer.alloc(0))]);
  await cards.getByText("Файл пуст").waitFor();
  await page.getByRole("button", { name: /Убрать .*empty.txt/ }).click();
  await input.setInputFiles(Array.from({ length: 12 }, (_, n) => file(`${n}.txt`, "text/plain", Buffer.from(`file ${n}`))));
  await page.getByText("Не больше 10 файлов в сообщении.").waitFor();
  for (let n = 6; n >= 0; n -= 1) await page.getByRole("button", { name: `Убрать ${run}-${n}.txt` }).click();
  // The order, by the keyboard: the focus stays with what is moved.
  await page.getByRole("button", { name: `Позже: ${one.name}` }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(names).toEqual([two.name, one.name, paper.name]);
  await page.keyboard.press("Enter");
  await expect.poll(names).toEqual([two.name, paper.name, one.name]);
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(`Раньше: ${one.name}`);
  // And by the mouse.
  await cards.nth(1).dragTo(cards.nth(0));
  await expect.poll(names).toEqual([paper.name, two.name, one.name]);
  await accessible(page, "files");
  // What the channel will make of it is asked of the server; here it answers as one that splits and links would.
  const asked: { text: string; attachments: string[]; as_files: boolean }[] = [];
  await page.route("**/outlook", async (route) => {
    const body = route.request().postDataJSON() as (typeof asked)[number];
    asked.push(body);
    await route.fulfill({ json: { pieces: [{ text: body.text, files: body.attachments.slice(0, 2) }, { text: "…", files: [] }], length: 1, limit: 10, unit: "characters" } });
  });
  await page.getByLabel("Отправить как файл").check();
  await area.fill(words("caption", 1));
  await page.getByText("Уйдёт двумя сообщениями · 1 файл станет ссылкой").waitFor();
  await expect.poll(() => asked.at(-1)).toMatchObject({ text: words("caption", 1), as_files: true });
  expect(asked.at(-1)?.attachments).toHaveLength(3);
  await page.unroute("**/outlook");
  await area.press("Enter");
  await page.locator(".msg.outbound[data-message]", { hasText: words("caption", 1) }).waitFor();
  for (const reload of [false, true]) {
    if (reload) {
      await zoya.reload();
      await owner.reload();
    }
    await zoya.said(words("caption", 1)).waitFor();
    await expect.poll(() => zoya.in(".file b").allTextContents()).toEqual([paper.name, two.name, one.name]);
    expect(await zoya.pictures().count()).toBe(0);
    await expect.poll(() => page.locator(".msg.outbound .file b").allTextContents()).toEqual([paper.name, two.name, one.name]);
    expect(await page.locator(".msg .pictures").count()).toBe(0);
  }
  // The next one goes as a picture.
  await input.setInputFiles([two]);
  await cards.first().waitFor();
  expect(await page.getByLabel("Отправить как файл").isChecked()).toBe(false);
  await page.locator(".composer .go:enabled").click();
  await drawn(zoya.pictures().last());
  await zoya.context.close();
});

it("does not take the same file twice", async () => {
  const { page } = owner;
  // The same file of a disk: chosen again it has the same time.
  await page.locator(".composer textarea").evaluate((area) => {
    for (let n = 0; n < 2; n += 1) {
      const data = new DataTransfer();
      data.items.add(new File(["price"], "price.txt", { type: "text/plain", lastModified: 1 }));
      area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }
  });
  await page.getByText("Уже выбрано: price.txt").waitFor();
  expect(await page.locator(".tray li").count()).toBe(1);
  await page.getByRole("button", { name: "Убрать price.txt" }).click();
  await page.locator(".tray li").waitFor({ state: "detached" });
});

it("records a voice, lets it be heard before it goes, and it plays at the visitor's with its length", async () => {
  const { page } = owner;
  await owner.context.grantPermissions(["microphone"]);
  await page.goto(`${demo.url}/c/${talk}`);
  const record = page.getByRole("button", { name: "Записать голосовое" });
  await record.click();
  await page.getByRole("timer").getByText("0:01").waitFor();
  await accessible(page, "recording");
  await page.keyboard.press("Escape");
  await page.locator(".recorder").waitFor({ state: "detached" });
  expect(await page.locator(".tray li").count()).toBe(0);
  await record.click();
  await page.getByRole("timer").getByText("0:02").waitFor();
  await page.keyboard.press("Enter");
  const length = (audio: HTMLAudioElement | SVGElement | HTMLElement) => (audio instanceof HTMLAudioElement ? audio.duration : 0);
  const heard = page.locator(".tray li audio");
  await expect.poll(() => heard.evaluate(length)).toBeGreaterThan(1);
  await expect.poll(() => heard.evaluate(length)).toBeLessThan(60);
  await page.locator(".composer .go:enabled").waitFor();
  await page.locator(".composer textarea:focus").press("Enter");
  await page.locator(".msg.outbound[data-message] audio").last().waitFor();
  for (const reload of [false, true]) {
    if (reload) await anna.reload();
    const voice = anna.in("audio").last();
    await expect.poll(() => voice.evaluate(length)).toBeGreaterThan(1);
    await expect.poll(() => voice.evaluate(length)).toBeLessThan(60);
    await voice.evaluate((audio) => (audio as HTMLAudioElement).play());
    await expect.poll(() => voice.evaluate((audio) => (audio as HTMLAudioElement).currentTime)).toBeGreaterThan(0.2);
  }
  // Who says no is told what to do, and goes on writing.
  await page.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError")); });
  await record.click();
  await page.getByText("Браузер не дал доступ к микрофону").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".composer textarea:focus").waitFor();
});

it("has more than six faces to react with", async () => {
  const { page } = owner;
  await anna.says(words("joke", 1));
  const line = page.locator(".msg", { hasText: words("joke", 1) });
  await line.hover();
  await line.getByRole("button", { name: "Реакция" }).click();
  await page.getByRole("menuitem", { name: "Другие реакции" }).click();
  await page.getByRole("menuitemradio", { name: "🎉" }).click();
  await line.locator(".reactions", { hasText: "🎉" }).waitFor();
  await page.reload();
  await line.locator(".reactions", { hasText: "🎉" }).waitFor();
});
