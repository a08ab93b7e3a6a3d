/** What hands reach for all day: the list and its order, what is done in a row, the composer, one's own language and look, who may see what. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { noisePng } from "./files.mjs";
import { accessible, api, demo, Manager, Visitor } from "./people.ts";
import { close, letIn, person, set } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const words = (who: string, n = 1) => `${who}-${run}-${n}`;
const password = `parol-${run}-dlinny`;
const email = `everyday-${run}@example.com`;

let browser: Browser;
let owner: Manager;
let colleague: Manager;
let vera: Visitor;
let gleb: Visitor;

const view = async (manager: Manager, name: string) => {
  await manager.page.locator(".views .choice").click();
  await manager.page.getByRole("menuitemradio", { name: new RegExp(`^${name}`) }).click();
};
/** What stands in the list of those of this story, from the top. */
const listed = async (manager: Manager) => (await manager.page.locator(".rows .row .words").allTextContents()).flatMap((text) => new RegExp(`\\w+-${run}-\\d+$`).exec(text) ?? []);

beforeAll(async () => {
  await letIn();
  await set({});
  await api("POST", "/users", { name: `Зоя ${run}`, email, password, role: "manager", channels: null });
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  colleague = await Manager.enter(browser, email, password);
  vera = await Visitor.come(browser);
  gleb = await Visitor.come(browser);
  await vera.says(words("vera"));
  await gleb.says(words("gleb"));
  await colleague.row(words("gleb")).waitFor();
});
afterAll(() => browser?.close());

it("shows each side that the other is typing, and no more when they stop", async () => {
  await owner.open(words("vera"));
  // It is told every few seconds at most.
  const slowly = { delay: 150 };
  await Promise.all([
    vera.in("textarea").pressSequentially("Я хотела бы узнать, где заказ", slowly),
    colleague.page.locator(".row", { hasText: "печатает" }).first().waitFor(),
    owner.page.locator(".head .who", { hasText: "печатает" }).waitFor(),
  ]);
  await vera.in("textarea").fill("");
  await colleague.page.locator(".row", { hasText: "печатает" }).waitFor({ state: "detached" });
  await Promise.all([owner.page.locator(".composer textarea").pressSequentially("Добрый день! Сейчас посмотрю", slowly), vera.in(".dots").waitFor()]);
  await owner.page.locator(".composer textarea").fill("");
  await vera.in(".dots").waitFor({ state: "detached" });
});

it("takes, reads and closes a conversation in its row, without opening it", async () => {
  const row = colleague.row(words("gleb"));
  await row.locator(".pill").waitFor();
  await row.hover();
  await row.getByRole("button", { name: "Отметить прочитанной" }).click();
  await owner.row(words("gleb")).locator(".pill").waitFor({ state: "detached" });
  await row.hover();
  await row.getByRole("button", { name: "Взять себе" }).click();
  await view(owner, "Ничьи");
  await owner.row(words("vera")).waitFor();
  await owner.row(words("gleb")).waitFor({ state: "detached" });
  await view(owner, "Все");
  await colleague.page.mouse.move(900, 400);
  await colleague.reload();
  expect(await colleague.row(words("gleb")).locator(".pill").count()).toBe(0);
  await view(colleague, "Мои");
  await row.waitFor();
  await row.hover();
  await row.getByRole("button", { name: "Закрыть переписку" }).click();
  await owner.row(words("gleb")).waitFor({ state: "detached" });
  await view(owner, "Закрытые");
  await owner.row(words("gleb")).waitFor();
  await view(owner, "Все");
  await view(colleague, "Все");
});

it("puts who waits longest first, says how long, and goes to the next one by a key", async () => {
  // Under the mouse a row shows what can be done with it instead, and nothing moves.
  await colleague.page.mouse.move(900, 400);
  await gleb.says(words("gleb", 2));
  await colleague.row(words("gleb", 2)).locator(".wait").waitFor();
  expect(await listed(colleague)).toEqual([words("gleb", 2), words("vera")]);
  const sort = colleague.page.getByRole("button", { name: "Сначала те, кто ждёт дольше" });
  await sort.click();
  await expect.poll(() => listed(colleague)).toEqual([words("vera"), words("gleb", 2)]);
  // Vera is answered: who waits comes first. Others of this server may wait, too: then she is far below.
  await owner.open(words("vera"));
  await owner.says(words("owner"));
  await expect.poll(async () => (await listed(colleague)).filter((text) => text !== words("owner"))).toEqual([words("gleb", 2)]);
  expect((await listed(colleague))[0]).toBe(words("gleb", 2));
  await view(colleague, "Без ответа");
  await colleague.row(words("owner")).waitFor({ state: "detached" });
  await view(colleague, "Все");
  await sort.click();
  await colleague.open(words("owner"));
  await colleague.page.locator(".head h1").click();
  // Others of this server may wait too: each press leads to one who does.
  await colleague.page.keyboard.press("g");
  await colleague.page.locator(".row.selected .wait").waitFor();
});

