/**
 * «Обзор»: the day's numbers, what did not go out, who is here; and what an owner replaces or deletes: each with what the other side sees
 * of it, and what is left after a reload. A server of its own, so that its numbers are known.
 */
import { createHmac } from "node:crypto";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { accessible, caller, type Demo, hostPage, Manager, Visitor } from "./people.ts";
import { Provider } from "./provider.ts";
import { demoServer, type Running } from "./server.mjs";

type Channel = { id: string; widget?: { key: string; origins: string[] } };

let server: Running<Demo>;
let browser: Browser;
let owner: Manager;
let second: Manager;
let provider: Provider;
let widget: Channel;
let colleague: string;

const ask = <Answer>(method: string, path: string, body?: unknown) => caller(server.said)<Answer>(method, path, body);
const home = async (): Promise<Page> => {
  if (new URL(owner.page.url()).pathname !== "/home") await owner.page.goto(`${server.said.url}/home`);
  await owner.page.locator(".cards-of").waitFor();
  return owner.page;
};
const visit = (): Promise<Visitor> => Visitor.arrive(browser, "/overview");
const number = async (of: Locator) => Number((await of.textContent())?.replace(/\D/g, "") ?? "NaN");

beforeAll(async () => {
  server = await demoServer();
  const { items } = await ask<{ items: Channel[] }>("GET", "/channels");
  const found = items.find((one) => one.widget?.key === server.said.widget_key);
  if (!found) throw new Error("the demo has no widget");
  widget = found;
  await ask("PATCH", `/channels/${widget.id}`, { widget: { origins: [hostPage] } });
  const html = `<!doctype html><html lang="ru"><title>Shop</title><h1>Shop</h1><script src="${server.said.url}/widget.js" data-widget="${server.said.widget_key}" async></script></html>`;
  await fetch(`${hostPage}/overview`, { method: "PUT", body: JSON.stringify({ html }) });
  provider = await Provider.behind(server.said);
  colleague = (await ask<{ id: string }>("POST", "/users", { name: "Ольга Сменная", email: "olga@shop.example", password: "olga password", role: "admin" })).id;
  browser = await launch();
  owner = await Manager.enter(browser, server.said.email, server.said.password, server.said.url);
});
afterAll(async () => {
  await browser?.close();
  provider?.close();
  await server?.stop();
});

const person = (page: Page): Locator => page.locator(".person-of", { hasText: "Ольга Сменная" });

it("shows who is here: who comes, goes away, comes back and leaves", async () => {
  const page = await home();
  await person(page).getByText("ещё не входили").waitFor();
  second = await Manager.enter(browser, "olga@shop.example", "olga password", server.said.url);
  await person(page).getByText("на месте", { exact: true }).waitFor();
  await second.page.locator(".user .face").click();
  await second.page.getByRole("button", { name: "Отойти на час" }).click();
  await person(page).getByText(/нет до .*\d\d:\d\d/).waitFor();
  await owner.reload();
  await person(page).getByText(/нет до .*\d\d:\d\d/).waitFor();
  await second.page.locator(".user .face").click();
  await second.page.getByRole("button", { name: "Я на месте" }).click();
  await person(page).getByText("на месте", { exact: true }).waitFor();
  // A page that is loaded anew is no leave.
  await second.reload();
  expect(await person(page).getAttribute("data-standing")).toBe("here");
  await second.context.close();
  await person(page).getByText(/вышли .+ назад/).waitFor();
  expect((await ask<{ items: { id: string; here: boolean }[] }>("GET", "/users")).items.find((one) => one.id === colleague)?.here).toBe(false);
  second = await Manager.enter(browser, "olga@shop.example", "olga password", server.said.url);
});

it("counts the day as it goes, by the hour, for the eye and for the ear", async () => {
  const page = await home();
  const of = (series: string) => page.getByTestId(`day-${series}`);
  await of("inbound").waitFor();
  const all = async () => Promise.all(["inbound", "outbound", "begun"].map((series) => number(of(series).locator("b"))));
  const [inbound = 0, outbound = 0, begun = 0] = await all();
  const visitor = await visit();
  await visitor.open();
  await visitor.says("Сколько стоит доставка?");
  await visitor.says("И когда привезёте?");
  await expect.poll(all).toEqual([inbound + 2, outbound, begun + 1]);
  await second.open("И когда привезёте?");
  await second.says("Триста рублей, завтра.");
  await visitor.said("Триста рублей, завтра.").waitFor();
  await expect.poll(all).toEqual([inbound + 2, outbound + 1, begun + 1]);
  await page.getByTestId("day-answer").getByText("половина клиентов ждала не дольше").waitFor();
  // What is drawn is said to who hears the page: the hours add up to the number.
  await of("inbound").click();
  expect(await of("inbound").getAttribute("aria-pressed")).toBe("true");
  const hours = await page.getByRole("table", { name: "По часам: входящих" }).locator("tbody td:nth-of-type(1)").allTextContents();
  expect(hours.length).toBeGreaterThanOrEqual(23);
  expect(hours.reduce((sum, text) => sum + (Number(text) || 0), 0)).toBe(inbound + 2);
  await accessible(page, "the owner's first page with its chart");
  await owner.reload();
  await expect.poll(all).toEqual([inbound + 2, outbound + 1, begun + 1]);
});

