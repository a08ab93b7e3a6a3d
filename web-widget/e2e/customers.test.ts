/** «Клиенты»: who wrote and who was written down, changed where they stand, found, made one and taken apart; and a new dialog. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { accessible, api, demo, hostPage, Manager, Visitor } from "./people.ts";
import { Provider } from "./provider.ts";

type Channel = { id: string; widget?: { key: string; origins: string[] } };
type Customer = { id: string; name: string; phones: { value: string; by: string }[] };

const run = Math.random().toString(36).slice(2, 8);
const password = `parol-${run}-dlinny`;
const words = (who: string) => `${who}-${run}`;
/** Every run has its own phone: the demo's data may be older than the run. */
const digits = String(Date.now()).slice(-7);

let browser: Browser;
let owner: Manager;
let second: Manager;
let anna: Visitor;

const line = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const write = async (page: Page, name: string, value: string, key = "Enter") => {
  await line(page, name).click();
  await page.keyboard.insertText(value);
  await page.keyboard.press(key);
};
const toast = (page: Page, text: string) => page.locator(".toasts p", { hasText: text });
const found = async (q: string) => (await api<{ items: Customer[] }>("GET", `/customers?q=${encodeURIComponent(q)}`)).items;

beforeAll(async () => {
  const { items } = await api<{ items: Channel[] }>("GET", "/channels");
  const channel = items.find((one) => one.widget?.key === demo.widget_key);
  if (!channel?.widget) throw new Error("the demo has no widget");
  await api("PATCH", `/channels/${channel.id}`, { widget: { origins: [...channel.widget.origins, hostPage] } });
  await api("POST", "/users", { name: "Инна", email: `customers-${run}@example.com`, password, role: "manager", channels: null });
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
  second = await Manager.enter(browser, `customers-${run}@example.com`, password);
  anna = await Visitor.come(browser);
  await anna.says(words("anna"));
  await owner.row(words("anna")).waitFor();
});
afterAll(() => browser?.close());

it("changes what is known of a customer in the card, at the other manager's at once and over a reload", async () => {
  await owner.open(words("anna"));
  await second.open(words("anna"));
  for (const { page } of [owner, second]) await page.getByRole("button", { name: "О клиенте" }).click();
  await write(owner.page, "Добавить телефон", "звоните");
  await owner.page.locator(".card .edit-field [role=alert]", { hasText: "не номер телефона" }).waitFor();
  await owner.page.keyboard.press("Escape");
  await write(owner.page, "Добавить телефон", `8 (999) ${digits}`);
  await owner.page.locator(`.card a[href="tel:+7999${digits}"]`).waitFor();
  await write(owner.page, "Добавить имя", `Анна Лебедева ${words("lebedeva")}`);
  await second.page.locator(".card h2", { hasText: words("lebedeva") }).waitFor();
  await second.row(`Анна Лебедева ${words("lebedeva")}`).waitFor();
  await second.page.locator(`.card a[href="tel:+7999${digits}"]`).waitFor();
  await write(second.page, "Добавить заметку", "Звонить после шести", "Control+Enter");
  await owner.page.reload();
  await owner.page.getByRole("button", { name: "О клиенте" }).click();
  await owner.page.locator(".card .edit-line", { hasText: "Звонить после шести" }).waitFor();
  // Taken away, and back by the word that undoes it.
  await owner.page.getByRole("button", { name: `Удалить: +7999${digits}` }).click();
  await owner.page.locator(`.card a[href="tel:+7999${digits}"]`).waitFor({ state: "detached" });
  await toast(owner.page, "Удалено").getByRole("button", { name: "Отменить" }).click();
  await second.page.locator(`.card a[href="tel:+7999${digits}"]`).waitFor();
});