it("sends at once what was begun before the conversation had come, and asks where a colleague answered since", async () => {
  const nina = await Visitor.come(browser);
  await nina.says(words("nina"));
  await owner.open(words("nina"));
  await owner.says(words("first"));
  const { page } = colleague;
  let open = (): void => undefined;
  const gate = new Promise<void>((done) => (open = done));
  await page.route("**/api/v1/conversations/*/messages?*", async (route) => {
    await gate;
    await route.continue();
  });
  await page.goto(demo.url);
  await colleague.row(words("first")).click();
  const area = page.locator(".composer textarea");
  await area.fill(words("quick"));
  open();
  await page.locator(".msg.outbound", { hasText: words("first") }).waitFor();
  await area.press("Enter");
  await nina.said(words("quick")).waitFor();
  await area.fill(words("slow"));
  await owner.says(words("second"));
  await page.locator(".msg.outbound", { hasText: words("second") }).waitFor();
  await area.press("Enter");
  const asked = page.locator("dialog[open]", { hasText: "Клиенту уже ответили" });
  await asked.getByText(words("second")).waitFor();
  await asked.getByRole("button", { name: "Отправить всё равно" }).click();
  await nina.said(words("slow")).waitFor();
  await page.unrouteAll();
});

it("answers one message, with faces from the picker, and reacts to it: the visitor sees which", async () => {
  await owner.open(words("owner"));
  const message = owner.page.locator(".msg.inbound[data-message]", { hasText: words("vera") });
  await message.hover();
  await message.getByRole("button", { name: "Ответить" }).click();
  await owner.page.getByRole("button", { name: "Эмодзи" }).click();
  await owner.page.getByRole("dialog").or(owner.page.getByRole("menu")).getByText("👍", { exact: true }).first().click();
  await owner.page.keyboard.press("Escape");
  await owner.page.locator(".composer textarea").pressSequentially(words("quote"));
  await owner.page.locator(".composer textarea").press("Enter");
  await message.hover();
  await message.getByRole("button", { name: "Реакция" }).click();
  await owner.page.getByRole("menu").getByText("🔥", { exact: true }).click();
  const answer = vera.said(`👍${words("quote")}`);
  for (const round of ["at once", "after a reload"]) {
    await answer.locator("blockquote", { hasText: words("vera") }).waitFor();
    await vera.in(".msg.own").filter({ hasText: words("vera") }).getByRole("img", { name: "Реакции: 🔥" }).waitFor();
    await accessible(vera.page, `a quote and a reaction, ${round}`);
    await vera.reload();
  }
});

