// A list of very many conversations under steady change, in a real browser: `node e2e/large.mjs [conversations] [updates a second] [seconds]`
// with the program named in KOMMUTATOR_BIN (a release build with the feature `probe`, which can write the sample). Prints a row of bench/RESULTS.md.
import { cpus } from "node:os";
import { launch } from "./browser.mjs";
import { demoServer } from "./server.mjs";

const [number = "100000", rate = "50", seconds = "60"] = process.argv.slice(2);
const { said: demo, stop } = await demoServer(`large=${number}`, { startMs: 600_000 });
const call = async (method, path, body) => {
  const answer = await fetch(`${demo.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${demo.token}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};

const browser = await launch();
const context = await browser.newContext({ locale: "ru", viewport: { width: 1440, height: 900 } });
await context.addInitScript(() => {
  const seen = (window.seen = { long: [], rows: 0, nodes: 0, frames: [] });
  new window.PerformanceObserver((list) => seen.long.push(...list.getEntries().map((one) => Math.round(one.duration)))).observe({ type: "longtask", buffered: true });
  let last = 0;
  const look = (now) => {
    seen.rows = Math.max(seen.rows, document.querySelectorAll(".rows .row, .rows .hole").length);
    if (last) seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
const page = await context.newPage();
const chrome = await context.newCDPSession(page);
await chrome.send("Performance.enable");
/** What the phase before left; the counters begin anew. */
const taken = async (name) => {
  const found = await page.evaluate(() => {
    const { long, rows, frames } = window.seen;
    Object.assign(window.seen, { long: [], rows: 0, frames: [] });
    frames.sort((a, b) => a - b);
    return { long, rows, frame: frames[Math.floor(frames.length * 0.99)] ?? 0 };
  });
  console.log(`${name}: ${found.long.length} tasks over 50 ms${found.long.length ? ` (longest ${Math.max(...found.long)} ms)` : ""}, at most ${found.rows} rows in the page, 99 % of frames within ${found.frame.toFixed(0)} ms`);
};
const heap = async () => {
  await chrome.send("HeapProfiler.collectGarbage");
  const { metrics } = await chrome.send("Performance.getMetrics");
  const of = (name) => metrics.find((one) => one.name === name).value;
  return `${(of("JSHeapUsedSize") / 2 ** 20).toFixed(1)} MiB, ${of("Nodes")} nodes`;
};

await page.goto(demo.url);
await page.getByLabel("E-mail").fill(demo.email);
await page.getByLabel("Пароль").fill(demo.password);
await page.getByRole("button", { name: "Войти" }).click();
await page.locator(".row").first().waitFor();
const total = Number(await page.locator(".place").first().getAttribute("aria-setsize"));
console.log(`${total} conversations, ${rate} updates a second, ${cpus().length} × ${cpus()[0].model}, Chromium ${browser.version()}`);
await taken("login and first page");

// Answers into conversations from everywhere in the list: each jumps to the top.
const places = [];
for (let cursor = ""; places.length < 2_000; ) {
  const found = await call("GET", `/conversations?view=all&limit=100${cursor}`);
  places.push(...found.items.map((one) => one.id));
  if (!found.next) break;
  cursor = `&cursor=${found.next}`;
}
let sent = 0;
let failed = 0;
const begun = Date.now();
const beat = setInterval(() => {
  const due = Math.floor(((Date.now() - begun) / 1_000) * Number(rate));
  while (sent < due) {
    const id = places[(sent * 7_919) % places.length];
    call("POST", `/conversations/${id}/messages`, { client_id: `large-${sent}`, text: `Обновление ${sent}` }).catch(() => (failed += 1));
    sent += 1;
  }
}, 20);

const position = () => page.evaluate(() => Number(document.querySelector(".place:has(.row.selected)")?.getAttribute("aria-posinset") ?? 0));
const reaches = (wanted, what) => page.waitForFunction(([from, to]) => {
  const at = Number(document.querySelector(".place:has(.row.selected)")?.getAttribute("aria-posinset") ?? 0);
  return at >= from && at <= to;
}, wanted, { timeout: 30_000 }).catch(async () => {
  if (process.env.KOMMUTATOR_SHOTS) await page.screenshot({ path: `${process.env.KOMMUTATOR_SHOTS}/large-failed.png` });
  throw new Error(`${what}: stands at ${await position()} of ${await page.locator(".place").last().getAttribute("aria-setsize")} at ${page.url()}`);
});

await page.keyboard.press("Home");
await reaches([1, 60], "Home");
const before = await heap();
await taken("a conversation open, updates on");
await page.keyboard.press("End");
await reaches([total - 60, total + 60], "End");
await taken("End");
await page.keyboard.press("Home");
await reaches([1, 60], "Home again");
await taken("Home");
for (let at = 0; at < 100; at += 1) await page.keyboard.press("PageDown");
await taken("PageDown a hundred times");
for (let at = 0; at < 100; at += 1) await page.keyboard.press("PageUp");
await taken("PageUp a hundred times");
await page.locator(".rows").hover();
for (let at = 0; at < 100; at += 1) await page.mouse.wheel(0, at < 50 ? 3_000 : -3_000);
await taken("the wheel, far down and back");
await page.mouse.move(900, 450);
const walked = await heap();
await new Promise((done) => setTimeout(done, Math.max(0, begun + Number(seconds) * 1_000 - Date.now())));
await taken("the rest of the time at rest");
clearInterval(beat);
console.log(`heap before ${before}; after the walk ${walked}; after ${sent} updates ${await heap()}; ${failed} refused`);
await browser.close();
await stop();
