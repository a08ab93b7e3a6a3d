// MOCK SERVER, for developing and testing the front end only. It keeps everything in memory, checks next to nothing and
// must never face anybody. `node e2e/mock/main.mjs [port]`; the first line of stdout is the object `demo --json` prints.
import { createServer } from "node:http";
import { createHttp } from "./http.mjs";
import { seed } from "./seed.mjs";
import { attachSockets } from "./sockets.mjs";
import { createState } from "./state.mjs";

const state = createState();
const { owner, shop } = seed(state);
const http = createHttp(state);
let sockets;
const server = createServer((request, response) => {
  // For tests: a link that breaks.
  if (request.url === "/mock/drop") {
    sockets.dropAll();
    response.end();
    return;
  }
  if (request.url === "/mock/demo") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="ru"><meta name="viewport" content="width=device-width"><title>Мебель Север</title><body><h1>Мебель Север</h1><p>Страница с виджетом.</p><script src="/widget.js" data-widget="${shop.widget.key}" async></script>`);
    return;
  }
  void http(request, response);
});
sockets = attachSockets(server, state);
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const base = `127.0.0.1:${server.address().port}`;
  state.sessions.set("mock", owner.id);
  const demo = { url: `http://${base}`, ws_manager: `ws://${base}/ws/manager`, ws_visitor: `ws://${base}/ws/visitor?widget=${shop.widget.key}`, widget_key: shop.widget.key, demo_page: `http://${base}/mock/demo`, email: owner.email, password: "correct horse", token: "mock" };
  console.log(JSON.stringify(demo));
});
