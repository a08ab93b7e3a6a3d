/** The owner's lists: one table everywhere, the way to a page, filters, footnotes. */
import { createRequire } from "node:module";
import { runInNewContext } from "node:vm";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { accessible, api, demo, Manager, Visitor } from "./people.ts";
import { letIn, person, set, widgetChannel } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const story = it.runIf(process.env.KOMMUTATOR_BIN !== undefined);

let browser: Browser;
let page: Page;

const row = (words: string): Locator => page.locator(".records tbody tr", { hasText: words });
const go = (path: string) => page.goto(`${demo.url}/settings/${path}`);
type Channel = { id: string; name: string; active: boolean };
const channels = async () => (await api<{ items: Channel[] }>("GET", "/channels")).items.filter((one) => one.name.includes(run));

beforeAll(async () => {
  if (process.env.KOMMUTATOR_BIN === undefined) return;
  await letIn();
  browser = await launch();
  ({ page } = await Manager.enter(browser, demo.email, demo.password));
});
afterAll(() => browser?.close());

story("leads to a page by the way above it, and calls the window by its page", async () => {
  await go("channels");
  await page.getByRole("link", { name: "Создать канал" }).click();
  await page.getByRole("button", { name: "Виджет сайта" }).click();
  await page.getByRole("heading", { name: "Создание канала" }).waitFor();
  await expect.poll(() => page.title()).toContain("Создание канала · Kommutator");
  // Nothing is stored before it is saved, and an error stands at its field.
  await page.getByRole("button", { name: "Создать виджет" }).click();
  await page.getByRole("alert").first().waitFor();
  expect(await channels()).toEqual([]);
  await page.getByLabel("Название").fill(`Первый ${run}`);
  await page.getByLabel("Адреса сайтов").fill("https://one.example");
  await page.getByRole("button", { name: "Создать виджет" }).click();
  await page.getByText("Канал был успешно создан.").waitFor();
  await page.getByRole("heading", { name: `Редактирование канала: Первый ${run}` }).waitFor();
  await expect.poll(() => page.title()).toContain(`Редактирование канала: Первый ${run}`);
  const way = page.getByRole("navigation", { name: "Путь" });
  expect((await way.innerText()).split(/\s*[/\n]\s*/)).toEqual(["Входящие каналы", "Виджет сайта", "Редактирование"]);
  await way.getByRole("link", { name: "Входящие каналы" }).click();
  await row(`Первый ${run}`).waitFor();
  await expect.poll(() => page.title()).toContain("Входящие каналы · Kommutator");
});

story("switches several channels off at once and undoes it; sorts them; deletes them", async () => {
  await api("POST", "/channels", { kind: "site_widget", name: `Второй ${run}`, widget: { origins: ["https://two.example"], appearance: { title: "Два", greeting: "", accent: "#3b5bdb", side: "right" } } });
  await go("channels");
  await row(`Второй ${run}`).waitFor();
  const all = await page.locator(".records tbody tr").count();
  await page.getByText(`Показаны записи 1-${all} из ${all}.`).waitFor();
  for (const name of ["Первый", "Второй"]) await page.getByLabel(`Выбрать: ${name} ${run}`).or(row(`${name} ${run}`).getByRole("checkbox")).first().check();
  await page.getByText("Выделенные: 2").waitFor();
  // Only what fits: none of them is inactive.
  expect(await page.getByRole("button", { name: "Активировать", exact: true }).count()).toBe(0);
  await page.getByRole("button", { name: "Деактивировать" }).click();
  await row(`Первый ${run}`).getByText("Неактивный").waitFor();
  await row(`Второй ${run}`).getByText("Неактивный").waitFor();
  expect((await channels()).map((one) => one.active)).toEqual([false, false]);
  await page.locator(".toasts").getByRole("button", { name: "Отменить" }).click();
  await row(`Второй ${run}`).getByText("Активный", { exact: true }).waitFor();
  await page.reload();
  await row(`Первый ${run}`).getByText("Активный", { exact: true }).waitFor();
  expect((await channels()).map((one) => one.active)).toEqual([true, true]);
  await page.getByRole("columnheader", { name: "Имя" }).getByRole("button").click();
  await expect.poll(() => page.locator("th[aria-sort=ascending]").count()).toBe(1);
  const names = async () => (await page.locator(".records tbody tr").allInnerTexts()).filter((text) => text.includes(run)).map((text) => text.split(" ")[0]);
  expect((await names()).map((name) => name?.trim())).toEqual(["Второй", "Первый"]);
  await page.getByRole("columnheader", { name: "Имя" }).getByRole("button").click();
  expect((await names()).map((name) => name?.trim())).toEqual(["Первый", "Второй"]);
  await accessible(page, "the table of channels");
  for (const name of ["Первый", "Второй"]) await row(`${name} ${run}`).getByRole("checkbox").check();
  await page.locator(".deeds-of").getByRole("button", { name: "Удалить" }).click();
  await page.getByRole("dialog").getByText(`Второй ${run}`).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Удалить" }).click();
  await expect.poll(() => row(run).count()).toBe(0);
  expect(await channels()).toEqual([]);
});

