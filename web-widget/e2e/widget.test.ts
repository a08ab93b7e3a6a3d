/** What the widget can do beside talking. Each story ends in what the other side sees, and in what is there after a reload. */
import { createHmac } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./browser.mjs";
import { noisePng } from "./files.mjs";
import { accessible, api, demo, drawn, hostPage, Manager, Visitor } from "./people.ts";
import { close, letIn, person, personOf, set, watch, widgetChannel } from "./shop.ts";

const run = Math.random().toString(36).slice(2, 8);
const words = (who: string, n = 1) => `${who}-${run}-${n}`;
const real = process.env.KOMMUTATOR_BIN !== undefined;

let browser: Browser;
let owner: Manager;

beforeAll(async () => {
  if (!real) return;
  await letIn();
  browser = await launch();
  owner = await Manager.enter(browser, demo.email, demo.password);
});
afterAll(() => browser?.close());

const story = it.runIf(real);

story("offers ready words, and shows both sides what was read", async () => {
  await set({ texts: { ru: { title: "Лавка", greeting: "Чем помочь?", away: "", consent: "", consent_link: "", phrases: [words("phrase"), "Где мой заказ?"], invitations: {} } } });
  const visitor = await Visitor.come(browser);
  await visitor.in("h2").filter({ hasText: "Лавка" }).waitFor();
  await visitor.said("Чем помочь?").waitFor();
  await accessible(visitor.page, "opening");
  await visitor.in(".ready button").first().click();
  await visitor.in(".ready").waitFor({ state: "detached" });
  await visitor.in(".msg.own .mark[aria-label='Отправлено']").waitFor();
  await owner.open(words("phrase"));
  await visitor.in(".msg.own .mark[aria-label='Прочитано']").waitFor();
  await visitor.reload();
  await visitor.in(".msg.own .mark[aria-label='Прочитано']").waitFor();
  expect(await visitor.in(".ready").count()).toBe(0);
  await owner.says(words("owner"));
  await visitor.said(words("owner")).waitFor();
  await owner.page.locator(".msg.outbound[data-message]", { hasText: words("owner") }).locator("[aria-label*='рочитано']").waitFor();
});

story("asks who writes before the first message, and keeps what was agreed to", async () => {
  await set({
    texts: { ru: { title: "", greeting: "", away: "", consent: "Согласен на обработку данных", consent_link: "https://shop.example/consent", phrases: [], invitations: {} } },
    before: { on: true, name: "optional", phone: "required", email: "off", consent: true },
  });
  const visitor = await Visitor.arrive(browser);
  await visitor.in(".launch").click();
  await visitor.in(".ask .submit").click();
  expect(await visitor.in(".ask .wrong").allTextContents()).toEqual(["", "Заполните это поле", "Заполните это поле", "Нужно согласие"]);
  await accessible(visitor.page, "form");
  await visitor.in(".ask input[name=name]").fill(words("anna"));
  await visitor.in(".ask input[name=phone]").fill("8 (999) 123-45-67");
  await visitor.in(".ask textarea").fill(words("form"));
  await visitor.in(".ask input[name=consent]").check();
  await visitor.in(".ask .submit").click();
  await visitor.said(words("form")).waitFor();
  await owner.row(words("form")).filter({ hasText: words("anna") }).waitFor();
  const known = await person(words("form"));
  expect(known.phones).toEqual([{ value: "+79991234567", by: "unverified" }]);
  expect(known.consent?.text).toBe("Согласен на обработку данных");
  await visitor.reload();
  await visitor.said(words("form")).waitFor();
  expect(await visitor.in(".ask").count()).toBe(0);
});

story("says that nobody is here, and takes a message all the same", async () => {
  await set({
    hours: { on: true, time_zone: "", days: [], closed: [] },
    texts: { ru: { title: "", greeting: "Чем помочь?", away: "Ответим утром", consent: "", consent_link: "", phrases: [], invitations: {} } },
    offline: { on: true, name: "off", phone: "off", email: "required", consent: false },
  });
  const visitor = await Visitor.arrive(browser);
  await visitor.in(".launch").click();
  await visitor.in("header small").filter({ hasText: "не в сети" }).waitFor();
  await visitor.said("Ответим утром").waitFor();
  await visitor.in(".ask input[name=email]").fill("anna@shop");
  await visitor.in(".ask textarea").fill(words("night"));
  await visitor.in(".ask .submit").click();
  await visitor.in(".wrong").filter({ hasText: "Проверьте адрес" }).waitFor();
  await visitor.in(".ask input[name=email]").fill("Anna@shop.example");
  await visitor.in(".ask .submit").click();
  await owner.row(words("night")).waitFor();
  expect((await person(words("night"))).emails).toEqual([{ value: "anna@shop.example", by: "unverified" }]);
  await set({ hours: { on: true, time_zone: "", days: [], closed: [] }, away: "hide" });
  const hidden = await Visitor.arrive(browser);
  await hidden.in(".launch").waitFor({ state: "hidden" });
});