it("finds customers by name, phone and in the wrong layout, beside the messages", async () => {
  const { page } = owner;
  await page.goto(demo.url);
  await page.getByRole("searchbox", { name: "Сообщения и клиенты" }).fill(`8999${digits}`);
  await page.locator(".found .row", { hasText: words("lebedeva") }).click();
  await page.getByRole("heading", { level: 1, name: words("lebedeva") }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/customers\//);
  await page.keyboard.press("/");
  await page.keyboard.insertText("никого-такого-нет");
  await page.locator(".empty", { hasText: "Ничего не нашлось" }).waitFor();
  // «Лебедева», typed in the Latin layout.
  await page.getByRole("searchbox").fill("Kt,tltdf");
  await page.locator(".found .row", { hasText: `+7999${digits}` }).waitFor();
  expect(await page.locator(".found .row").count()).toBe(1);
});

it("writes down who has not written, with each error at its field", async () => {
  const { page } = owner;
  await page.goto(`${demo.url}/customers`);
  await page.getByRole("button", { name: "Добавить клиента" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill("вера");
  await dialog.getByRole("button", { name: "Сохранить" }).click();
  await dialog.locator(".field.bad", { hasText: "E-mail" }).waitFor();
  await dialog.getByLabel("Имя").fill(`Вера ${words("vera")}`);
  await dialog.getByLabel("E-mail").fill(`${words("vera")}@shop.example`);
  await dialog.getByRole("button", { name: "Сохранить" }).click();
  await page.getByRole("heading", { level: 1, name: words("vera") }).waitFor();
  await second.page.goto(`${demo.url}/customers`);
  await second.page.locator(".list .row", { hasText: words("vera") }).waitFor();
  await accessible(page, "a customer");
});

it("makes one customer of two, undoes it, and takes them apart", async () => {
  const { page } = owner;
  const merge = async () => {
    await page.locator(".customer").getByRole("button", { name: "Ещё" }).click();
    await page.getByRole("menuitem", { name: "Объединить с другим" }).click();
    await page.getByRole("dialog").getByRole("searchbox").fill(words("lebedeva"));
    await page.getByRole("dialog").getByRole("radio", { name: words("lebedeva") }).check();
    await page.getByRole("dialog").getByRole("button", { name: "Объединить" }).click();
  };
  await merge();
  await page.locator(".talks .row", { hasText: words("anna") }).waitFor();
  await second.page.locator(".list .row", { hasText: words("lebedeva") }).waitFor({ state: "detached" });
  expect((await found(words("lebedeva"))).map((one) => one.name)).toEqual([`Вера ${words("vera")}`]);
  await toast(page, "Теперь это один клиент").getByRole("button", { name: "Отменить" }).click();
  await second.page.locator(".list .row", { hasText: words("lebedeva") }).waitFor();
  await page.locator(".talks .none").waitFor();
  await merge();
  await page.getByRole("button", { name: "Разделить" }).click();
  await page.locator(".talks .none").waitFor();
  await page.reload();
  await page.locator(".talks .none").waitFor();
  expect((await found(words("lebedeva"))).length).toBe(1);
});

it("begins a new dialog by keyboard: who may be meant, which channels cannot write first and why", async () => {
  const { page } = owner;
  await page.goto(demo.url);
  await page.locator(".rail .dot.on").waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog", { name: "Новый диалог" });
  await dialog.getByLabel("Кому").waitFor();
  await page.keyboard.insertText(`+7 999 ${digits}`);
  await dialog.locator(".choice.off", { hasText: "не умеет писать первым" }).first().waitFor();
  expect(await dialog.getByRole("radio").first().isDisabled()).toBe(true);
  expect(await dialog.getByRole("button", { name: "Отправить" }).isDisabled()).toBe(true);
  await accessible(page, "a new dialog");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await owner.sees(words("anna"));
});

it("writes first through a channel that can, once, into the conversation of that address", async () => {
  const provider = await Provider.behind(demo);
  const channel = await provider.channel<{ name: string }>();
  const { page } = owner;
  const begin = async (text: string) => {
    await page.goto(demo.url);
    await page.getByRole("button", { name: "Новый диалог" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Кому").fill(`@vera${run}`);
    // Other tests have such channels too, whose providers are gone.
    await dialog.locator(".choice", { hasText: channel.name }).getByRole("radio").check();
    await dialog.getByLabel("Сообщение").fill(text);
    return dialog;
  };
  const dialog = await begin(`Здравствуйте, ${run}`);
  await dialog.getByRole("button", { name: "Отправить" }).click();
  await page.locator(".msg.outbound .state.sent").waitFor();
  const talk = new URL(page.url()).pathname;
  await provider.writes(`chat of @vera${run}`, `Добрый день, ${run}`, "Вера Новая");
  await owner.sees(`Добрый день, ${run}`);
  // Once more: the conversation is there already, and is offered.
  const again = await begin("Ещё вопрос");
  await again.getByRole("link", { name: "Открыть переписку" }).waitFor();
  await again.getByRole("button", { name: "Отправить" }).click();
  await page.waitForURL(`**${talk}`);
  await page.locator(".msg.outbound", { hasText: "Ещё вопрос" }).locator(".state.sent").waitFor();
  expect(provider.calls.map((call) => [call.chat, call.text])).toEqual([[null, `Здравствуйте, ${run}`], [`chat of @vera${run}`, "Ещё вопрос"]]);
  provider.close();
});

it("asks whether two may be one person: answered once, it is not asked again", async () => {
  const { page } = owner;
  const phones = [`+7998${digits}`];
  const add = async (name: string) => (await api<Customer>("POST", "/customers", { name: `${name} ${run}`, phones })).id;
  const galina = await add("Галина");
  await add("Галя");
  await add("Георгий");
  await page.goto(`${demo.url}/customers/${galina}`);
  const asked = page.getByRole("region", { name: "Возможно, это тот же человек" });
  const one = (name: string) => asked.getByRole("listitem").filter({ hasText: `${name} ${run}` });
  await one("Георгий").getByText(`Тот же телефон: ${phones[0]}`).waitFor();
  await accessible(page, "who may be the same person");
  await one("Георгий").getByRole("button", { name: "Это другой человек" }).click();
  await one("Георгий").waitFor({ state: "detached" });
  await one("Галя").getByRole("button", { name: "Объединить" }).click();
  await toast(page, "Теперь это один клиент").waitFor();
  await asked.waitFor({ state: "detached" });
  await page.reload();
  await page.locator(".known-as", { hasText: `Галя ${run}` }).waitFor();
  expect(await asked.count()).toBe(0);
  // Beside the conversation, too: Anna has the phone of somebody who was written down.
  await api("POST", "/customers", { name: `Аня ${run}`, phones: [`+7999${digits}`] });
  await page.goto(demo.url);
  await owner.open(words("anna"));
  await page.getByRole("button", { name: "О клиенте" }).click();
  await page.locator(".card .alike", { hasText: `Аня ${run}` }).getByRole("button", { name: "Это другой человек" }).click();
  await page.locator(".card .alike").waitFor({ state: "detached" });
});
