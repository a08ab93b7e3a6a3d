// @ts-check
// Fakes of providers, one each, behind one port: `node tests/fakes/main.mjs [port]` prints {"url": …} and serves each provider under its
// name (`URL/telegram`, `URL/vk` …): that is the base address the gateway is given. A test tells a fake what to do, and asks what it saw,
// under `URL/NAME/_fake/…`, see `common.mjs`. They are written from what the providers document, never from what the gateway happens to do.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { serve } from "./common.mjs";

/** A fake is the file of its name, and makes itself by the function of that name. @param {string} name @returns {Promise<(() => import("./common.mjs").Fake) | undefined>} */
async function known(name) {
  const file = new URL(`./${name}.mjs`, import.meta.url);
  return /^[a-z][a-z0-9_]*$/.test(name) && existsSync(file) ? (await import(file.href))[name] : undefined;
}

const server = createServer(async (request, response) => {
  const [, name = ""] = (request.url ?? "").split("/");
  const make = await known(name).catch((error) => console.error(name, error));
  if (!make) return void response.writeHead(404).end("no such fake");
  await serve(name, make, request, response);
});
server.keepAliveTimeout = 30_000;
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}` }));
});
// Whoever started it keeps its standard input open: when that ends, so does this.
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