story("asks for a rating when it is over, and lets it be changed", async () => {
  await set({});
  const visitor = await Visitor.come(browser);
  await visitor.says(words("rate"));
  await owner.row(words("rate")).waitFor();
  const { conversation } = await person(words("rate"));
  await close(conversation);
  await visitor.in(".stars button").nth(1).click();
  await visitor.in(".rate textarea").fill("Долго ждал");
  await visitor.in(".rate .submit").click();
  await visitor.in(".rate").filter({ hasText: "Спасибо" }).waitFor();
  const rating = async () => (await personOf(conversation)).episodes[0];
  await expect.poll(async () => (await rating())?.rating).toBe(2);
  expect((await rating())?.comment).toBe("Долго ждал");
  await owner.page.goto(`${demo.url}/c/${conversation}`);
  await owner.page.getByRole("button", { name: "О клиенте" }).click();
  await owner.page.locator(".card .ratings li", { hasText: "Долго ждал" }).getByLabel("Оценка клиента: 2").waitFor();
  await owner.page.goto(demo.url);
  await accessible(visitor.page, "rating");
  await visitor.reload();
  await visitor.in(".stars .on").nth(1).waitFor();
  expect(await visitor.in(".stars .on").count()).toBe(2);
  await visitor.in(".change").click();
  await visitor.in(".stars button").nth(4).click();
  await visitor.in(".rate .submit").click();
  await expect.poll(async () => (await rating())?.rating).toBe(5);
  // A new message is a new part, with its own line.
  await visitor.says(words("rate", 2));
  await visitor.in(".day").filter({ hasText: "Новый разговор" }).waitFor();
  expect(await visitor.in(".rate").count()).toBe(0);
});

story("keeps how the visitor came, and where they are", async () => {
  const visitor = await Visitor.arrive(browser, "/?utm_source=yandex&utm_campaign=osen&yclid=77");
  await visitor.open();
  // Analytics are loaded by the page, and come after us.
  await visitor.page.evaluate(() => (document.cookie = "_ym_uid=1700"));
  await visitor.says(words("visit"));
  await owner.row(words("visit")).waitFor();
  const { first_visit: visit } = await person(words("visit"));
  expect(visit?.marks).toEqual({ source: "yandex", campaign: "osen", yclid: "77" });
  expect(visit?.analytics).toEqual({ _ym_uid: "1700" });
  expect(visit?.first.url).toContain("utm_source=yandex");
  // A manager sees it in the customer's card, and that they are on the site.
  await owner.open(words("visit"));
  await owner.page.getByRole("button", { name: "О клиенте" }).click();
  const card = owner.page.getByRole("complementary", { name: "О клиенте" });
  await card.getByText("source: yandex").waitFor();
  await card.getByText("На сайте", { exact: true }).waitFor();
  // The page changes its address by itself: who watches is told, and the next message says where it was written.
  const { conversation } = await person(words("visit"));
  const watching = await watch(conversation);
  await watching.sees((presence) => presence.online && !!presence.page?.url?.includes("utm_source"));
  await visitor.page.evaluate(() => history.pushState({}, "", "/catalog"));
  await watching.sees((presence) => !!presence.page?.url?.includes("/catalog"));
  await expect.poll(async () => {
    await visitor.says(words("moved", Math.floor(Math.random() * 1e9)));
    const row = await fetch(`${demo.url}/api/v1/conversations/${(await person("moved")).conversation}`, { headers: { authorization: `Bearer ${demo.token}` } });
    return ((await row.json()) as { page: { url: string } }).page.url;
  }, { timeout: 20_000 }).toContain("/catalog");
  await visitor.context.close();
  await watching.sees((presence) => !presence.online);
  watching.end();
  await card.getByText("На сайте", { exact: true }).waitFor({ state: "detached" });
  await accessible(owner.page, "card with a visit");
});

