/** The amoCRM widget, from its archive, in pages that stand for amoCRM: a button, a conversation that begins there, notices, taken off and put in again. */
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allow, Colleague, HOST } from "./amocrm.ts";
import { launch } from "./browser.mjs";
import { connect, Fake } from "./fakes.ts";
import { accessible, api, colours, demo, Manager, seen } from "./people.ts";
import { Provider } from "./provider.ts";

type Connection = { id: string; kind: string; api_key: string; health: { status: string }; mode: string; facts?: Record<string, string> };
type Account = { users: { id: number; name: string }[]; notes: { params: { text: string } }[] };
const run = Math.random().toString(36).slice(2, 8);
const PHONE = "+79998887766";
const words = (what: string) => `${what} ${run}`;

let browser: Browser;
let amo: Fake;
let vk: Fake;
let provider: Provider;
let page: Page;
let archive: Buffer;
let anna: Colleague;
let deal = 0;
const channels: string[] = [];

const connection = async () => {
  const found = (await api<{ items: Connection[] }>("GET", "/connections")).items.find((one) => one.kind === "amocrm");
  if (!found) throw new Error("it is not connected");
  return found;
};
const account = () => amo.look<Account>("state?account=demo");
const notes = async () => JSON.stringify((await account()).notes);
const values = async (change: Record<string, unknown>) => {
  const { id } = await connection();
  const { values: before } = await api<{ values: Record<string, unknown> }>("GET", `/connections/${id}/settings`);
  await api("PUT", `/connections/${id}/settings`, { values: { ...before, ...change } });
};
/** The customer of the phone writes to the account that first wrote to them. */
const writes = (text: string) => provider.writes(`chat of ${PHONE}`, words(text), "Анна");
/** Somebody's key, as their own browser shows it. */
const keyOf = async (who: Colleague) => {
  await who.go("/#kommutator-key");
  const shown = who.dialog.getByLabel(/^Ключ: /);
  await expect.poll(() => shown.inputValue()).toMatch(/^\S{16,}$/);
  return shown.inputValue();
};