story("finds a line of the log by who, what and when", async () => {
  await go("audit");
  await row("Канал удалён").first().waitFor();
  expect(await page.getByLabel("Кто").count()).toBe(0);
  await page.getByRole("button", { name: "Фильтры" }).click();
  await page.getByLabel("Что").selectOption({ label: "Канал удалён" });
  await expect.poll(async () => (await page.locator(".records tbody tr").allInnerTexts()).every((text) => text.includes("Канал удалён"))).toBe(true);
  await row(`Первый ${run}`).waitFor();
  await page.getByLabel("По", { exact: true }).fill("2020-01-01");
  await page.getByText("Ничего не нашлось").waitFor();
  await page.getByLabel("По", { exact: true }).fill("2199-01-01");
  await page.getByLabel("С", { exact: true }).fill("2020-01-01");
  await row(`Первый ${run}`).waitFor();
  await accessible(page, "the log with its filters open");
  await page.getByRole("button", { name: "Сбросить" }).click();
  await row("Канал создан").first().waitFor();
});

story("marks the names the law wants marked, with a footnote, in Russian only", async () => {
  await set({ messengers: [{ kind: "instagram", link: "https://instagram.example/shop" }] });
  await go(`channels/${(await widgetChannel()).id}`);
  await page.getByRole("tab", { name: "Мессенджеры" }).click();
  expect(await page.getByLabel("Мессенджер", { exact: true }).locator("option").allInnerTexts()).toContain("Instagram*");
  await page.locator(".footnote", { hasText: "Meta Platforms" }).waitFor();
  await page.getByRole("tab", { name: "Вид", exact: true }).click();
  await expect.poll(() => page.locator(".footnote").count()).toBe(0);
  const speak = (locale: string) => page.evaluate((locale) => fetch("/api/v1/me", { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ locale }) }).then((answer) => answer.status), locale);
  await speak("en");
  await page.reload();
  await page.getByRole("tab", { name: "Messengers" }).click();
  expect(await page.getByLabel("Messenger", { exact: true }).locator("option").allInnerTexts()).toContain("Instagram");
  expect(await page.locator(".footnote").count()).toBe(0);
  await speak("ru");
  await set({});
});

story("shows the owner what waits and what is stuck, live, and leads there", async () => {
  await page.goto(`${demo.url}/home`);
  await page.getByRole("heading", { name: "Обзор", level: 2 }).waitFor();
  const waiting = page.getByTestId("home-unanswered").locator("b");
  const before = Number(await waiting.textContent());
  const visitor = await Visitor.come(browser);
  await visitor.says(`Кто-нибудь есть? ${run}`);
  // Without a reload, and again after one.
  await expect.poll(async () => Number(await waiting.textContent())).toBe(before + 1);
  await page.reload();
  await expect.poll(async () => Number(await waiting.textContent().catch(() => "0"))).toBe(before + 1);
  await page.getByText("Ничего не застряло.").waitFor();
  await accessible(page, "the owner's first page");
  const hook = await api<{ id: string }>("POST", "/webhooks", { name: `Молчит ${run}`, url: "http://127.0.0.1:9/", events: ["message.added"] });
  await api("POST", `/webhooks/${hook.id}/test`);
  const line = page.locator(".line-of.bad", { hasText: `Молчит ${run}` });
  await visitor.says(`Алло ${run}`);
  await expect.poll(async () => { await page.reload(); await page.locator(".cards-of").waitFor(); return line.count(); }).toBe(1);
  await line.click();
  await page.getByRole("heading", { name: `Редактирование вебхука: Молчит ${run}` }).waitFor();
  await api("DELETE", `/webhooks/${hook.id}`);
  const list = await api<{ items: { id: string; preview: { text: string } }[] }>("GET", "/conversations?view=unanswered&limit=100");
  const talk = list.items.find((one) => one.preview.text.includes(run));
  await api("POST", `/conversations/${talk?.id ?? ""}/close`);
});

story("hands the owner the secret that signs visitors, with the code that signs, and the widget believes it", async () => {
  const { id } = await widgetChannel();
  await go(`channels/${id}`);
  const block = page.getByTestId("identity");
  await block.getByRole("button", { name: "Показать секрет" }).click();
  const secret = (await block.getByLabel("Секрет", { exact: true }).textContent()) ?? "";
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  for (const [tab, word] of [["PHP", "hash_hmac"], ["Node.js", "createHmac"], ["Python", "hmac.new"]] as const) {
    await block.getByRole("tab", { name: tab }).click();
    await block.getByText(word).waitFor();
  }
  // The sample as it is shown, run as a site's server would.
  await block.getByRole("tab", { name: "Node.js" }).click();
  const code = (await block.getByLabel("Node.js", { exact: true }).textContent()) ?? "";
  const signature = runInNewContext(`${code}\nsignature`, { require: createRequire(import.meta.url), process: { env: { KOMMUTATOR_SECRET: secret } }, user: { id: `u-${run}` } }) as string;
  // The page says who it is before the chat is opened, as a site does for who is logged in.
  const visitor = await Visitor.arrive(browser);
  await visitor.page.evaluate(([user, signed]) => (window as unknown as { Kommutator: (what: string, who: unknown) => void }).Kommutator("identify", { id: user, name: "Подписанный", signature: signed }), [`u-${run}`, signature]);
  await visitor.open();
  await visitor.says(`Это я ${run}`);
  const { conversation, ...who } = await person(`Это я ${run}`);
  expect(who.site_id).toBe(`u-${run}`);
  await api("POST", `/conversations/${conversation}/close`);
  await go("audit");
  await row("Показан секрет виджета").first().waitFor();
});
