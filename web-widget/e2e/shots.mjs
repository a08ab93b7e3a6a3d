// Takes a picture of every screen from the mock server, light, dark and on a phone: `node e2e/shots.mjs URL [folder]`.
import { mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";

const [base, folder = "e2e/shots"] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
const problems = [];

async function session(name, options, locale = "ru") {
  const context = await browser.newContext({ locale, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(`${name}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  return { page, context, shot: (what) => page.screenshot({ path: `${folder}/${name}-${what}.png` }) };
}

async function messenger(name, options) {
  const { page, context, shot } = await session(name, options);
  await page.goto(base);
  await page.locator("input[type=email]").waitFor();
  await shot("login");
  await page.locator("input[type=email]").fill("owner@example.com");
  await page.locator("input[type=password]").fill("wrong");
  await page.locator("button.main").click();
  await page.getByRole("alert").filter({ hasText: "Неверный" }).waitFor();
  await shot("login-wrong");
  await page.locator("input[type=password]").fill("correct horse");
  await page.locator("button.main").click();
  await page.locator(".row").first().waitFor();
  await shot("list");
  await page.locator(".row", { hasText: "Анна Кузнецова" }).click();
  await page.locator(".msg").first().waitFor();
  await page.locator(".pictures img").first().waitFor();
  await page.locator(".composer textarea").fill("Да, карта подойдёт. Курьер возьмёт терминал.");
  await shot("thread");
  await page.getByRole("button", { name: "О клиенте" }).click();
  await shot("thread-card");
  await page.getByRole("button", { name: "О клиенте" }).first().click();
  await page.locator(".pictures button").first().click();
  await page.locator(".lightbox img").waitFor();
  await shot("lightbox");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Заметка для коллег" }).click();
  await shot("note");
  await page.getByRole("button", { name: "Кто отвечает" }).click();
  await page.getByRole("menu").waitFor();
  await shot("assign");
  for (const [who, what] of [["Сергей (опт)", "blocked"], ["María López", "failed"], ["Глеб Орлов", "unknown"], ["Длинная переписка", "long"]]) {
    await page.goto(base);
    await page.locator(".row").first().waitFor();
    await page.locator(".row", { hasText: who }).click();
    await page.locator(".msg").first().waitFor();
    await shot(what);
  }
  await context.setOffline(true);
  await page.locator(".composer textarea").fill("Это уйдёт, когда будет связь");
  await page.locator(".composer textarea").press("Enter");
  await page.locator(".linkbar").waitFor();
  await shot("offline");
  await context.setOffline(false);
  await page.locator(".rail .dot.on, .linkbar >> nth=-1").first().waitFor({ state: "attached" });
  await page.locator(".msg.waits").waitFor({ state: "detached" });
  await page.goto(base);
  await page.locator(".row").first().waitFor();
  await page.locator(".views .closed").click();
  await page.locator(".row").first().waitFor();
  await shot("closed");
  await page.goto(base);
  await page.locator(".row").first().waitFor();
  await page.getByRole("searchbox").fill("нет такого слова");
  await page.locator(".found .empty").waitFor();
  await shot("search-none");
  await page.getByRole("searchbox").fill("доставка");
  await page.locator(".found").waitFor();
  await page.waitForLoadState("networkidle");
  await shot("search");
  await page.goto(base);
  await page.locator(".row").first().waitFor();
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await shot("help");
  for (const what of ["profile", "workspace", "setup", "channels", "people", "tokens", "audit", "quarantine"]) {
    await page.goto(`${base}/settings/${what}`);
    await page.locator(".page-head").waitFor();
    await page.waitForLoadState("networkidle");
    await shot(`settings-${what}`);
  }
  await page.goto(`${base}/settings/people`);
  await page.getByRole("button", { name: "Пригласить сотрудника" }).click();
  await shot("person");
  await page.goto(`${base}/settings/channels`);
  await page.getByRole("link", { name: "Создать канал" }).first().click();
  await page.getByRole("button", { name: "Создать виджет" }).waitFor();
  await shot("new-widget");
  await page.goto(`${base}/settings/channels`);
  await page.locator(".records td a").first().click();
  await page.locator(".preview").waitFor();
  await page.screenshot({ path: `${folder}/${name}-channel.png` });
  await page.locator(".preview").scrollIntoViewIfNeeded();
  await shot("channel-look");
  await context.close();
}

async function widget(name, options) {
  const { page, context, shot } = await session(`widget-${name}`, options);
  await page.goto(`${base}/mock/demo`);
  const launcher = page.locator("kommutator-widget .launch");
  await launcher.waitFor();
  await shot("launcher");
  await launcher.click();
  await page.locator("kommutator-widget textarea").waitFor();
  await page.locator("kommutator-widget h2", { hasText: "Мебель" }).waitFor();
  await shot("open");
  const area = page.locator("kommutator-widget textarea");
  for (const text of ["Здравствуйте! Диван «Тромсё» ещё есть?", "Нужен зелёный, доставка в Мурино на субботу. Вот ссылка: https://sever.example.com/divany/tromso"]) {
    await area.fill(text);
    await area.press("Enter");
  }
  await page.locator("kommutator-widget .msg.own .mark[aria-label='Отправлено']").nth(1).waitFor();
  const { noisePng, pdf } = await import("./files.mjs");
  await page.locator("kommutator-widget input[type=file]").setInputFiles([{ name: "комната.png", mimeType: "image/png", buffer: noisePng(320, 220, 4) }, { name: "План комнаты.pdf", mimeType: "application/pdf", buffer: pdf("plan") }]);
  await page.locator("kommutator-widget .chip img").waitFor();
  await shot("chips");
  await area.press("Enter");
  await page.locator("kommutator-widget .pic img").waitFor();
  const login = await (await fetch(`${base}/api/v1/login`, { method: "POST", body: JSON.stringify({ email: "petr@example.com", password: "correct horse" }) })).json();
  const list = await (await fetch(`${base}/api/v1/conversations`, { headers: { authorization: `Bearer ${login.token}` } })).json();
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(`${base.replace("http", "ws")}/ws/manager`, { headers: { cookie: `kommutator_session=${login.token}` } });
  await new Promise((done) => socket.on("open", done));
  socket.send(JSON.stringify({ type: "hello" }));
  socket.send(JSON.stringify({ type: "send", client_id: `shot-${name}`, conversation: list.items[0].id, text: "Добрый день! Зелёный есть, в субботу привезём с 10 до 14." }));
  await page.locator("kommutator-widget .msg:not(.own) .bubble", { hasText: "Зелёный есть" }).waitFor();
  socket.send(JSON.stringify({ type: "typing", conversation: list.items[0].id }));
  await page.locator("kommutator-widget .dots").waitFor();
  await shot("talk");
  socket.close();
  await context.close();
}

await messenger("light", { viewport: { width: 1360, height: 800 }, colorScheme: "light" });
await messenger("dark", { viewport: { width: 1360, height: 800 }, colorScheme: "dark" });
await messenger("phone", { viewport: { width: 390, height: 780 }, colorScheme: "light", hasTouch: true });
await widget("light", { viewport: { width: 900, height: 760 }, colorScheme: "light" });
await widget("dark", { viewport: { width: 900, height: 760 }, colorScheme: "dark" });
await widget("phone", { viewport: { width: 390, height: 780 }, colorScheme: "light", hasTouch: true });
await browser.close();
console.log(problems.length > 0 ? problems.join("\n") : "no problems on the console");