beforeAll(async () => {
  [browser, amo, vk] = await Promise.all([launch(), Fake.of("amocrm"), Fake.of("vk")]);
  await amo.act("settings", { limits: false, signature_clock: "real" });
  provider = await Provider.behind(demo);
  // Other tests begin as if nobody had been here.
  channels.push(provider.made.one, provider.made.two);
  channels.push(...(await connect("vk_messages", { token: "vk1.a.test", base_url: vk.url })));
  await vk.act("allow", { user: 500 });
  const { access_token } = await amo.act<{ access_token: string }>("token", { account: "demo" });
  const field = await fetch(`${amo.url}/${HOST}/api/v4/contacts/custom_fields`, { method: "POST", headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" }, body: JSON.stringify([{ name: "Страница", type: "url" }]) });
  const made = (await field.json()) as { _embedded: { custom_fields: { id: number }[] } };
  const link = made._embedded.custom_fields[0]?.id;
  const { contacts } = await amo.act<{ contacts: number[] }>("makes", { contacts: [{ name: "Анна Клиентова", custom_fields_values: [{ field_code: "PHONE", values: [{ value: "+7 999 888-77-66", enum_code: "WORK" }] }, { field_id: link, values: [{ value: "https://vk.com/id500" }] }] }] });
  const { leads } = await amo.act<{ leads: number[] }>("makes", { leads: [{ name: "Заказ", _embedded: { contacts: [{ id: contacts[0], is_main: true }] } }] });
  deal = leads[0] ?? 0;
  page = (await Manager.enter(browser, demo.email, demo.password)).page;
  await page.goto(`${demo.url}/settings/outgoing/new`);
  await page.getByRole("button", { name: "amoCRM" }).click();
  await allow(page, amo);
  await page.getByRole("heading", { name: /^Редактирование канала: / }).waitFor();
});

afterAll(async () => {
  await api("DELETE", `/connections/${(await connection()).id}`);
  for (const channel of channels) await api("DELETE", `/channels/${channel}`);
  await browser.close();
  provider.close();
  for (const fake of [amo, vk]) fake.end();
});

it("is downloaded from the connection's screen, put into amoCRM and checked there", async () => {
  const block = page.locator("section", { has: page.getByRole("heading", { name: "Виджет amoCRM" }) });
  const [file] = await Promise.all([page.waitForEvent("download"), block.getByRole("link", { name: "Скачать архив" }).click()]);
  archive = await readFile(await file.path());
  const { api_key: key } = await connection();
  // Nothing of this installation is in what amoCRM is given.
  expect(archive.includes(key)).toBe(false);
  expect(await block.getByLabel("API ключ").textContent()).toBe(key);
  await block.getByText("Виджет ещё не обращался.").waitFor();
  anna = await Colleague.enter(browser, amo, "Анна Админова");
  await anna.go("/settings/widgets/");
  await anna.page.getByLabel("Загрузить виджет").setInputFiles({ name: "widget.zip", mimeType: "application/zip", buffer: archive });
  await anna.page.getByRole("button", { name: "Установить" }).click();
  const modal = await anna.settings({ address: demo.url, key: "0".repeat(32) });
  await modal.getByText("API-ключ не подходит.").waitFor();
  await anna.settings({ address: demo.url, key });
  await modal.getByText(/^Подключено: /).waitFor();
  await accessible(anna.page, "the widget's settings");
  await modal.getByRole("button", { name: "Сохранить" }).click();
  await anna.page.getByText("Установлен", { exact: true }).waitFor();
  await page.reload();
  await block.getByText("Виджет работает").waitFor();
  await seen(page, "outgoing-widget");
});

it("begins a conversation by phone and by link, and answers one, from the card of a deal", async () => {
  await anna.go(`/leads/detail/${deal}`);
  const begin = async (channel: string, text: string) => {
    await anna.block.getByRole("button", { name: "Начать диалог через Kommutator" }).click();
    await anna.dialog.getByRole("radio", { name: channel }).first().check();
    await anna.says(words(text));
    await anna.dialog.locator(".k-sent li", { hasText: words(text) }).getByText(/Отправлено|Доставлено|Прочитано/).waitFor();
    await accessible(anna.page, "a conversation begins");
    await anna.page.keyboard.press("Escape");
  };
  await begin(`Probe one ${provider.made.login}`, "по телефону");
  await expect.poll(() => provider.taken.filter((call) => call.text === words("по телефону"))).toMatchObject([{ account: "one", address: PHONE }]);
  const { items } = await api<{ items: { kind: string; name: string }[] }>("GET", "/channels");
  await begin(items.find((one) => one.kind === "vk_messages")?.name ?? "", "по ссылке");
  expect(JSON.stringify(await vk.look("dialog?peer=500"))).toContain(words("по ссылке"));
  await writes("вопрос");
  await anna.go(`/leads/detail/${deal}`);
  await anna.block.getByRole("button", { name: new RegExp(words("вопрос")) }).click();
  await anna.says(words("ответ"));
  await expect.poll(() => provider.taken.filter((call) => call.text === words("ответ"))).toHaveLength(1);
  // It stands in amoCRM, too, once, in the contact's own deal.
  await expect.poll(notes).toContain(words("ответ"));
  await anna.page.emulateMedia({ colorScheme: "dark" });
  await colours(anna.page, "the card, a dark machine");
  await anna.page.emulateMedia({ colorScheme: "light" });
  await anna.page.keyboard.press("Escape");
});

it("writes first to a company's number: whoever has it becomes a contact of deal and company", async () => {
  const number = "+74951234567";
  const { companies } = await amo.act<{ companies: number[] }>("makes", { companies: [{ name: "Ромашка", custom_fields_values: [{ field_code: "PHONE", values: [{ value: "8 (495) 123-45-67" }] }] }] });
  const { contacts } = await amo.act<{ contacts: number[] }>("makes", { contacts: [{ name: "Пётр Директоров", custom_fields_values: [{ field_code: "PHONE", values: [{ value: "+7 999 111-22-33" }] }] }] });
  const { leads } = await amo.act<{ leads: number[] }>("makes", { leads: [{ name: "С Ромашкой", _embedded: { companies: [{ id: companies[0] }], contacts: [{ id: contacts[0] }] } }] });
  await anna.go(`/leads/detail/${String(leads[0])}`);
  await anna.block.getByRole("button", { name: "Начать диалог через Kommutator" }).click();
  await anna.dialog.getByLabel("Контакт").selectOption({ label: "Компания «Ромашка»" });
  await anna.dialog.getByRole("radio", { name: `Probe one ${provider.made.login}` }).check();
  await seen(anna.page, "amocrm-company");
  await anna.says(words("компании"));
  await expect.poll(() => provider.taken.filter((call) => call.text === words("компании"))).toMatchObject([{ account: "one", address: number }]);
  type Stands = { contacts: { id: number; fields: { PHONE?: string[] }; companies: number[] }[]; leads: { id: number; contacts: number[] }[] };
  const found = async () => {
    const state = await amo.look<Stands>("state?account=demo");
    const of = state.contacts.filter((one) => one.fields.PHONE?.includes(number));
    return { companies: of.map((one) => one.companies), deals: state.leads.filter((one) => of.some(({ id }) => one.contacts.includes(id))).map((one) => one.id) };
  };
  await expect.poll(found).toEqual({ companies: [companies], deals: leads });
  await anna.page.keyboard.press("Escape");
});

it("tells the manager whose key it was given, and nobody else", async () => {
  const { users } = await account();
  const [boris, vera] = [await Colleague.enter(browser, amo, "Борис Менеджеров"), await Colleague.enter(browser, amo, String(users.find((one) => one.name.startsWith("Вера"))?.name))];
  const id = String(users.find((one) => one.name.startsWith("Борис"))?.id);
  await values({ notify: "notices", notify_responsible: true, user_keys: { [id]: await keyOf(boris) } });
  await amo.act("changes", { lead: deal, responsible_user_id: Number(id) });
  for (const who of [anna, boris, vera]) await who.go("/");
  await writes("для Бориса");
  await boris.notices(words("для Бориса")).waitFor();
  expect(await boris.notices(words("для Бориса")).getByRole("link").getAttribute("href")).toContain("/leads/detail/");
  // Who connected the account is the next to be told, and was not told of this one.
  await values({ notify_responsible: false });
  await writes("для Анны");
  await anna.notices(words("для Анны")).waitFor();
  expect(await anna.notices(words("для Бориса")).count()).toBe(0);
  expect(await boris.notices(words("для Анны")).count()).toBe(0);
  expect(await vera.page.locator(".notice").count()).toBe(0);
  await Promise.all([boris.context.close(), vera.context.close()]);
});

it("loses nothing when it is taken off and put in again", async () => {
  await anna.go("/settings/widgets/");
  await anna.page.getByRole("button", { name: "Настроить" }).click();
  await anna.page.getByRole("button", { name: "Отключить" }).click();
  await anna.page.getByText("Не установлен").waitFor();
  await writes("пока виджета нет");
  await expect.poll(async () => (await connection()).health.status).toBe("access_lost");
  expect(await notes()).not.toContain(words("пока виджета нет"));
  const before = await connection();
  await anna.page.getByRole("button", { name: "Установить" }).click();
  const modal = await anna.settings({ address: demo.url, key: before.api_key });
  await modal.getByText(/нажмите «Подключить заново»/).waitFor();
  await modal.getByRole("button", { name: "Сохранить" }).click();
  await anna.page.getByText("Установлен", { exact: true }).waitFor();
  await page.goto(`${demo.url}/settings/outgoing/${before.id}`);
  await page.getByRole("button", { name: "Подключить заново" }).click();
  await allow(page, amo);
  await page.getByText("Канал подключён заново.").waitFor();
  await expect.poll(notes).toContain(words("пока виджета нет"));
  expect((await connection()).api_key).toBe(before.api_key);
  await anna.go(`/leads/detail/${deal}`);
  await anna.block.getByRole("button", { name: new RegExp(words("пока виджета нет")) }).click();
  await anna.says(words("снова здесь"));
  await expect.poll(() => provider.taken.filter((call) => call.text === words("снова здесь"))).toHaveLength(1);
});
