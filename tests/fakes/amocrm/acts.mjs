// @ts-check
/**
 * What a test does here, under `/amocrm/_fake/`. `account` is a subdomain, the first account without one; `chat` is the id of a chat at amoCRM or ours, and `contact` may stand for it;
 * `user` is an id, a name or an `amojo_id`, without one the first who has a place in chats.
 *
 * What there is:
 *  - `account {subdomain, tld?: ru|com|kommo, id?, users?, pipelines?, filters?, unsorted?}`, `integration {client_id?, client_secret?, redirect_uri?, kind?, uninstall_url?, …}`, `channel {id?, secret?,
 *    hook_url?, accounts?, bot?, …}`: one more, or more of one; without an id the one that is there at once;
 *  - `token {account, user?, days?}`: tokens as if somebody had allowed it; with `days` one that lives long and has no refresh token;
 *  - `consents {account, state?, user?, refuse?, referer?}`: where the page would send the person, `referer` whatever a test likes; `file {name, type, base64}`: a file of amoCRM;
 *  - `clock {advance_ms}` (what is due on the way happens, and is over when this answers) or `{set}` (milliseconds or a date, also back) or `{stop}` (it stands until it is moved or let go); `settings {…}`: the switches of `world.mjs`;
 *  - `GET state?account=`: all of an account; `GET limits`, `GET refreshes`, `GET delivered` (`chats`, `webhooks`).
 *
 * What people do:
 *  - `writes {chat|contact, user?, text?, file?, media_group?, reply_to?, markup?, template?, post?, type?, bare?}`, `first {phone, text, source?, user?, name?, contact?, file?}`, `reads {chat}`, `typing {chat}`,
 *    `reacts {chat, message, emoji, un?}`;
 *  - `makes {leads?, contacts?, companies?}`, `changes {lead|contact|company|task|user: id, …}`, `moves {lead, status, pipeline?}`, `closes {lead, won?}` or `{talk}`, `merges {entity, into, from}`,
 *    `deletes {lead|contact|company: id}`, `{field, entity?}` or `{status}`, `stages {name, pipeline?}` (one more), `accepts {uid?|chat?|lead?, user?, status?}`, `declines {uid?|chat?|lead?}`, `reviews {template, status}`;
 *  - `installs {account}` (the callback without a state), `uninstalls`, `revokes`, `ends {account}` (its access tokens are over, as after a day), `renames {subdomain}`.
 *
 * What goes wrong: `blocks {on?}` (403 with a page), `unpaid {on?}` (402), `lose_hooks {times, account?, kind?}` (never sent, though the chat has it), `hooks {hold?}` and `webhooks {hold?, lose?, twice?}` with
 * `release {what: hooks|webhooks, reverse?, together?}`, `raw_hook {body, signature?, newline?}` (any hook, signed as the test likes); faults by script (`common.mjs`): of `oauth.token` with
 * `{kind: "lose"}` a refresh whose answer is lost after the rotation, with `{kind: "instead", status: 504, body: ""}` any call that is carried out and answered as if it were not.
 */
import { LOST, WON } from "./account.mjs";
import { accept, adopt, decline, happened, hook, messageOf, open, put, wrote } from "./chats.mjs";
import { noField } from "./crm.mjs";
import { change, digits, make, merge, remove, same } from "./entities.mjs";
import { access, decided, installs, refreshes, revoke, tokens, uninstalls } from "./oauth.mjs";
import { bodySignature, sha256 } from "./sign.mjs";
import { state } from "./state.mjs";
import { fire } from "./webhooks.mjs";
import { taskChanged } from "./written.mjs";
import { randomUUID } from "node:crypto";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */
/** @typedef {import("./account.mjs").Kind} Kind */

const KIND_OF = /** @type {Record<string, Kind>} */ ({ lead: "leads", contact: "contacts", company: "companies" });

