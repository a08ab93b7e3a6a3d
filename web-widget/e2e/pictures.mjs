// Takes the pictures of README.md from a demo of the program named in KOMMUTATOR_BIN: `node e2e/pictures.mjs`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { demoServer } from "./server.mjs";

const folder = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
mkdirSync(folder, { recursive: true });
const { said: demo, stop } = await demoServer();
const browser = await launch();
const call = async (method, path, body) => {
  const answer = await fetch(`${demo.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${demo.token}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
  return answer.json().catch(() => undefined);
};
const channel = (await call("GET", "/channels")).items.find((one) => one.widget?.key === demo.widget_key);
const texts = {
  ru: { title: "Мебель Север", greeting: "Здравствуйте! Подскажем по наличию и доставке.", away: "Сейчас никого нет. Ответим утром, с 9:00.", consent: "", consent_link: "", phrases: ["Где мой заказ?", "Сколько стоит доставка?", "Хочу вернуть товар"], invitations: {} },
};
await call("PATCH", `/channels/${channel.id}`, { widget: { options: { texts } } });

/** A picture that is no larger than it must be: what a browser paints has few colours. */
const take = (page, name) => page.screenshot({ path: `${folder}/${name}.png`, type: "png" });
const context = (options) => browser.newContext({ locale: "ru", reducedMotion: "reduce", colorScheme: "light", ...options });

async function write(page, words) {
  const area = page.locator("kommutator-widget .line textarea");
  for (const text of words) {
    await area.fill(text);
    await area.press("Enter");
    await page.locator("kommutator-widget .msg.own:not(.waits)").filter({ hasText: text }).waitFor();
  }
}

async function open(page) {
  await page.goto(`${demo.url}/demo?utm_source=newsletter&utm_campaign=autumn`);
  await page.locator("kommutator-widget .launch").click();
  await page.locator("kommutator-widget .line textarea").waitFor();
}

const shop = await context({ viewport: { width: 1000, height: 760 } });
const visitor = await shop.newPage();
await open(visitor);
await visitor.evaluate(() => window.Kommutator("identify", { name: "Анна Кузнецова", email: "anna@mail.example", phone: "+79991234567" }));
await write(visitor, ["Здравствуйте! Диван «Тромсё» в зелёном велюре ещё есть?", "Нужна доставка в субботу, четвёртый этаж, лифт узкий"]);
const { items } = await call("GET", "/conversations?view=all&limit=20");
const [first] = items;
const say = (id, text, client_id) => call("POST", `/conversations/${id}/messages`, { client_id, text });
await say(first.id, "Добрый день! Да, на складе осталось три. Отложить один до субботы?", "picture-1");
await write(visitor, ["Да, отложите, пожалуйста. Чехлы к нему бывают?"]);
await say(first.id, "Бывают, два цвета, стираются при 30°. Подъём бесплатный, если лифт не меньше 80 см. Привезём с 10 до 14.", "picture-2");
await write(visitor, ["80 как раз. Тогда жду в субботу, спасибо!"]);
await call("POST", `/conversations/${first.id}/messages`, { client_id: "picture-3", text: "Скидка 10 %: постоянный покупатель", note: true });
const tag = await call("POST", "/tags", { name: "Доставка", colour: 1 });
await call("POST", `/conversations/${first.id}/tags`, { on: [tag.id], off: [] });

const phone = await context({ viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true });
const small = await phone.newPage();
await open(small);
await write(small, ["Где мой заказ?"]);
const asked = (await call("GET", "/conversations?view=all&limit=1")).items[0];
await say(asked.id, "Уже в пути: курьер будет у вас сегодня с 18 до 20 и позвонит за полчаса.", "picture-4");
await small.locator("kommutator-widget .msg:not(.own)").filter({ hasText: "Уже в пути" }).waitFor();
await visitor.locator("kommutator-widget .msg:not(.own)").filter({ hasText: "Бывают" }).waitFor();

const desk = await context({ viewport: { width: 1440, height: 860 } });
await desk.addCookies([{ name: "kommutator_session", value: demo.token, url: demo.url }]);
const manager = await desk.newPage();
await manager.goto(`${demo.url}/c/${first.id}`);
await manager.locator(".msg").first().waitFor();
const later = manager.locator(".notify-bar .ghost");
if (await later.count()) await later.click();
await manager.getByRole("button", { name: "О клиенте" }).first().click();
await manager.locator(".card").waitFor();
await manager.waitForLoadState("networkidle");
await manager.locator(".msg .state.read").first().waitFor();
await take(manager, "messenger");

await manager.goto(`${demo.url}/settings/channels/${channel.id}`);
await manager.getByRole("tab").nth(1).click();
await manager.frameLocator(".scene iframe").locator("kommutator-widget .panel").waitFor();
await manager.locator(".page").evaluate((box) => (box.scrollTop = box.querySelector(".widget-form").offsetTop - 8));
await take(manager, "settings");

// The page and the phone side by side.
const [page, hand] = await Promise.all([visitor.screenshot(), small.screenshot()]);
const both = await (await context({ viewport: { width: 1450, height: 800 } })).newPage();
const image = (bytes) => `data:image/png;base64,${bytes.toString("base64")}`;
await both.setContent(`<body style="margin:0;display:flex;gap:20px;padding:20px;background:#e4e8ee"><img style="border-radius:12px;box-shadow:0 8px 30px #0003" src="${image(page)}"><img style="border-radius:28px;box-shadow:0 8px 30px #0003" src="${image(hand)}"></body>`);
await take(both, "widget");
await browser.close();
await stop();
