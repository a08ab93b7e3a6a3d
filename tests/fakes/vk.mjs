// @ts-check
/**
 * A VK community as the gateway meets it: `URL/vk/method/…`, the Long Poll server, the upload servers, the pages of OAuth, and the files.
 * The events go out by the Callback API or wait for Long Poll. Written from what VK documents.
 *
 * A test may, under `/vk/_fake/`:
 *  - `group {…}`, `token {token?, mask?, revoked?}`, `user {id, picture?, …}`: what there is;
 *  - `errors [{method, code, message?, times?, in_item?, extra?}]`: the next calls fail with VK's code;
 *  - `write`, `edit`, `read`, `type`, `allow`, `deny`, `react`, `block`, `admin`: a person, or an admin by hand, does it;
 *  - `comment {on, user, item, …}`, `edit-comment`, `delete-comment`, `admin-comment`;
 *  - `event {type, object}`: any event as it is;
 *  - `callbacks {retry_ms?, most?, hold?, shuffle?}`, `release {reverse?, twice?}`: how the Callback API behaves; `forget`: what waits never comes; `shuffle`: which part of a dialog's events goes right
 *    behind the next;
 *  - `longpoll {fail?, keep?}`: the next question fails with 1, 2 or 3; how many events are kept;
 *  - `time {ms}`: the clock the limits are counted by goes on;
 *  - `GET dialog?peer=`, `GET post?key=`, `GET servers`, `GET state`: what there is to be seen now.
 */
import { fields } from "./common.mjs";
import { acts } from "./vk/acts.mjs";
import { Wire } from "./vk/events.mjs";
import { methods } from "./vk/methods.mjs";
import { World } from "./vk/world.mjs";
import { save, upload } from "./vk/uploads.mjs";

/** @returns {import("./common.mjs").Fake} */
export function vk() {
  const world = new World();
  const wire = new Wire(world);
  const known = { ...methods(world, wire), ...save(world) };
  const doing = acts(world, wire);

  /** @param {import("./common.mjs").Asked} asked */
  async function method(asked) {
    const name = asked.path.slice("/method/".length);
    const said = await fields(asked);
    const shown = Object.entries(said).filter(([key]) => key !== "access_token").map(([key, value]) => ({ key, value: String(value) }));
    /** @param {{code: number, message?: string, extra?: object}} wrong */
    const refuse = ({ code, message, extra }) => ({
      status: 200,
      body: { error: { error_code: code, error_msg: message ?? `error ${code}`, request_params: [...shown, { key: "method", value: name }], ...extra } },
    });
    try {
      world.origin = asked.origin;
      world.checkToken(name, said, asked.headers);
      world.checkPace();
      const fault = world.fault(name);
      if (fault) return refuse(fault);
      const run = known[name];
      if (!run) return refuse({ code: 3, message: "Unknown method passed" });
      return { status: 200, body: { response: await run(said) } };
    } catch (error) {
      if (error && typeof error === "object" && "code" in error) return refuse(/** @type {any} */ (error));
      throw error;
    }
  }

  return {
    name: ({ path }) => (path.startsWith("/method/") ? path.slice(8) : path.split("/").slice(0, 3).join("/")),
    async answer(asked) {
      world.origin = asked.origin;
      if (asked.path.startsWith("/method/")) return await method(asked);
      if (asked.path.startsWith("/lp/")) return await wire.longPoll(asked.query);
      if (asked.path.startsWith("/upload/")) return upload(world, asked.path.slice(8), await fields(asked));
      if (asked.path.startsWith("/files/")) {
        const file = world.files.get(asked.path.split("/")[2] ?? "");
        return file ? { status: 200, body: file.bytes, headers: { "content-type": file.type } } : { status: 404, body: "gone" };
      }
      if (asked.path === "/authorize") return world.authorize(asked.query);
      if (asked.path === "/access_token") return world.exchange(asked.query);
      return { status: 404, body: "not found" };
    },
    control: async (op, body, asked) => await doing[op]?.(body ?? {}, asked.query),
    shown: (asked) => {
      const type = asked.headers["content-type"] ?? "";
      if (type.startsWith("multipart/")) return `(${asked.body.length} bytes)`;
      const said = { ...Object.fromEntries(asked.query), ...Object.fromEntries(new URLSearchParams(asked.body.toString("utf8"))) };
      if ("access_token" in said) said.access_token = "…";
      return said;
    },
  };
}
