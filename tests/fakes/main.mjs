// @ts-check
// Fakes of providers, one each, behind one port: `node tests/fakes/main.mjs [port]` prints {"url": …} and serves each provider under its
// name (`URL/telegram`, `URL/vk` …): that is the base address the gateway is given. A test tells a fake what to do, and asks what it saw,
// under `URL/NAME/_fake/…`, see `common.mjs`. They are written from what the providers document, never from what the gateway happens to do.
import { createServer } from "node:http";
import { serve } from "./common.mjs";
import { avito } from "./avito.mjs";
import { telegram } from "./telegram.mjs";
import { vk } from "./vk.mjs";

const fakes = { telegram, vk, avito };

const server = createServer((request, response) => {
  const [, name = ""] = (request.url ?? "").split("/");
  const make = fakes[/** @type {keyof typeof fakes} */ (name)];
  if (!make) return void response.writeHead(404).end("no such fake");
  serve(name, make, request, response);
});
server.keepAliveTimeout = 30_000;
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}` }));
});
// Whoever started it keeps its standard input open: when that ends, so does this.
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
