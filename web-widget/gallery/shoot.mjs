// `npm run gallery`: builds the gallery, takes a picture of every piece and scene (1440 and 390 wide, light and dark), looks at each with
// axe, and says what changed since the pictures of the last time. Pictures lie in gallery/pictures, which git does not keep.
//   node gallery/shoot.mjs [only=WORDS] [keep]     keep: the pictures of the last time stay what is compared with
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { launch } from "../e2e/browser.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = at("pictures");
const only = process.argv.find((one) => one.startsWith("only="))?.slice(5) ?? "";
const keep = process.argv.includes("keep");

if (!existsSync(at("../dist/widget.js"))) throw new Error("dist/ is not built: npm run build");
await build({ configFile: at("vite.config.ts") });

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
const PICTURE = (name) => `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="420"><rect width="640" height="420" fill="${name.includes("one") ? "#8ab4f8" : "#f8b48a"}"/><circle cx="320" cy="210" r="120" fill="#fff"/></svg>`;
const server = createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  if (path.startsWith("/widget/v1/files")) {
    // One upload never ends, the other is refused.
    if (request.url?.includes("slow")) return;
    response.writeHead(413, { "content-type": "application/problem+json" });
    return void response.end(JSON.stringify({ code: "file_too_large", status: 413 }));
  }
  if (path.startsWith("/gallery-files/")) {
    response.writeHead(200, { "content-type": "image/svg+xml" });
    return void response.end(PICTURE(path));
  }
  const file = [at("dist"), at("../dist")].map((root) => join(root, path === "/" ? "index.html" : path)).find((one) => existsSync(one));
  if (!file) return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
  response.end(readFileSync(file));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}`;
const browser = await launch();
const troubles = [];
const changes = [];
let taken = 0;

/** How many points of two pictures differ; null: they are of different size. */
const differ = (page, before, after) =>
  page.evaluate(async ([one, other]) => {
    const read = async (data) => {
      const bitmap = await window.createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
      const canvas = new window.OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      canvas.drawImage(bitmap, 0, 0);
      return canvas.getImageData(0, 0, bitmap.width, bitmap.height);
    };
    const [a, b] = [await read(one), await read(other)];
    if (a.width !== b.width || a.height !== b.height) return null;
    let points = 0;
    // A shade is no difference: text is smoothed a little differently each time.
    for (let i = 0; i < a.data.length; i += 4) if (Math.abs(a.data[i] - b.data[i]) + Math.abs(a.data[i + 1] - b.data[i + 1]) + Math.abs(a.data[i + 2] - b.data[i + 2]) > 48) points += 1;
    return points;
  }, [before.toString("base64"), after.toString("base64")]);

/** Edges fall between points, now on one and now on the other. */
const NOTHING = 60;
const compare = await browser.newPage();
async function keepPicture(name, picture) {
  taken += 1;
  const path = join(folder, `${name}.png`);
  const before = existsSync(path) ? readFileSync(path) : null;
  if (before) {
    const points = before.equals(picture) ? 0 : await differ(compare, before, picture);
    if (points === null || points > NOTHING) {
      changes.push(`${name}: ${points === null ? "another size" : `${points} points`}`);
      if (!keep) renameSync(path, join(folder, `${name}.before.png`));
      writeFileSync(keep ? join(folder, `${name}.after.png`) : path, picture);
    } else for (const old of ["before", "after"]) rmSync(join(folder, `${name}.${old}.png`), { force: true });
  } else writeFileSync(path, picture);
}

async function look(page, where) {
  const found = await page.evaluate(async (source) => {
    if (!window.axe) (0, eval)(source);
    // The gallery is no page somebody uses: landmarks and the order of headings are the pages' own.
    const result = await window.axe.run(document, { resultTypes: ["violations"] });
    return result.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
  }, axe);
  troubles.push(...found.map((one) => `${where}: ${one}`));
}

/** Elements marked for it are drawn as under the pointer, or with the focus. */
async function force(page, selector, states) {
  const client = await page.context().newCDPSession(page);
  await client.send("DOM.enable");
  await client.send("CSS.enable");
  const { root } = await client.send("DOM.getDocument", { depth: -1, pierce: true });
  const nodes = [];
  const walk = (node) => {
    nodes.push(node);
    for (const child of [...(node.children ?? []), ...(node.shadowRoots ?? [])]) walk(child);
  };
  walk(root);
  for (const host of nodes.filter((node) => node.nodeName === "#document-fragment" || node.nodeId === root.nodeId)) {
    const { nodeIds } = await client.send("DOM.querySelectorAll", { nodeId: host.nodeId, selector });
    for (const nodeId of nodeIds) await client.send("CSS.forcePseudoState", { nodeId, forcedPseudoClasses: states });
  }
}
const STATES = { hover: ["hover"], focus: ["focus", "focus-visible", "focus-within"] };

const sizes = { 1440: { viewport: { width: 1440, height: 900 } }, 390: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } };
await compare.goto(`${url}/widget.html`);
const scenes = await compare.waitForFunction(() => window.SCENES).then((found) => found.jsonValue());

mkdirSync(folder, { recursive: true });
for (const [size, options] of Object.entries(sizes)) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ locale: "ru", timezoneId: "UTC", reducedMotion: "reduce", colorScheme, permissions: ["microphone"], ...options });
    // «Сегодня» stays today.
    await context.clock.setFixedTime("2026-11-21T12:30:00Z");
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && troubles.push(`${page.url()}: ${message.text()}`));
    page.on("pageerror", (error) => troubles.push(`${page.url()}: ${error.message}`));
    const name = (what) => `${what.replace(/[^\p{L}\p{N}.-]+/gu, "-")}-${size}-${colorScheme}`;
    await page.goto(url);
    await page.locator(".gallery-state").first().waitFor();
    for (const [state, pseudo] of Object.entries(STATES)) await force(page, `[data-force=${state}]`, pseudo);
    await look(page, name("pieces"));
    const wide = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    if (wide[0] > Number(size) + 1) troubles.push(`${name("pieces")}: the page is ${wide[0]} wide`);
    for (const section of await page.locator(".gallery > section").all()) {
      const title = await section.locator("h2").first().textContent();
      if (!title.includes(only)) continue;
      const picture = await section.screenshot({ animations: "disabled" });
      await keepPicture(name(title), picture);
    }
    const alone = await page.locator("[data-alone]").evaluateAll((all) => all.map((one) => one.dataset.alone));
    for (const one of alone.filter((one) => one.includes(only))) {
      await page.goto(`${url}/?only=${encodeURIComponent(one)}`);
      await page.locator(".gallery-box > *, dialog[open], .toasts p").first().waitFor();
      for (const [state, pseudo] of Object.entries(STATES)) await force(page, `[data-force=${state}]`, pseudo);
      await page.waitForTimeout(300);
      await look(page, name(one));
      await keepPicture(name(one), await page.screenshot({ animations: "disabled" }));
    }
    for (const scene of scenes.filter((one) => `widget ${one.id}`.includes(only))) {
      await page.goto(`${url}/widget.html?scene=${scene.id}`);
      await page.locator("kommutator-widget .launch").waitFor({ state: "attached" });
      if (!scene.shut) await page.locator("kommutator-widget .panel:not(.shut)").waitFor();
      for (const act of scene.acts ?? []) {
        if (typeof act === "string") await page.locator(`kommutator-widget ${act}`).first().click();
        else if ("write" in act) await page.locator("kommutator-widget textarea").fill(act.write);
        else await page.locator("kommutator-widget input[type=file]").setInputFiles({ name: act.file, mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4") });
      }
      if (scene.force) await force(page, scene.force.on, STATES[scene.force.as]);
      // What comes with a fetched part, or after a pause that is the widget's own.
      await page.waitForLoadState("networkidle").catch(() => undefined);
      await page.waitForTimeout(scene.ends === 0 ? 1_800 : 300);
      await look(page, name(`widget ${scene.id}`));
      const clip = size === "1440" ? { x: 960, y: 140, width: 480, height: 760 } : undefined;
      await keepPicture(name(`widget ${scene.id}`), await page.screenshot({ animations: "disabled", ...(clip && { clip }) }));
    }
    await context.close();
  }
}
await browser.close();
server.closeAllConnections();
server.close();
console.log(`${taken} pictures in gallery/pictures`);
console.log(changes.length > 0 ? `changed since the last time (the old ones are *.before.png):\n  ${changes.join("\n  ")}` : "no picture changed since the last time");
if (troubles.length > 0) {
  console.log(`troubles:\n  ${[...new Set(troubles)].join("\n  ")}`);
  process.exit(1);
}
