// @ts-check
/**
 * Avito's messenger as the gateway meets it: tokens, chats about listings and between profiles, messages, pictures, voice, the blacklist, the
 * webhook. Written from Avito's published descriptions; which status answers a refusal they do not name is our choice.
 *
 * A test may, under `/avito/_fake/`:
 *  - `account {…}`, `chat {id, buyer, item?, …}` (a `picture` of either by its bytes), `item {id, …}`: what there is;
 *  - `write {chat, text?, type?, content?, image?, voice?, from?}`: a buyer writes (`from: "me"`: the seller in Avito's own app);
 *  - `read {chat}`: the buyer reads; `delete {chat, id}`;
 *  - `modes {…}`: `expire` (the token in use is good no longer), `revoked` (new tokens are not good either), `paid: false` (402),
 *    `busy` `{times, retry_after?}` (429), `off` (503), `html` (an error page), `bare` (lists of messages are bare arrays);
 *  - `hooks {hold?, reverse?, twice?, lose?, bare?, retry_ms?, most?}`, `release`: how the webhook behaves;
 *  - `event {…}`: any delivery as it is; `time {ms}`: its clock goes on;
 *  - `GET chat?id=`, `GET state`: what there is to be seen now.
 */
import { fields } from "./common.mjs";
import { routes } from "./avito/calls.mjs";
import { control } from "./avito/acts.mjs";
import { Avito, Refused } from "./avito/world.mjs";

/** @returns {import("./common.mjs").Fake} */
export function avito() {
  const world = new Avito();
  const calls = routes(world);
  const doing = control(world);

  /** @param {import("./common.mjs").Asked} asked */
  const route = (asked) => {
    for (const [method, pattern, name, run] of calls) {
      const found = method === asked.method && pattern.exec(asked.path.replace(/\/$/, ""));
      if (found) return { name, run, parts: found.slice(1).map(decodeURIComponent) };
    }
    return undefined;
  };

  return {
    name: (asked) => route(asked)?.name ?? asked.path.split("/").slice(0, 2).join("/"),
    async answer(asked) {
      world.origin = asked.origin;
      const found = route(asked);
      if (!found) return { status: 404, body: { error: { code: 404, message: "Not found" } } };
      try {
        if (found.name !== "token" && found.name !== "file") world.admit(asked.headers["authorization"] ?? "");
        const answer = await found.run(found.parts, await fields(asked), asked);
        return answer?.whole ?? { status: 200, body: answer };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.html) return { status: error.status, body: "<html><body>error</body></html>" };
        const shown = { code: error.status, message: error.message, ...(error.fields ? { fields: error.fields } : {}) };
        return { status: error.status, body: found.name.startsWith("item") ? { code: String(error.status), message: error.message } : { error: shown }, headers: error.headers };
      }
    },
    control: async (op, body, asked) => await doing[op]?.(body ?? {}, asked.query),
    shown: (asked) => {
      if ((asked.headers["content-type"] ?? "").startsWith("multipart/")) return `(${asked.body.length} bytes)`;
      return { path: asked.path, query: Object.fromEntries(asked.query), said: asked.body.toString("utf8").replace(/client_secret=[^&]*/, "client_secret=…") };
    },
  };
}