it("lists what did not go out, live, with the reason, and «Повторить» really sends it", async () => {
  const page = await home();
  const rows = page.locator(".failed-of");
  await page.getByText("Все сообщения ушли.").waitFor();
  await provider.writes("chat-overview", "Где мой заказ?", "Вера Ждущая");
  await second.open("Где мой заказ?");
  provider.script("Уже едет", "reject");
  provider.script("Будет к обеду", "lose");
  await second.says("Уже едет");
  await rows.filter({ hasText: "Уже едет" }).getByText("no such chat").waitFor();
  await rows.filter({ hasText: "Уже едет" }).getByText("Вера Ждущая").waitFor();
  await second.says("Будет к обеду");
  await rows.filter({ hasText: "Будет к обеду" }).getByText("Неизвестно, дошло ли").waitFor();
  expect(await number(page.getByTestId("home-failed"))).toBe(2);
  await accessible(page, "what did not go out");
  await owner.reload();
  await rows.filter({ hasText: "Будет к обеду" }).waitFor();
  const calls = (text: string) => provider.calls.filter((call) => call.text === text).length;
  await rows.filter({ hasText: "Уже едет" }).getByRole("button", { name: "Повторить" }).click();
  await rows.filter({ hasText: "Уже едет" }).waitFor({ state: "detached" });
  expect(calls("Уже едет")).toBe(2);
  await second.page.locator(".msg.outbound[data-message]", { hasText: "Уже едет" }).locator(".state.sent").waitFor();
  // What may have arrived is sent again only by somebody who knows it. The list is looked at anew meanwhile, and the question stays.
  await rows.filter({ hasText: "Будет к обеду" }).getByRole("button", { name: "Повторить" }).click();
  await page.getByRole("dialog").waitFor();
  const looked = page.waitForResponse((answer) => answer.url().includes("/api/v1/failures"));
  await provider.writes("chat-overview", "Спасибо!", "Вера Ждущая");
  await looked;
  await page.getByRole("dialog").getByRole("button", { name: "Отмена" }).click();
  expect(calls("Будет к обеду")).toBe(1);
  await rows.filter({ hasText: "Будет к обеду" }).getByRole("button", { name: "Повторить" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Повторить" }).click();
  await page.getByText("Все сообщения ушли.").waitFor();
  expect(calls("Будет к обеду")).toBe(2);
  await second.page.locator(".msg.outbound[data-message]", { hasText: "Будет к обеду" }).locator(".state.sent").waitFor();
  await owner.reload();
  await page.getByText("Все сообщения ушли.").waitFor();
  // It leads to the message.
  provider.script("В пути", "reject");
  await second.says("В пути");
  await rows.filter({ hasText: "В пути" }).getByRole("link", { name: "Открыть переписку: Вера Ждущая" }).click();
  await owner.sees("В пути");
  await page.locator(".msg.outbound", { hasText: "В пути" }).getByRole("button", { name: "Повторить" }).click();
  await page.locator(".msg.outbound", { hasText: "В пути" }).locator(".state.sent").waitFor();
});

it("counts what lies in quarantine exactly, however much it is", async () => {
  const page = await home();
  const many = 23;
  for (let at = 0; at < many; at += 1) await provider.tells({ event: "message", chat: `broken ${at}`, id: 7 as unknown as string });
  const line = page.locator(".line-of", { hasText: `В карантине ${many} ` });
  await line.waitFor();
  await owner.reload();
  await line.waitFor();
});

it("replaces the secret that signs visitors: the old one works for a day, or ends at once", async () => {
  const { page } = owner;
  await page.goto(`${server.said.url}/settings/channels/${widget.id}`);
  const block = page.getByTestId("identity");
  const shown = block.getByLabel("Секрет", { exact: true });
  const replaced = async (choice: string, before: string) => {
    await block.getByRole("button", { name: "Заменить секрет" }).click();
    await page.getByRole("dialog").getByText("не смогут открыть чат").waitFor();
    await page.getByRole("dialog").getByLabel(choice).check();
    await accessible(page, "the question before a secret is replaced");
    await page.getByRole("dialog").getByRole("button", { name: "Заменить секрет" }).click();
    await expect.poll(() => shown.textContent()).not.toBe(before);
    return (await shown.textContent()) ?? "";
  };
  /** A visitor whom the site vouches for with a secret: whether the widget lets them write. */
  const comes = async (secret: string, id: string): Promise<Visitor> => {
    const visitor = await visit();
    const signature = createHmac("sha256", secret).update(id).digest("hex");
    await visitor.page.waitForFunction(() => "Kommutator" in window);
    await visitor.page.evaluate(([id, signature]) => (window as unknown as { Kommutator: (what: string, who: unknown) => void }).Kommutator("identify", { id, name: `Вошедший ${id}`, signature }), [id, signature] as const);
    return visitor;
  };
  const believed = async (secret: string, id: string) => {
    const visitor = await comes(secret, id);
    await visitor.open();
    await visitor.says(`Это ${id}`);
    await visitor.context.close();
    const { items } = await ask<{ items: { id: string; preview: { text: string } | null }[] }>("GET", "/conversations?limit=100");
    const talk = items.find((one) => one.preview?.text === `Это ${id}`);
    expect((await ask<{ site_id: string | null }>("GET", `/conversations/${talk?.id ?? ""}/person`)).site_id).toBe(id);
  };
  await block.getByRole("button", { name: "Показать секрет" }).click();
  const first = (await shown.textContent()) ?? "";
  const next = await replaced("Действует ещё сутки", first);
  await block.getByText("Прежний секрет действует до").waitFor();
  await believed(first, "с-прежним");
  await believed(next, "с-новым");
  await page.reload();
  await block.getByText("Прежний секрет действует до").waitFor();
  await block.getByRole("button", { name: "Показать секрет" }).click();
  await expect.poll(() => shown.textContent()).toBe(next);
  const last = await replaced("Перестаёт действовать сразу", next);
  await believed(last, "с-последним");
  const refused = await comes(next, "с-отозванным");
  await refused.in(".launch").click();
  await refused.in(".bar.bad").filter({ hasText: "Сайт не смог подтвердить" }).waitFor();
  await page.goto(`${server.said.url}/settings/audit`);
  await page.locator(".records tbody tr", { hasText: "Секрет виджета заменён" }).nth(1).waitFor();
});

it("undoes the deletion of tags and replies; without that it is done, also when the page is left", async () => {
  const { page } = owner;
  const rows = (of: Page) => of.locator(".records tbody tr");
  const made = await Promise.all(["Опт", "Розница", "Возврат"].map((name) => ask<{ id: string }>("POST", "/tags", { name, colour: 1 })));
  const tags = async () => (await ask<{ items: { id: string; name: string }[] }>("GET", "/tags")).items.filter((one) => made.some((tag) => tag.id === one.id)).map((one) => one.name).sort();
  await second.page.goto(`${server.said.url}/settings/tags`);
  await rows(second.page).filter({ hasText: "Розница" }).waitFor();
  await page.goto(`${server.said.url}/settings/tags`);
  for (const name of ["Опт", "Розница"]) await page.getByLabel(`Выбрать: ${name}`).check();
  await page.locator(".deeds-of").getByRole("button", { name: "Удалить" }).click();
  await rows(page).filter({ hasText: "Розница" }).waitFor({ state: "detached" });
  await page.locator(".toasts").getByRole("button", { name: "Отменить" }).click();
  await rows(page).filter({ hasText: "Розница" }).waitFor();
  expect(await rows(second.page).filter({ hasText: "Розница" }).count()).toBe(1);
  expect(await tags()).toEqual(["Возврат", "Опт", "Розница"]);
  await page.reload();
  await rows(page).filter({ hasText: "Опт" }).waitFor();
  // Nobody undoes it: the word goes, and the tag with it, from the colleague's page too.
  await page.getByRole("button", { name: "Удалить: Опт" }).click();
  await page.locator(".toasts").getByText("Метка «Опт» удалена").waitFor();
  await rows(second.page).filter({ hasText: "Опт" }).waitFor({ state: "detached" });
  expect(await tags()).toEqual(["Возврат", "Розница"]);
  // Two at once, and the page is left at once.
  for (const name of ["Возврат", "Розница"]) await page.getByLabel(`Выбрать: ${name}`).check();
  await page.locator(".deeds-of").getByRole("button", { name: "Удалить" }).click();
  await rows(page).filter({ hasText: "Розница" }).waitFor({ state: "detached" });
  await page.goto("about:blank");
  await expect.poll(tags).toEqual([]);
  const reply = await ask<{ id: string }>("POST", "/replies", { shared: true, shortcut: "scores", title: "", text: "Спасибо за оценку" });
  const replies = async () => (await ask<{ items: { id: string }[] }>("GET", "/replies")).items.filter((one) => one.id === reply.id).length;
  await page.goto(`${server.said.url}/settings/replies`);
  await page.getByRole("button", { name: "Удалить: scores" }).click();
  await page.locator(".toasts").getByText("Ответ «/scores» удалён").waitFor();
  expect(await replies()).toBe(1);
  // Who logs out has not undone it.
  await page.locator(".user .face").click();
  await page.getByRole("button", { name: "Выход" }).click();
  await page.getByLabel("Пароль").waitFor();
  await expect.poll(replies).toBe(0);
});