/** @param {import("./world.mjs").World} world @returns {Record<string, (said: any) => any>} */
export function acts(world) {
  const of = (/** @type {Fields} */ said) => world.named(said.account);
  const integration = (/** @type {Fields} */ said) => world.integration(said.client_id ? { client_id: said.client_id } : {});

  /** @param {Account} account @param {Fields} said */
  function chatOf(account, { chat, contact }) {
    const all = [...account.chats.values()];
    const found = chat === undefined ? all.findLast((one) => one.contact === Number(contact)) : all.find((one) => one.id === chat || one.client_id === chat);
    if (!found) throw new Error(`no chat ${chat ?? contact}`);
    return found;
  }

  /** A file a manager sends. @param {Account} account @param {Fields} file */
  function sent(account, { name = "file", type, media_type = type ?? "application/octet-stream", base64, bytes = base64 ?? "", kind }) {
    const content = Buffer.from(bytes, "base64");
    const guessed = /^image\//.test(media_type) ? "picture" : /^video\//.test(media_type) ? "video" : /^audio\//.test(media_type) ? "audio" : "file";
    return { type: kind ?? guessed, media: world.publish(account.amojo, name, media_type, content, world.settings.media_life_ms), file_name: name, file_size: content.length, sha256: sha256(content) };
  }

  /** @param {string} text */
  const shortened = (text) => text.replace(/https?:\/\/\S+/g, (url) => {
    const code = randomUUID().replaceAll("-", "").slice(0, 11);
    world.links.set(code, url);
    return `https://amo.si/${code}`;
  });

  /** What a manager writes, in one message or, of several files, in as many. @param {Account} account @param {Fields} chat @param {Fields} said */
  function says(account, chat, said) {
    const user = account.person(said.user);
    if (!user.amojo_id) throw new Error(`${user.name} has no place in chats`);
    const channel = /** @type {Fields} */ (world.channels.get(chat.channel));
    const who = /** @type {Fields} */ (account.people.get(chat.person));
    const files = said.media_group ?? (said.file ? [said.file] : [undefined]);
    const group = said.media_group ? randomUUID() : undefined;
    const words = world.settings.shortens ? shortened(said.text ?? "") : (said.text ?? "");
    const to = said.reply_to && messageOf(account, chat.channel, { id: said.reply_to }, chat) || said.reply_to && messageOf(account, chat.channel, { msgid: said.reply_to }, chat);
    const made = files.map((/** @type {Fields | undefined} */ file, /** @type {number} */ at) => {
      const content = { type: "text", text: at === 0 ? words : "", media: "", thumbnail: "", file_name: "", file_size: 0, ...(file ? sent(account, file) : {}), ...(said.type ? { type: said.type } : {}) };
      const { markup, template, post } = said;
      const message = put(account, chat, {
        written: "here", sender: { id: user.amojo_id, name: user.name, user: user.id }, receiver: { id: who.id, name: who.name, client_id: who.client_id }, media_group_id: group, markup, template,
        post, ...(to ? { reply_to: { id: to.message.id, msgid: to.message.client_id } } : {}), ...content,
      });
      const talk = [...account.talks.values()].findLast((one) => one.chat_id === chat.id);
      if (talk) talk.is_read = true;
      if (talk || !chat.contact) wrote(account, channel, chat, message);
      else happened(account, channel, chat, message);
      const told = hook(account, chat, message);
      // Name and length may be missing though there is a file.
      if (said.bare) Object.assign(told.message, { file_name: "", file_size: 0 });
      world.wire.send(account, chat, "message", { message: told });
      return message.id;
    });
    return { chat: chat.id, ids: made, id: made[0] };
  }

  /** @param {Account} account @param {Fields} said */
  function waiting(account, { uid, chat, lead }) {
    const all = [...account.unsorted.values()];
    const found = uid ? account.unsorted.get(uid) : chat ? all.find((one) => one.chat === chatOf(account, { chat }).id) : lead ? all.find((one) => one.lead === lead) : all[0];
    if (!found) throw new Error("no such incoming lead");
    return found;
  }

  /** @param {Account} account @param {Fields} said  `status` by its id or its name */
  function stage(account, { status, pipeline }) {
    const ways = pipeline === undefined ? account.pipelines : account.pipelines.filter((one) => one.id === pipeline || one.name === pipeline);
    for (const way of ways) {
      const found = way.statuses.find((/** @type {Fields} */ one) => one.id === status || one.name === status);
      if (found) return { status_id: found.id, pipeline_id: way.id };
    }
    throw new Error(`no status ${status}`);
  }

  /** @param {Account} account @param {Fields} said @returns {[Kind, Fields]} */
  function record(account, said) {
    for (const [name, kind] of Object.entries(KIND_OF)) {
      const found = said[name] !== undefined && account.entities[kind].get(Number(said[name]));
      if (found) return [kind, found];
    }
    throw new Error("no such record");
  }

  /** @param {Fields} said @param {string} mode */
  const mode = (said, mode) => Object.assign(of(said).modes, { [mode]: said.on ?? true });

  return {
    account: (said) => state(world.account({ subdomain: "demo", ...said })),
    integration: (said) => world.integration(said),
    channel: (said) => world.channel(said),
    token: (said) => {
      const account = of(said);
      const { client_id, client_secret, redirect_uri } = integration(said);
      const back = redirect_uri || "https://gateway.example/back";
      world.integration({ client_id, redirect_uri: back });
      const url = new URL(decided(world, { client_id, account: account.subdomain, user: said.user === undefined ? undefined : account.person(said.user).id }));
      const user = account.users.find((one) => (said.user === undefined ? one.is_admin : one === account.person(said.user)));
      if (said.days) return { access_token: access(world, account, client_id, user?.id, said.days * 86_400_000) };
      const body = Buffer.from(JSON.stringify({ client_id, client_secret, grant_type: "authorization_code", code: url.searchParams.get("code"), redirect_uri: back }));
      return tokens(world, account, /** @type {any} */ ({ body }));
    },
    consents: (said) => ({ url: decided(world, { ...said, client_id: integration(said).client_id, account: of(said).subdomain }) }),
    file: (said) => ({ url: world.publish(of(said).amojo, said.name, said.type ?? "application/octet-stream", Buffer.from(said.base64 ?? "", "base64")) }),
    clock: async ({ advance_ms = 0, set, stop }) => {
      if (stop !== undefined) world.stop(stop);
      if (set !== undefined) world.set(new Date(set).getTime());
      await world.advance(advance_ms);
      return { now: world.now(), ahead: world.ahead };
    },
    settings: (said) => {
      for (const name of Object.keys(said)) if (!(name in world.settings)) throw new Error(`no setting ${name}`);
      return Object.assign(world.settings, said);
    },
    state: (said) => state(of(said)),
    limits: () => world.limits.report(),
    refreshes: () => refreshes(world),
    delivered: () => ({ chats: world.wire.delivered, webhooks: world.crm.delivered }),

    writes: (said) => says(of(said), chatOf(of(said), said), said),
    first: (said) => {
      const account = of(said);
      const channel = world.channel(said.channel ? { id: said.channel } : {});
      const contact = said.contact ?? same(account, said.phone, undefined)?.id ?? null;
      const name = said.name ?? account.entities.contacts.get(contact)?.name ?? "";
      const who = { id: randomUUID(), client_id: null, channel: channel.id, name, phone: digits(said.phone) };
      account.people.set(who.id, who);
      return says(account, open(account, channel.id, { who, source: said.source, contact }), said);
    },
    reads: (said) => {
      const account = of(said);
      const chat = chatOf(account, said);
      const talk = [...account.talks.values()].findLast((one) => one.chat_id === chat.id);
      if (!talk) throw new Error(`no talk in ${chat.id}`);
      Object.assign(talk, { is_read: true, updated_at: world.seconds() });
      fire(account, "update_talk", "talk", "update", talk);
      return { talk: talk.talk_id };
    },
    typing: (said) => {
      const account = of(said);
      const chat = chatOf(account, said);
      const channel = world.channels.get(chat.channel);
      if (channel?.typing) world.wire.send(account, chat, "typing", { action: { typing: {
        user: { id: account.person(said.user).amojo_id }, conversation: { id: chat.id, ...(chat.client_id ? { client_id: chat.client_id } : {}) }, expired_at: world.seconds() + 5,
      } } });
      return {};
    },
    reacts: (said) => {
      const account = of(said);
      const chat = chatOf(account, said);
      const found = messageOf(account, chat.channel, { id: said.message }, chat) ?? messageOf(account, chat.channel, { msgid: said.message }, chat);
      if (!found) throw new Error(`no message ${said.message}`);
      const { message } = found;
      const user = account.person(said.user);
      message.reactions = message.reactions.filter((/** @type {Fields} */ one) => one.by !== user.amojo_id);
      if (!said.un) message.reactions.push({ by: user.amojo_id, emoji: said.emoji });
      const form = world.settings.reaction_form;
      const which = { ...(form === "message" ? {} : { msgid: message.id }), ...(form === "msgid" ? {} : { message: { id: message.id, ...(message.client_id ? { client_id: message.client_id } : {}) } }) };
      world.wire.send(account, chat, "reaction", { action: { reaction: {
        ...which, user: { id: user.amojo_id }, conversation: { id: chat.id, ...(chat.client_id ? { client_id: chat.client_id } : {}) }, type: said.un ? "unreact" : "react",
        ...(said.un ? {} : { emoji: said.emoji }),
      } } });
      return {};
    },

    makes: (said) => {
      const account = of(said);
      const by = account.person(said.user).id;
      return Object.fromEntries(["companies", "contacts", "leads"].map((kind) => [kind, (said[kind] ?? []).map((/** @type {Fields} */ item) => make(account, /** @type {Kind} */ (kind), item, by).id)]));
    },
    changes: ({ account: name, lead, contact, company, task, user, by, ...patch }) => {
      const account = world.named(name);
      const who = by === undefined ? account.users[0]?.id : account.person(by).id;
      if (user !== undefined) return Object.assign(account.person(user), patch);
      const found = task === undefined ? undefined : account.tasks.get(Number(task));
      if (found) return taskChanged(account, found, patch, who);
      const [kind, one] = record(account, { lead, contact, company });
      return { id: change(account, kind, one, patch, who).id };
    },
    moves: (said) => {
      const account = of(said);
      const [kind, lead] = record(account, { lead: said.lead });
      // A name may stand in several pipelines: the lead's own is meant.
      const here = account.way(lead.pipeline_id).statuses.some((/** @type {Fields} */ one) => [one.id, one.name].includes(said.status));
      const to = stage(account, { status: said.status, pipeline: said.pipeline ?? (here ? lead.pipeline_id : undefined) });
      return { id: change(account, kind, lead, to, account.person(said.user).id).id };
    },
    closes: (said) => {
      const account = of(said);
      const talk = account.talks.get(Number(said.talk));
      if (talk) {
        Object.assign(talk, { is_in_work: false, updated_at: world.seconds() });
        fire(account, "update_talk", "talk", "update", talk);
        return {};
      }
      const [kind, lead] = record(account, { lead: said.lead });
      return { id: change(account, kind, lead, { status_id: said.won ? WON : LOST }, account.person(said.user).id).id };
    },
    stages: (said) => ({ status: of(said).stage(said.name, said.pipeline) }),
    deletes: (said) => {
      const account = of(said);
      if (said.status !== undefined) return account.noStage(said.status) ?? {};
      if (said.field === undefined) {
        const [kind, one] = record(account, said);
        const waits = [...account.unsorted.values()].find(({ lead }) => kind === "leads" && lead === one.id);
        if (waits) decline(account, waits);
        else remove(account, kind, one.id);
        return {};
      }
      const kind = /** @type {Kind} */ (said.entity ?? "contacts");
      const found = account.fields[kind]?.find((one) => [one.id, one.name, one.code].includes(said.field));
      if (!found) throw new Error(`no field ${said.field}`);
      noField(account, kind, found.id);
      return {};
    },
    accepts: (said) => {
      const account = of(said);
      const status = said.status === undefined ? undefined : stage(account, said).status_id;
      return { lead: accept(account, waiting(account, said), { user: account.person(said.user).id, status }).id };
    },
    declines: (said) => (decline(of(said), waiting(of(said), said)), {}),
    merges: (said) => {
      const account = of(said);
      const from = [said.from].flat();
      // An incoming lead that becomes part of another is accepted by that.
      for (const waits of [...account.unsorted.values()]) if (said.entity === "leads" && from.includes(waits.lead)) adopt(account, waits, said.into);
      return { id: merge(account, said.entity, said.into, from).id };
    },
    reviews: ({ template, status = "review", ...said }) => {
      const account = of(said);
      const found = /** @type {Fields} */ (account.templates.get(template));
      const review = { id: world.next(), source_id: said.source ?? 0, status, reject_reason: null };
      found.reviews = [...(found.reviews ?? []), review];
      fire(account, "add_chat_template_review", "", "add", { id: found.id, account_id: account.id, name: found.name, content: found.content, type: found.type, reviews: [review] });
      return review;
    },

    installs: (said) => installs(world, of(said), integration(said), said),
    uninstalls: (said) => uninstalls(world, of(said), integration(said)),
    ends: (said) => {
      for (const token of world.access.values()) if (token.account === of(said)) token.until = Math.min(token.until, world.now());
      return {};
    },
    revokes: (said) => (revoke(world, of(said), said.client_id), {}),
    renames: (said) => {
      const account = of(said);
      account.former.push(account.host);
      account.subdomain = said.subdomain;
      return { host: account.host };
    },
    blocks: (said) => mode(said, "blocked"),
    unpaid: (said) => mode(said, "unpaid"),
    lose_hooks: ({ times = 1, account, kind }) => (world.wire.lost = { times, account, kind }),
    hooks: ({ hold }) => ({ hold: (world.wire.hold = hold ?? world.wire.hold) }),
    webhooks: (said) => Object.assign(world.crm.modes, said),
    release: async ({ what, ...how }) => ({ released: what === "webhooks" ? await world.crm.release(how) : await world.wire.release(how) }),
    raw_hook: async (said) => {
      const account = of(said);
      const channel = world.channel(said.channel ? { id: said.channel } : {});
      const text = typeof said.body === "string" ? said.body : JSON.stringify(said.body);
      const url = channel.hook_url.replace(":scope_id", said.scope ?? account.scopes.get(channel.id)?.id ?? `${channel.id}_${account.amojo_id}`);
      const headers = { "content-type": "application/json", "user-agent": "amoCRM amoJo/1.0", "x-signature": said.signature ?? bodySignature(channel.secret, text) };
      const answer = await fetch(url, { method: "POST", headers, body: `${text}${said.newline ?? "\n"}`, redirect: "manual", signal: AbortSignal.timeout(5_000) });
      return { status: answer.status, text: await answer.text() };
    },
  };
}