story("does what the page asks: opens, identifies, tells of messages, forgets", async () => {
  const visitor = await Visitor.arrive(browser);
  await visitor.page.evaluate(() => {
    const told: unknown[] = [];
    Object.assign(window, { told });
    const api = (window as unknown as { Kommutator: (...call: unknown[]) => void }).Kommutator;
    for (const name of ["open", "close", "message", "unread"]) api("on", name, (what: unknown) => told.push([name, what]));
    api("identify", { id: "42", name: "Анна Страницева", email: "anna@shop.example" });
    api("open");
  });
  await visitor.in(".line .clip:enabled").waitFor();
  await visitor.page.evaluate((text) => (window as unknown as { Kommutator: (...call: unknown[]) => void }).Kommutator("send", text), words("api"));
  await visitor.in(".msg.own:not(.waits)").filter({ hasText: words("api") }).waitFor();
  await owner.row(words("api")).filter({ hasText: "Анна Страницева" }).waitFor();
  await visitor.page.evaluate(() => (window as unknown as { Kommutator: (...call: unknown[]) => void }).Kommutator("close"));
  await owner.open(words("api"));
  await owner.says(words("answer"));
  await visitor.in(".launch b").filter({ hasText: "1" }).waitFor();
  const told = () => visitor.page.evaluate(() => (window as unknown as { told: [string, unknown][] }).told);
  expect((await told()).map(([name]) => name)).toEqual(["open", "close", "message", "unread"]);
  expect((await told())[2]?.[1]).toMatchObject({ text: words("answer") });
  await visitor.in(".launch").click();
  await visitor.in(".fresh").waitFor();
  await visitor.page.evaluate(() => (window as unknown as { Kommutator: (...call: unknown[]) => void }).Kommutator("reset"));
  await visitor.said(words("answer")).waitFor({ state: "detached" });
  await visitor.says(words("other"));
  await owner.row(words("other")).waitFor();
  expect((await person(words("other"))).emails).toEqual([]);
  await visitor.reload();
  expect(await visitor.words()).not.toContain(words("api"));
});

story("says so when the site cannot prove whom it names, and keeps what was typed until it can", async () => {
  await set({});
  const visitor = await Visitor.come(browser);
  await visitor.says(words("known"));
  const says = (id: string, signature: string) => visitor.page.evaluate((who) => (window as unknown as { Kommutator: (what: string, who: unknown) => void }).Kommutator("identify", who), { id, signature });
  await says(`u-${run}`, "0".repeat(64));
  await visitor.in(".bar.bad").filter({ hasText: "не смог подтвердить, кто вы" }).waitFor();
  await accessible(visitor.page, "refused");
  await visitor.types(words("typed"));
  await visitor.waiting(words("typed")).waitFor();
  await visitor.in("textarea").fill(words("half"));
  // The site mends it.
  const { secret } = await api<{ secret: string }>("GET", `/channels/${(await widgetChannel()).id}/identity-secret`);
  await says(`u-${run}`, createHmac("sha256", secret).update(`u-${run}`).digest("hex"));
  await visitor.in(".msg.own:not(.waits)").filter({ hasText: words("typed") }).waitFor();
  expect(await visitor.in("textarea").inputValue()).toBe(words("half"));
  expect(await visitor.in(".bar.bad").count()).toBe(0);
  // The same visitor in the same conversation.
  await visitor.said(words("known")).waitFor();
  await owner.open(words("typed"));
  await owner.sees(words("known"));
  expect((await person(words("typed"))).site_id).toBe(`u-${run}`);
});

story("keeps what the page asks before the script is there", async () => {
  const stub = 'window.Kommutator=window.Kommutator||function(){(Kommutator.q=Kommutator.q||[]).push(arguments)};Kommutator("on","open",()=>{window.opened=true});Kommutator("open")';
  const html = `<!doctype html><title>Stub</title><main>Page</main><script>${stub}</script><script src="${demo.url}/widget.js" data-widget="${demo.widget_key}" async></script>`;
  await fetch(`${hostPage}/stub`, { method: "PUT", body: JSON.stringify({ html }) });
  const visitor = await Visitor.arrive(browser, "/stub");
  await visitor.in(".line .clip:enabled").waitFor();
  expect(await visitor.page.evaluate(() => (window as unknown as { opened?: boolean }).opened)).toBe(true);
});

