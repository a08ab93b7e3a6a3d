// Takes pictures of the widget and of its owner's form from a demo server: `node e2e/shots-widget.mjs 'JSON of demo --json' folder`.
import { mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";
import { noisePng, pdf } from "./files.mjs";

const demo = JSON.parse(process.argv[2]);
const folder = process.argv[3] ?? "e2e/shots";
mkdirSync(folder, { recursive: true });
const browser = await launch();
const call = async (method, path, body) => {
  const answer = await fetch(`${demo.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${demo.token}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
  return answer.json().catch(() => undefined);
};
const channel = (await call("GET", "/channels")).items.find((one) => one.widget?.key === demo.widget_key);
const set = (options) => call("PATCH", `/channels/${channel.id}`, { widget: { options } });
const said = {
  ru: { title: "Мебель Север", greeting: "Здравствуйте! Подскажем по наличию и доставке.", away: "Сейчас никого нет. Ответим утром, с 9:00.", consent: "Согласен на обработку персональных данных.", consent_link: "https://shop.example/consent", phrases: ["Где мой заказ?", "Сколько стоит доставка?", "Хочу вернуть товар"], invitations: { slow: "Помочь с выбором? Ответим за пару минут." } },
  en: { title: "North Furniture", greeting: "Hello! Ask us about stock and delivery.", away: "Nobody is here now. We will answer in the morning, from 9:00.", consent: "I agree to the processing of my personal data.", consent_link: "https://shop.example/consent", phrases: ["Where is my order?", "How much is delivery?"], invitations: { slow: "Can we help you choose?" } },
  es: { title: "Muebles Norte", greeting: "¡Hola! Pregúntanos por disponibilidad y envíos.", away: "Ahora no hay nadie. Responderemos por la mañana, a partir de las 9:00.", consent: "Acepto el tratamiento de mis datos personales.", consent_link: "https://shop.example/consent", phrases: ["¿Dónde está mi pedido?", "¿Cuánto cuesta el envío?"], invitations: { slow: "¿Te ayudamos a elegir?" } },
};
const messengers = [{ kind: "telegram", link: "https://t.me/shop?start={code}" }, { kind: "whatsapp", link: "https://wa.me/79990000000?text={code}" }];
const form = { on: true, name: "optional", phone: "required", email: "off", consent: true };

async function widget(name, locale, options) {
  const context = await browser.newContext({ locale, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  // The demo's page is Russian; the widget asks it for its language.
  await page.addInitScript((lang) => Object.defineProperty(HTMLHtmlElement.prototype, "lang", { get: () => lang }), locale);
  const at = (selector) => page.locator(`kommutator-widget ${selector}`);
  const shot = (what) => page.screenshot({ path: `${folder}/widget-${name}-${what}.png` });
  const come = async () => {
    await context.clearCookies();
    await page.goto(`${demo.url}/healthz`);
    await page.evaluate(() => localStorage.clear());
    await page.goto(`${demo.url}/demo`);
    await at(".launch").waitFor();
  };
  await set({ texts: said, messengers, invitations: [{ id: "slow", seconds: 1 }] });
  await come();
  await at(".invite").waitFor();
  await shot("invite");
  await at(".launch").click();
  await at(".ready button").first().waitFor();
  await shot("open");
  await at(".smile").click();
  await at(".emojis").waitFor();
  await shot("emoji");
  await at(".smile").click();
  const area = at(".line textarea");
  await area.fill("Здравствуйте! Диван «Тромсё» ещё есть? https://sever.example.com/divany/tromso");
  await area.press("Enter");
  await at("input[type=file]").setInputFiles([{ name: "комната.png", mimeType: "image/png", buffer: noisePng(320, 220, 4) }, { name: "План комнаты.pdf", mimeType: "application/pdf", buffer: pdf("plan") }]);
  await at(".chip img").waitFor();
  await shot("chips");
  await at(".line .go:enabled").click();
  await at(".pic img").waitFor();
  const { items } = await call("GET", "/conversations?view=all&limit=1");
  const id = items[0].id;
  const messages = (await call("GET", `/conversations/${id}/messages`)).items;
  await call("POST", `/conversations/${id}/read`, { up_to: messages.at(-1).id });
  await call("POST", `/conversations/${id}/messages`, { client_id: `shot-${name}`, text: "Добрый день! Зелёный есть, в субботу привезём с 10 до 14." });
  await at(".msg:not(.own) .bubble").filter({ hasText: "Зелёный есть" }).waitFor();
  await shot("talk");
  await at(".pic").click();
  await at(".light img").waitFor();
  await shot("lightbox");
  await page.keyboard.press("Escape");
  await call("POST", `/conversations/${id}/close`);
  await at(".stars button").nth(3).click();
  await at(".rate textarea").waitFor();
  await shot("rating");
  await set({ texts: said, hours: { on: true, days: [] }, offline: form });
  await come();
  await at(".launch").click();
  await at(".ask .submit").click();
  await at(".ask .wrong").nth(1).waitFor();
  await shot("form");
  await context.close();
}

async function owner(name, options) {
  const context = await browser.newContext({ locale: "ru", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await set({ texts: said, messengers, before: form, hours: { on: true, days: [0, 1, 2, 3, 4, 5, 6].map((day) => (day < 5 ? [{ from: "09:00", to: "13:00" }, { from: "14:00", to: "18:00" }].slice(0, day === 0 ? 2 : 1) : [])) }, invitations: [{ id: "slow", seconds: 30, address: "/catalog" }] });
  await page.goto(demo.url);
  await page.locator("input[type=email]").fill(demo.email);
  await page.locator("input[type=password]").fill(demo.password);
  await page.locator("button.main").click();
  await page.locator(".row").first().waitFor();
  await page.goto(`${demo.url}/settings/channels/${channel.id}`);
  for (const tab of await page.getByRole("tab").all().then(async (all) => (all.length > 0 ? all : (await page.getByRole("tab").first().waitFor(), page.getByRole("tab").all())))) {
    await tab.click();
    await page.frameLocator(".scene iframe").locator("kommutator-widget .panel").waitFor();
    await page.locator(".page").evaluate((box) => (box.scrollTop = box.querySelector(".widget-form").offsetTop - 8));
    await page.screenshot({ path: `${folder}/owner-${name}-${(await tab.textContent()).trim()}.png` });
  }
  await context.close();
}

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 780 }, hasTouch: true };
const only = process.argv[4];
const all = [
  ["ru", () => widget("ru", "ru", desktop)],
  ["ru-dark", () => widget("ru-dark", "ru", { ...desktop, colorScheme: "dark" })],
  ["ru-phone", () => widget("ru-phone", "ru", phone)],
  ["en-phone-dark", () => widget("en-phone-dark", "en", { ...phone, colorScheme: "dark" })],
  ["es", () => widget("es", "es", desktop)],
  ["owner", () => owner("light", desktop)],
  ["owner-dark", () => owner("dark", { ...desktop, colorScheme: "dark" })],
  ["owner-phone", () => owner("phone", phone)],
];
for (const [name, take] of all) if (!only || only === name) await take();
await set({});
await browser.close();
