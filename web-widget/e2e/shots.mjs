// Takes a picture of every screen of the program named in KOMMUTATOR_BIN, over hard data, light, dark and on a phone:
// `node e2e/shots.mjs [folder] [light,dark,phone]`.
import { mkdirSync, readFileSync } from "node:fs";
import { launch } from "./browser.mjs";
import { demoServer } from "./server.mjs";

const folder = process.argv[2] ?? "e2e/shots";
mkdirSync(folder, { recursive: true });
const { said: demo, stop } = await demoServer("hard");
const browser = await launch();
const problems = [];
const PAGES = [...readFileSync(new URL("../messenger/src/settings/pages.ts", import.meta.url), "utf8").matchAll(/page: "(\w+)"/g)].map(([, name]) => name);

async function messenger(name, options) {
  const context = await browser.newContext({ locale: "ru", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(`${name}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  const shot = (what) => page.screenshot({ path: `${folder}/${name}-${what}.png` });
  /** What is to come has come, and pictures are drawn. */
  const drawn = () => page.waitForFunction(() => !document.querySelector(".loading, .skeletons, .splash") && [...document.images].every((image) => image.complete || image.loading === "lazy"));
  const home = async () => {
    await page.goto(demo.url);
    await page.locator(".row").first().waitFor();
  };
  const open = async (who) => {
    await home();
    await page.locator(".row", { hasText: who }).first().click();
    await page.locator(".msg").first().waitFor();
  };
  await page.goto(demo.url);
  await page.locator("input[type=email]").fill(demo.email);
  await page.locator("input[type=password]").fill("wrong");
  await page.locator("button.main").click();
  await page.getByRole("alert").filter({ hasText: "Неверный" }).waitFor();
  await shot("login-wrong");
  await page.locator("input[type=password]").fill(demo.password);
  await page.locator("button.main").click();
  await page.locator(".row").first().waitFor();
  await shot("list");
  await open("Борис");
  await page.locator(".composer textarea").fill("Да, карта подойдёт. Курьер возьмёт терминал.");
  await shot("thread");
  await page.getByRole("button", { name: "О клиенте" }).first().click();
  await shot("card");
  await open("Всё, что бывает");
  const log = page.locator(".thread .log");
  // Read before, it opens at its end; else at what is new.
  await log.evaluate((one) => one.scrollTo(0, one.scrollHeight));
  await page.locator(".msg", { hasText: "И последнее" }).waitFor();
  for (let at = 0; at < 14; at += 1) {
    await shot(`everything-${String(at).padStart(2, "0")}`);
    await log.evaluate((one) => one.scrollBy(0, 40 - one.clientHeight));
    await drawn();
  }
  // Not while something is being written.
  await page.locator(".head h1").click();
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await shot("help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.locator("dialog[open]").waitFor();
  await shot("palette");
  await open("Анна");
  await context.setOffline(true);
  await page.locator(".composer textarea").fill("Это уйдёт, когда будет связь");
  await page.locator(".composer textarea").press("Enter");
  await page.locator(".linkbar").waitFor();
  await shot("offline");
  await context.setOffline(false);
  await page.locator(".msg.waits").waitFor({ state: "detached" });
  await home();
  await page.getByRole("searchbox").fill("нет такого слова");
  await page.locator(".found .empty").waitFor();
  await shot("search-none");
  await page.getByRole("searchbox").fill("диван");
  await page.locator(".found .row").first().waitFor();
  await shot("search");
  const customer = (await (await page.request.get(`${demo.url}/api/v1/customers?limit=20`)).json()).items.find((one) => one.name.startsWith("Борис"));
  const { items: channels } = await (await page.request.get(`${demo.url}/api/v1/channels`)).json();
  const widget = channels.find((one) => one.kind === "site_widget");
  for (const [what, path, ready] of [
    ["home", "/home", ".chart-of, .quiet"], ["customers", "/customers", ".row"], ["customer", `/customers/${customer?.id}`, ".known"],
    ...PAGES.map((one) => [`settings-${one}`, `/settings/${one}`, ".page-head"]), ["channel", `/settings/channels/${widget.id}`, ".scene"], ["channel-new", "/settings/channels/new", ".page-head"], ["webhook-new", "/settings/webhooks/new", ".page-head"],
  ]) {
    await page.goto(demo.url + path);
    await page.locator(ready).first().waitFor();
    await drawn();
    await shot(what);
  }
  await context.close();
}

const wide = { width: 1440, height: 900 };
const wanted = process.argv[3] ?? "light,dark,phone";
const only = (name, options) => (wanted.includes(name) ? messenger(name, options) : undefined);
await only("light", { viewport: wide, colorScheme: "light" });
await only("dark", { viewport: wide, colorScheme: "dark" });
await only("phone", { viewport: { width: 390, height: 780 }, colorScheme: "light", hasTouch: true, isMobile: true });
await browser.close();
await stop();
console.log(problems.length > 0 ? problems.join("\n") : "no problems on the console");