story("speaks first by a rule, once, and never in a conversation", async () => {
  const texts = { ru: { title: "", greeting: "", away: "", consent: "", consent_link: "", phrases: [], invitations: { slow: "Помочь с выбором?" } } };
  await set({ texts, invitations: [{ id: "slow", seconds: 1, address: "/catalog", leaving: false }] });
  const visitor = await Visitor.arrive(browser, "/catalog");
  await visitor.in(".invite").filter({ hasText: "Помочь с выбором?" }).waitFor();
  await accessible(visitor.page, "invitation");
  await visitor.in(".invite .words").click();
  await visitor.in(".line .clip:enabled").waitFor();
  expect(await visitor.in(".invite").count()).toBe(0);
  await visitor.page.reload();
  await visitor.in(".launch").waitFor();
  await visitor.page.waitForFunction(() => performance.now() > 4000);
  expect(await visitor.in(".invite").count()).toBe(0);
  await visitor.page.evaluate(() => (window as unknown as { Kommutator: (...call: unknown[]) => void }).Kommutator("invite", "Ещё здесь?"));
  await visitor.in(".invite").filter({ hasText: "Ещё здесь?" }).waitFor();
  const elsewhere = await Visitor.arrive(browser, "/about");
  await elsewhere.in(".launch").waitFor();
  await elsewhere.page.waitForFunction(() => performance.now() > 4000);
  expect(await elsewhere.in(".invite").count()).toBe(0);
  await set({});
});

story("enlarges pictures, types faces, records a voice", async () => {
  const visitor = await Visitor.come(browser);
  await visitor.sends([{ name: "шкаф.png", mimeType: "image/png", buffer: noisePng(64, 64, 3) }, { name: "стол.png", mimeType: "image/png", buffer: noisePng(64, 64, 5) }]);
  // Drawn anew once the server has them.
  await visitor.in(".msg.own:not(.waits) .pic").nth(1).waitFor();
  await visitor.in(".pic").first().click();
  await drawn(visitor.in(".light img"));
  await visitor.page.keyboard.press("ArrowRight");
  await visitor.in(".light img[alt='стол.png']").waitFor();
  await accessible(visitor.page, "lightbox");
  await visitor.page.keyboard.press("Escape");
  await visitor.in(".light").waitFor({ state: "detached" });
  await visitor.in(".line .smile").click();
  await visitor.in(".emojis button").filter({ hasText: "👍" }).click();
  await visitor.in(".line .smile").click();
  await visitor.in(".line textarea").pressSequentially(words("face"));
  await visitor.in(".go:enabled").click();
  await owner.row(`👍${words("face")}`).waitFor();
  await visitor.in(".line .mic").click();
  await visitor.in(".record span").filter({ hasText: "0:01" }).waitFor();
  await visitor.in(".record .go").click();
  await visitor.in(".line .go:enabled").click();
  const audio = visitor.in("audio");
  await audio.waitFor();
  // The row says that it is sound, so the server knew it by its content.
  await owner.row("Аудио").click();
  // It plays with its length at the manager's.
  await expect.poll(() => owner.page.locator(".msg.inbound audio").last().evaluate((one) => Number.isFinite((one as HTMLAudioElement).duration) && (one as HTMLAudioElement).duration > 0), { timeout: 20_000 }).toBe(true);
  await visitor.reload();
  await expect.poll(() => visitor.in("audio").evaluate((one) => [(one as HTMLAudioElement).readyState > 0, Number.isFinite((one as HTMLAudioElement).duration)]), { timeout: 20_000 }).toEqual([true, true]);
});

story("fills a phone, keeps the focus in, and closes by Esc", async () => {
  const visitor = await Visitor.arrive(browser, "", { viewport: { width: 390, height: 760 }, hasTouch: true });
  await visitor.open();
  const box = await visitor.in(".panel").boundingBox();
  expect(box).toMatchObject({ x: 0, y: 0, width: 390, height: 760 });
  for (let n = 0; n < 12; n += 1) {
    await visitor.page.keyboard.press("Tab");
    const inside = await visitor.page.evaluate(() => document.querySelector("kommutator-widget")?.shadowRoot?.activeElement?.closest(".panel") !== null && document.activeElement?.localName === "kommutator-widget");
    expect(inside, `after ${n} steps`).toBe(true);
  }
  await visitor.page.keyboard.press("Escape");
  await visitor.in(".panel").waitFor({ state: "hidden" });
  expect(await visitor.page.evaluate(() => document.querySelector("kommutator-widget")?.shadowRoot?.activeElement?.className)).toBe("launch");
});
