// @ts-check
/** What amoCRM sends of the chats: each hook once, in the order of its chat; and the worker that fetches media, later. */
import { bodySignature, sha256 } from "./sign.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */

export class Wire {
  /** @param {import("./world.mjs").World} world */
  constructor(world) {
    this.world = world;
    /** The next hooks are never sent, of one account or of all. @type {{times: number, account: string | undefined, kind: string | undefined}} */
    this.lost = { times: 0, account: undefined, kind: undefined };
    this.hold = false;
    /** @type {(() => Promise<void>)[]} */
    this.held = [];
    /** What waits in each chat. @type {Map<string, Promise<void>>} */
    this.lines = new Map();
    /** @type {Fields[]} */
    this.delivered = [];
  }

  /** A hook goes out, when the account is connected. @param {Account} account @param {Fields} chat @param {string} kind @param {Fields} body */
  send(account, chat, kind, body) {
    const scope = account.scopes.get(chat.channel);
    const channel = this.world.channels.get(chat.channel);
    if (!scope || !channel?.hook_url) return;
    const { lost } = this;
    if (lost.times > 0 && (!lost.account || lost.account === account.subdomain) && (!lost.kind || lost.kind === kind)) {
      lost.times -= 1;
      this.delivered.push({ at: this.world.now(), account: account.subdomain, kind, status: "lost", body });
      return;
    }
    const whole = { account_id: account.amojo_id, time: this.world.seconds(), ...body };
    const run = () => this.post(account, channel, scope, kind, scope.version === "v1" ? first(whole) : whole);
    if (this.hold) this.held.push(run);
    else this.line(chat.id, run);
  }

  /** @param {string} chat @param {() => Promise<void>} run */
  line(chat, run) {
    const after = (this.lines.get(chat) ?? Promise.resolve()).then(run);
    this.lines.set(chat, after);
  }

  /** What was held goes out. @param {{reverse?: boolean}} how */
  async release({ reverse = false }) {
    this.hold = false;
    const held = this.held.splice(0);
    if (reverse) held.reverse();
    for (const run of held) await run();
    return held.length;
  }

  /** @param {Account} account @param {Fields} channel @param {Fields} scope @param {string} kind @param {Fields} body */
  async post(account, channel, scope, kind, body) {
    // Whoever was slow is sent to later.
    if (scope.slow) await new Promise((go) => this.world.later(this.world.settings.slow_ms, () => go(null)));
    const text = JSON.stringify(body);
    const url = channel.hook_url.replace(":scope_id", scope.id);
    const signature = bodySignature(channel.secret, text);
    const patience = this.world.settings.hook_patience_ms;
    const [at, started] = [this.world.now(), performance.now()];
    let status = 0;
    try {
      const headers = { "content-type": "application/json", "user-agent": "amoCRM amoJo/1.0", ...(scope.version === "v1" ? {} : { "x-signature": signature }) };
      // The newline behind the body is sent and not signed.
      const answer = await fetch(url, { method: "POST", headers, body: `${text}\n`, redirect: "manual", signal: AbortSignal.timeout(patience) });
      status = answer.status;
      await answer.arrayBuffer();
    } catch {
      status = 0;
    }
    const ms = Math.round(performance.now() - started);
    scope.slow = status === 0 && ms >= patience;
    this.delivered.push({ at, account: account.subdomain, kind, url, status, ms, signature, body });
  }

  /** Media are fetched when there is time for it, with nothing to show who asks; what came stands in `told.fetched`. @param {Fields} told @param {string} url @param {number | undefined} wanted  the length that was told */
  pull(told, url, wanted) {
    told.fetched = { done: false, url };
    this.world.later(this.world.settings.media_delay_ms, async () => {
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
        const bytes = Buffer.from(await answer.arrayBuffer());
        const whole = wanted === undefined || bytes.length === wanted;
        const small = bytes.length <= this.world.settings.media_limit;
        told.fetched = { done: true, url, status: answer.status, size: bytes.length, type: answer.headers.get("content-type"), sha256: sha256(bytes), ok: answer.ok && whole && small, ...(whole ? {} : { wanted }) };
      } catch (error) {
        told.fetched = { done: true, url, status: 0, ok: false, error: String(error) };
      }
    });
  }
}

/** The first version of a hook, of those who did not ask for the second: flat, and nobody signs it. @param {Fields} whole */
const first = ({ account_id, time, message }) => ({
  account_id, time, conversation_id: message?.conversation?.client_id, type: message?.message?.type, text: message?.message?.text, sender: message?.sender?.id, receiver: message?.receiver?.client_id, msgid: message?.message?.id,
});