it("takes files that are pasted and dropped", async () => {
  const put = (how: "paste" | "drop", name: string) => owner.page.locator(".composer textarea").evaluate((area, [what, file, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], file, { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    area.dispatchEvent(what === "paste" ? new ClipboardEvent("paste", { ...options, clipboardData: data }) : new DragEvent("drop", { ...options, dataTransfer: data }));
  }, [how, name, [...noisePng(48, 48, how === "paste" ? 7 : 9)]] as const);
  await put("paste", "pasted.png");
  await owner.page.locator(".tray li").first().waitFor();
  await put("drop", "dropped.png");
  await owner.page.locator(".tray li").nth(1).waitFor();
  const before = await vera.pictures().count();
  await owner.page.locator(".composer .go:enabled").click();
  await vera.pictures().nth(before + 1).waitFor();
});

it("divides a visitor's one conversation into parts that were opened and closed", async () => {
  const { conversation } = await person(words("gleb", 2));
  await close(conversation);
  await gleb.in(".day").filter({ hasText: "Разговор завершён" }).waitFor();
  await gleb.says(words("gleb", 3));
  await gleb.in(".day").filter({ hasText: "Разговор завершён" }).waitFor({ state: "detached" });
  // The first was closed above, this is the third.
  await gleb.in(".day").filter({ hasText: "Новый разговор" }).nth(1).waitFor();
  await gleb.reload();
  await gleb.said(words("gleb", 1)).waitFor();
  expect(await gleb.in(".day").filter({ hasText: "Новый разговор" }).count()).toBe(2);
  await colleague.open(words("gleb", 3));
  await colleague.sees(words("gleb", 1));
});

it("leads to the company's other messengers with the visit's code, and keeps the sound off", async () => {
  await set({ messengers: [{ kind: "telegram", link: "https://t.me/shop?start={code}" }] });
  const visitor = await Visitor.come(browser);
  const link = visitor.in(".ready a");
  await link.waitFor();
  const code = /^https:\/\/t\.me\/shop\?start=(\w+)$/.exec((await link.getAttribute("href")) ?? "")?.[1];
  expect(code).toBeDefined();
  await visitor.in("header").getByRole("button", { name: "Выключить звук" }).click();
  await visitor.says(words("messenger"));
  // Managers find the visit by the same code.
  await owner.row(words("messenger")).waitFor();
  expect(JSON.stringify(await person(words("messenger")))).toContain(code);
  await visitor.reload();
  await visitor.in("header").getByRole("button", { name: "Включить звук" }).waitFor();
  await set({});
});

it("speaks the manager's language and wears the look they chose, after a reload too", async () => {
  const { page } = colleague;
  await page.goto(`${demo.url}/settings/profile`);
  await page.getByLabel("Тема").selectOption({ label: "Тёмная" });
  await page.locator(":root[data-theme=dark]").waitFor();
  await page.getByLabel("Язык").selectOption("en");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByRole("link", { name: "Chats" }).waitFor();
  await page.goto(demo.url);
  await page.locator(":root[data-theme=dark][lang=en]").waitFor();
  await page.locator(".views .choice", { hasText: "All" }).waitFor();
  await page.goto(`${demo.url}/settings/profile`);
  await page.getByLabel("Language").selectOption("ru");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: "Чаты" }).waitFor();
});

it("changes whom a manager serves: what is not theirs any more leaves their screen", async () => {
  await colleague.page.goto(demo.url);
  await colleague.row(words("gleb", 3)).waitFor();
  const { page } = owner;
  await page.goto(`${demo.url}/settings/people`);
  const line = page.getByRole("row", { name: new RegExp(`Зоя ${run}`) });
  await line.getByRole("button", { name: /Изменить/ }).click();
  const form = page.getByRole("dialog");
  await form.getByText("Только выбранные").click();
  await form.getByRole("button", { name: "Сохранить" }).click();
  await colleague.row(words("gleb", 3)).waitFor({ state: "detached" });
  await line.getByText("0 каналов").waitFor();
  await page.reload();
  await line.getByRole("button", { name: /Изменить/ }).click();
  await form.getByText("Все каналы, и будущие тоже").click();
  await form.getByRole("button", { name: "Сохранить" }).click();
  await colleague.row(words("gleb", 3)).waitFor();
});

it("makes a token that works until it is revoked", async () => {
  const { page } = owner;
  await page.goto(`${demo.url}/settings/tokens`);
  await page.getByRole("button", { name: "Создать токен" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Название").fill(`Бот ${run}`);
  await form.getByRole("button", { name: "Создать токен" }).click();
  const secret = (await form.locator("code, input[readonly]").first().evaluate((one) => (one instanceof HTMLInputElement ? one.value : one.textContent))) ?? "";
  const asks = async () => (await fetch(`${demo.url}/api/v1/conversations`, { headers: { authorization: `Bearer ${secret}` } })).status;
  expect(await asks()).toBe(200);
  await form.getByRole("button", { name: "Закрыть" }).last().click();
  await page.reload();
  const line = page.getByRole("row", { name: new RegExp(`Бот ${run}`) });
  expect(await page.content()).not.toContain(secret);
  await line.getByRole("button", { name: /Отозвать|Удалить/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Отозвать" }).click();
  await line.waitFor({ state: "detached" });
  expect(await asks()).toBe(401);
});
