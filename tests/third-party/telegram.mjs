// @ts-check
/**
 * A Bot API server that we did not write (npm: telegram-test-api), on a free port: prints `{"url": …}` and ends with its input. What it is asked for and does not
 * have is answered as the Bot API would: that no webhook is set, and that none can be (its deliveries carry no secret, so ours would
 * refuse them). Everything else is its own doing.
 */
import { createServer } from "node:http";
import { createRequire } from "node:module";

/** @type {new (config: object) => {webServer: import("node:http").RequestListener}} */
const Server = createRequire(import.meta.url)("telegram-test-api");
const { webServer } = new Server({});

/** @type {Record<string, [number, object]>} */
const missing = {
  getWebhookInfo: [200, { ok: true, result: { url: "", has_custom_certificate: false, pending_update_count: 0 } }],
  setWebhook: [400, { ok: false, error_code: 400, description: "Bad Request: bad webhook: An HTTPS URL must be provided for webhook" }],
};

const server = createServer((request, response) => {
  const [status, body] = missing[request.url?.split("/").pop() ?? ""] ?? [];
  if (!body) return void webServer(request, response);
  request.resume();
  response.writeHead(status ?? 200, { "content-type": "application/json" }).end(JSON.stringify(body));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(JSON.stringify({ url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}` }));
});
process.stdin.resume().on("end", () => process.exit(0));
