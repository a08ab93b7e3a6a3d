// Runs the end-to-end tests against a demo of the binary of KOMMUTATOR_BIN (on Redis if KOMMUTATOR_REDIS is set). Also serves
// the page of another site that carries the widget.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./server.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { KOMMUTATOR_REDIS: redis, ...environment } = process.env;
// On Redis the key is always given: every node must have the same.
const key = redis && { KOMMUTATOR_KEY: process.env.KOMMUTATOR_KEY ?? randomBytes(32).toString("hex") };
// All its people come from one address.
const server = await start(["demo", "--json", "--limits", "off", ...(redis ? ["--redis", redis] : [])], { environment: { ...key, KOMMUTATOR_OUTSIDE_PRIVATE: process.env.KOMMUTATOR_OUTSIDE_PRIVATE ?? "on" } });
const demo = server.said;

/** A strict policy, as careful sites have: only what the documentation asks for is let in. */
const policy = `default-src 'none'; script-src ${demo.url}; connect-src ${demo.url} ${demo.url.replace(/^http/, "ws")}; img-src ${demo.url} blob:; media-src ${demo.url}; style-src 'none'; base-uri 'none'`;
/** Pages a test puts there, by path: `{ html, policy }`. */
const put = new Map();
const page = createServer((request, response) => {
  if (request.method === "PUT") {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      put.set(request.url, JSON.parse(Buffer.concat(parts).toString()));
      response.end();
    });
    return;
  }
  const own = put.get(request.url);
  if (own) {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...(own.policy && { "content-security-policy": own.policy }) });
    response.end(own.html);
    return;
  }
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
  response.end(`<!doctype html><html lang="ru"><head><meta name="viewport" content="width=device-width"><title>Another site</title></head><body><main><h1>Another site</h1></main><script src="${demo.url}/widget.js" data-widget="${demo.widget_key}" async></script></body></html>`);
});
await new Promise((done) => page.listen(0, "127.0.0.1", done));

const tests = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "e2e/vitest.config.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...environment, KOMMUTATOR_URL: demo.url, KOMMUTATOR_DEMO: JSON.stringify(demo), KOMMUTATOR_PAGE: `http://127.0.0.1:${page.address().port}` },
});
process.once("SIGTERM", () => tests.kill("SIGTERM"));
const code = await new Promise((done) => tests.once("exit", done));
page.close();
await server.stop();
process.exit(code ?? 1);
