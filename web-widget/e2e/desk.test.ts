/** What managers do with conversations all day: put aside, tag, close and undo, pick many, answer by two keys, mend their words. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { pdf } from "./files.mjs";
import { accessible, api, demo, hostPage, Manager, Visitor } from "./people.ts";

type Channel = { id: string; widget?: { key: string; origins: string[] } };
type Talk = { id: string; title: string; preview: { text: string } };

const run = Math.random().toString(36).slice(2, 8);
const password = `parol-${run}-dlinny`;
const words = (who: string, n: number) => `${who}-${run}-${n}`;

let browser: Browser;
let owner: Manager;
let second: Manager;
let anna: Visitor;
let boris: Visitor;
let annaTalk: string;

const menu = (manager: Manager, name: string) => manager.page.locator(".head").getByRole("button", { name });
const pick = async (manager: Manager, button: string, line: string) => {
  await menu(manager, button).click();
  await manager.page.getByRole("menu").getByText(line, { exact: true }).click();
};
const view = async (manager: Manager, name: string) => {
  await manager.page.locator(".views .choice").click();
  await manager.page.getByRole("menuitemradio", { name: new RegExp(`^${name}`) }).click();
};
const toast = (manager: Manager, text: string) => manager.page.locator(".toasts p", { hasText: text });
const undo = (manager: Manager, text: string) => toast(manager, text).getByRole("button", { name: "Отменить" }).click();
const talkOf = async (text: string): Promise<Talk> => {
  const all = await api<{ items: Talk[] }>("GET", "/conversations?limit=100");
  const found = all.items.find((one) => one.preview.text.includes(text));
  if (!found) throw new Error(`no conversation ends with ${text}`);
  return found;
};

beforeAll(async () => {
  const { items } = await api<{ items: Channel[] }>("GET", "/channels");
  const channel = items.find((one) => one.widget?.key === demo.widget_key);
  if (!channel?.widget) throw new Error("the demo has no widget");
  await api("PATCH", `/channels/${channel.id}`, { widget: { origins: [...channel.widget.origins, hostPage] } });
  await api("POST", "/users", { name: "Вторая", email: `desk-${run}@example.com`, password, role: "manager", channels: null });
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  second = await Manager.enter(browser, `desk-${run}@example.com`, password);
  anna = await Visitor.come(browser);
  boris = await Visitor.come(browser);
  await anna.says(words("anna", 1));
  await boris.says(words("boris", 1));
  await owner.row(words("anna", 1)).waitFor();
  annaTalk = (await talkOf(words("anna", 1))).id;
});
afterAll(() => browser?.close());

it("closes, and undoes it by the word that says so", async () => {
  await owner.open(words("anna", 1));
  await menu(owner, "Закрыть переписку").click();
  await second.row(words("anna", 1)).waitFor({ state: "detached" });
  await undo(owner, "Переписка закрыта");
  await second.row(words("anna", 1)).waitFor();
});

it("gives a conversation to a colleague, who finds it under her own", async () => {
  await pick(owner, "Кто отвечает", "Вторая");
  await view(second, "Мои");
  await second.row(words("anna", 1)).waitFor();
  expect(await second.row(words("boris", 1)).count()).toBe(0);
  await second.reload();
  await second.page.locator(".head, .views").first().waitFor();
});

it("puts a conversation aside; the customer's next word brings it back", async () => {
  await view(second, "Все");
  await pick(owner, "Отложить", "До завтра");
  await second.row(words("anna", 1)).waitFor({ state: "detached" });
  await view(second, "Отложенные");
  await second.row(words("anna", 1)).waitFor();
  await view(second, "Все");
  await anna.says(words("anna", 2));
  await second.row(words("anna", 2)).waitFor();
});

it("brings it back by itself when its moment comes", async () => {
  const talk = await talkOf(words("boris", 1));
  await api("POST", `/conversations/${talk.id}/snooze`, { until: new Date(Date.now() + 1_500).toISOString() });
  await second.row(words("boris", 1)).waitFor({ state: "detached" });
  await second.row(words("boris", 1)).waitFor();
});

it("marks a conversation unread again, for everybody and over a reload", async () => {
  await owner.open(words("anna", 2));
  await owner.page.locator(".row.selected:not(.fresh)").waitFor();
  await pick(owner, "Ещё", "Отметить непрочитанной");
  await second.row(words("anna", 2)).locator(".pill.dot").waitFor();
  await second.reload();
  await second.row(words("anna", 2)).locator(".pill.dot").waitFor();
  await owner.open(words("anna", 2));
  await second.row(words("anna", 2)).locator(".pill.dot").waitFor({ state: "detached" });
});

it("makes a tag where it is wanted and finds by it", async () => {
  await menu(owner, "Метки").click();
  await owner.page.getByRole("menu").getByText("Новая метка").click();
  await owner.page.getByRole("dialog").getByLabel("Название метки").fill(`Опт ${run}`);
  await owner.page.getByRole("dialog").getByRole("button", { name: "Добавить" }).click();
  await second.row(words("anna", 2)).getByRole("img", { name: `Опт ${run}` }).waitFor();
  await second.page.getByRole("button", { name: "Отобрать по каналу" }).click();
  await second.page.getByRole("menuitemradio", { name: `Опт ${run}` }).click();
  await second.row(words("boris", 1)).waitFor({ state: "detached" });
  await expect.poll(() => second.page.locator(".row").count()).toBe(1);
  await second.page.getByRole("button", { name: `Убрать отбор: Опт ${run}` }).click();
  await second.row(words("boris", 1)).waitFor();
});

it("does one thing with many, and undoes it with all of them", async () => {
  for (const who of [words("anna", 2), words("boris", 1)]) {
    await owner.row(who).hover();
    await owner.row(who).getByRole("checkbox").click();
  }
  await owner.page.getByText("Выбрано 2").waitFor();
  await owner.page.locator(".bulk").getByRole("button", { name: "Закрыть переписку" }).click();
  for (const who of [words("anna", 2), words("boris", 1)]) await second.row(who).waitFor({ state: "detached" });
  await undo(owner, "Закрыто переписок: 2");
  for (const who of [words("anna", 2), words("boris", 1)]) await second.row(who).waitFor();
});

it("answers by a canned reply with the customer's name left out where there is none", async () => {
  await owner.page.goto(`${demo.url}/settings/replies`);
  await owner.page.getByRole("button", { name: "Новый ответ" }).first().click();
  const form = owner.page.getByRole("dialog");
  await form.getByLabel("Сокращение").fill("два слова");
  await form.getByLabel("Текст").fill("%NAME%, цены на сайте");
  await form.getByRole("button", { name: "Сохранить" }).click();
  await form.getByText("Только буквы, цифры").waitFor();
  await form.getByLabel("Сокращение").fill(`цена-${run}`);
  await form.getByRole("button", { name: "Сохранить" }).click();
  await owner.page.getByText("Показаны записи 1-1 из 1.").waitFor();
  await accessible(owner.page, "replies");
  await second.open(words("anna", 2));
  const area = second.page.locator(".composer textarea");
  // In the wrong layout: «цен».
  await area.fill("/wty");
  await second.page.getByRole("option", { name: new RegExp(`цена-${run}`) }).waitFor();
  await area.press("Enter");
  await expect.poll(() => area.inputValue()).toMatch(/цены на сайте$/i);
  await area.press("Enter");
  await anna.said("цены на сайте").waitFor();
});

it("changes the last words by the arrow, takes others back, and reacts", async () => {
  await second.says(words("second", 1));
  const area = second.page.locator(".composer textarea");
  await area.press("ArrowUp");
  await expect.poll(() => area.inputValue()).toBe(words("second", 1));
  await area.fill(words("second", 2));
  await area.press("Enter");
  await anna.said(words("second", 2)).waitFor();
  expect(await anna.said(words("second", 1)).count()).toBe(0);
  await second.bubble(words("anna", 2)).hover();
  await second.page.locator(".msg.inbound", { hasText: words("anna", 2) }).getByRole("button", { name: "Реакция" }).click();
  await second.page.getByRole("menuitemradio", { name: "🔥" }).click();
  await second.page.locator(".reactions").getByText("🔥").waitFor();
  await second.page.locator(".msg.outbound", { hasText: words("second", 2) }).hover();
  await second.page.locator(".msg.outbound", { hasText: words("second", 2) }).getByRole("button", { name: "Действия с сообщением" }).click();
  await second.page.getByRole("menuitem", { name: "Удалить сообщение" }).click();
  await second.page.getByRole("dialog").getByRole("button", { name: "Удалить сообщение" }).click();
  await anna.said(words("second", 2)).waitFor({ state: "detached" });
  await second.reload();
  await second.page.locator(".reactions").getByText("🔥").waitFor();
  expect(await second.bubble(words("second", 2)).count()).toBe(0);
});

it("shows who else is there, and warns before a second answer", async () => {
  await owner.page.goto(demo.url);
  await owner.row(words("boris", 1)).waitFor();
  await owner.open(words("boris", 1));
  await second.open(words("boris", 1));
  await owner.page.locator(".lookers [role=img], .lookers").first().waitFor();
  await second.page.getByLabel(/Смотрят и другие/).waitFor();
  const area = owner.page.locator(".composer textarea");
  await area.fill(words("owner", 1));
  await second.says(words("second", 3));
  await owner.sees(words("second", 3));
  await area.press("Enter");
  const asks = owner.page.getByRole("dialog", { name: "Клиенту уже ответили" });
  await asks.getByRole("button", { name: "Отмена" }).click();
  expect(await boris.said(words("owner", 1)).count()).toBe(0);
  await area.press("Enter");
  await asks.getByRole("button", { name: "Отправить всё равно" }).click();
  await boris.said(words("owner", 1)).waitFor();
});

it("keeps a draft for the manager's other device", async () => {
  const area = owner.page.locator(".composer textarea");
  const kept = owner.page.waitForResponse((answer) => answer.url().includes("/me/drafts/") && (answer.request().postData() ?? "").includes(words("draft", 1)));
  await area.fill(words("draft", 1));
  await kept;
  const other = await Manager.enter(browser, demo.email, demo.password);
  await other.page.locator(".row", { hasText: words("draft", 1) }).click();
  await expect.poll(() => other.page.locator(".composer textarea").inputValue()).toBe(words("draft", 1));
  await other.context.close();
  await area.fill("");
});

it("pins, mutes and blocks; the blocked one's words are shown to nobody", async () => {
  await pick(owner, "Ещё", "Закрепить");
  await owner.page.locator(".pinned a").waitFor();
  await owner.reload();
  await owner.page.locator(".pinned a").waitFor();
  expect(await second.page.locator(".pinned a").count()).toBe(0);
  await pick(owner, "Ещё", "Заблокировать клиента");
  await owner.page.getByRole("dialog").getByRole("button", { name: "Заблокировать клиента" }).click();
  await owner.page.locator(".head .who p", { hasText: "Заблокирован" }).waitFor();
  await boris.says(words("boris", 2));
  // Nor is it seen that he writes: what others say comes by the same socket, after it.
  await anna.in("textarea").fill("...");
  await owner.page.locator(".row .typing").waitFor();
  expect(await owner.page.locator(".head .who p").textContent()).toContain("Заблокирован");
  await anna.in("textarea").fill("");
  await undo(owner, "Клиент заблокирован");
  // The line that said so goes at once, the head's word once it is done.
  await owner.page.locator(".head .who p", { hasText: "Заблокирован" }).waitFor({ state: "detached" });
  await boris.says(words("boris", 3));
  await owner.sees(words("boris", 3));
  expect(await owner.bubble(words("boris", 2)).count()).toBe(0);
});

it("tells what happened and shows the files in the customer's card", async () => {
  await owner.page.goto(`${demo.url}/c/${annaTalk}`);
  await owner.sends([{ name: `plan-${run}.pdf`, mimeType: "application/pdf", buffer: pdf("plan") }]);
  await owner.page.getByRole("button", { name: "О клиенте" }).click();
  const card = owner.page.getByRole("complementary", { name: "О клиенте" });
  await card.getByText(`plan-${run}.pdf`).waitFor();
  await card.getByText(`Опт ${run}`).first().waitFor();
  await card.getByText("Ответственный: Вторая").waitFor();
  await card.getByText("Закрыта", { exact: true }).first().waitFor();
  await accessible(owner.page, "card");
});

it("goes anywhere by the palette, in either keyboard layout", async () => {
  await owner.page.keyboard.press("Escape");
  await owner.page.keyboard.press("Control+k");
  const palette = owner.page.getByRole("dialog", { name: "Команды" });
  await palette.waitFor();
  await accessible(owner.page, "palette");
  // «метк» in the wrong layout.
  await owner.page.keyboard.type("vtnr");
  await palette.getByRole("option", { name: "Метки" }).first().waitFor();
  await owner.page.keyboard.press("Enter");
  await owner.page.getByRole("heading", { name: "Метки", level: 2 }).waitFor();
  expect(new URL(owner.page.url()).pathname).toBe("/settings/tags");
});

it("tells of a new message, but not of a muted conversation", async () => {
  const context = await browser.newContext({ locale: "ru", viewport: { width: 1280, height: 800 }, permissions: ["notifications"] });
  const page = await context.newPage();
  // The page is out of sight, and what it shows and sounds is written down.
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    const Real = window.Notification;
    window.Notification = class extends Real {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        told.push(`${title}: ${options?.body ?? ""}`);
      }
    };
    // What the service worker is asked to show is shown too.
    const shown = Reflect.get<ServiceWorkerRegistration, "showNotification">(ServiceWorkerRegistration.prototype, "showNotification");
    ServiceWorkerRegistration.prototype.showNotification = function (this: ServiceWorkerRegistration, title: string, options?: NotificationOptions) {
      told.push(`${title}: ${options?.body ?? ""}`);
      return shown.call(this, title, options);
    };
    const ring = Object.fromEntries([["start", Reflect.get(OscillatorNode.prototype, "start")]]) as { start: (when?: number) => void };
    OscillatorNode.prototype.start = function (this: OscillatorNode, when?: number) {
      told.push("sound");
      ring.start.call(this, when);
    };
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
  });
  const told = () => page.evaluate(() => (window as unknown as { told: string[] }).told);
  // What she wishes to hear of is known late, and not at the first try: what comes before it is told then.
  let wishes = (): void => undefined;
  const asked = new Promise<void>((done) => (wishes = done));
  let times = 0;
  await page.route("**/api/v1/me/notices", async (route) => {
    times += 1;
    await asked;
    await (times === 1 ? route.abort() : route.continue());
  });
  await page.goto(demo.url);
  await page.getByLabel("E-mail").fill(demo.email);
  await page.getByLabel("Пароль").fill(demo.password);
  await page.getByRole("button", { name: "Войти" }).click();
  await page.locator(".rail .dot.on").waitFor();
  await boris.says(words("boris", 4));
  await page.locator(".row", { hasText: words("boris", 4) }).waitFor();
  expect(await told()).toEqual([]);
  wishes();
  await expect.poll(async () => (await told()).some((one) => one.includes(words("boris", 4)))).toBe(true);
  // The device may take a moment to sound.
  await expect.poll(told).toContain("sound");
  // The very first words of somebody nobody knows yet are told too.
  const fresh = await Visitor.come(browser);
  await fresh.says(words("fresh", 1));
  await expect.poll(async () => (await told()).some((one) => one.includes(words("fresh", 1)))).toBe(true);
  await api("POST", `/conversations/${(await talkOf(words("fresh", 1))).id}/close`);
  await fresh.context.close();
  const talk = await talkOf(words("boris", 4));
  await api("POST", `/conversations/${talk.id}/assign`, { user: null });
  await page.locator(".row", { hasText: words("boris", 4) }).click();
  await page.locator(".head").getByRole("button", { name: "Ещё" }).click();
  await page.getByRole("menuitem", { name: "Без звука" }).click();
  await page.locator(".row", { hasText: words("boris", 4) }).locator(".line .icon").first().waitFor();
  await boris.says(words("boris", 5));
  await page.locator(".row", { hasText: words("boris", 5) }).waitFor();
  expect((await told()).some((one) => one.includes(words("boris", 5)))).toBe(false);
  await page.goto(`${demo.url}/settings/notifications`);
  const trials = page.getByRole("group", { name: "Проверить:" });
  await trials.getByRole("button", { name: "Звук" }).click();
  await page.getByText(/Звук прозвучал|не дал проиграть/).waitFor();
  await trials.getByRole("button", { name: "На экране" }).click();
  await expect.poll(async () => (await told()).some((one) => one.includes("Так выглядит уведомление"))).toBe(true);
  await accessible(page, "notifications");
  await context.close();
});

it("goes by keyboard alone: down the list, aside, closed, sent and closed", async () => {
  await owner.page.goto(demo.url);
  await owner.row(words("boris", 5)).waitFor();
  await owner.page.keyboard.press("Home");
  await owner.sees(words("boris", 5));
  await owner.page.keyboard.press("h");
  await owner.page.getByRole("menu").waitFor();
  await owner.page.keyboard.press("Escape");
  await owner.page.keyboard.press("r");
  await owner.page.locator(".composer textarea:focus").fill(words("owner", 2));
  await owner.page.keyboard.press("Control+Enter");
  await boris.said(words("owner", 2)).waitFor();
  await second.row(words("owner", 2)).waitFor({ state: "detached" });
  await accessible(owner.page, "messenger");
});
