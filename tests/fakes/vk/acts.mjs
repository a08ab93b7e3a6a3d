// @ts-check
/** What a test lets people and admins do, and what it looks at. */
import { comments } from "./methods.mjs";

/** @typedef {Record<string, any>} Fields */

/** @param {import("./world.mjs").World} world @param {import("./events.mjs").Wire} wire @returns {Record<string, (body: Fields, query: URLSearchParams) => any>} */
export function acts(world, wire) {
  const client_info = { button_actions: ["text", "callback", "open_link", "location"], keyboard: true, inline_keyboard: true, carousel: true, lang_id: 0 };

  /** A test names a file by its content; VK names it by an address. @param {Fields} given @param {number} owner */
  function attach(given, owner) {
    if (given.raw) return given.raw;
    const key = world.keep(given.name ?? "file.bin", given.media_type ?? "application/octet-stream", Buffer.from(given.bytes ?? "", "base64"));
    if (given.kind === "sticker") return { type: "sticker", sticker: { product_id: 1, sticker_id: 9, images: [{ url: `${world.address(key)}?s`, width: 64, height: 64 }, { url: world.address(key), width: 512, height: 512 }] } };
    return world.thing(given.kind === "voice" ? "audio_message" : given.kind, owner, key);
  }

  /** @param {Fields} body @param {Fields} more */
  function said(body, more) {
    const answered = body.reply_to && world.dialog(Number(body.chat ?? body.user)).messages.find((m) => m.conversation_message_id === body.reply_to);
    return {
      text: body.text ?? "", attachments: (body.attachments ?? []).map((/** @type {Fields} */ one) => attach(one, Number(body.user))), fwd_messages: body.fwd ?? [],
      ...(answered ? { reply_message: answered } : {}), ...(body.geo ? { geo: { type: "point", coordinates: body.geo } } : {}), ...(body.more ?? {}), ...more,
    };
  }

  /** @param {Fields} message */
  const shown = (message) => ({
    ...message,
    files: (message.attachments ?? []).map((/** @type {Fields} */ one) => {
      const { type } = one;
      const thing = one[type];
      const key = world.things.get(`${type === "audio_message" ? "doc" : type}${thing?.owner_id}_${thing?.id}`)?.file;
      const file = world.files.get(key);
      return { type, name: file?.name ?? "", size: file?.bytes.length ?? 0, sha256: file?.sha256 ?? "" };
    }),
  });
  const message = (/** @type {Fields} */ body) => {
    const found = world.dialog(Number(body.chat ?? body.user)).messages.find((m) => m.conversation_message_id === body.cmid);
    if (!found) throw new Error("no such message");
    return found;
  };
  const comment = (/** @type {Fields} */ body) => {
    for (const [key, all] of world.posts) {
      const found = all.find((one) => one.id === body.id);
      if (found) return { key, found };
    }
    throw new Error("no such comment");
  };

  return {
    group: (body) => Object.assign(world.group, body),
    token: ({ token = "vk1.a.test", ...patch }) => {
      world.tokens.set(token, { mask: 0, revoked: false, ...world.tokens.get(token), ...patch });
      return {};
    },
    user: ({ picture, ...body }) => {
      if (picture !== undefined) body.face = picture && world.keep("face.png", "image/png", Buffer.from(picture, "base64"));
      world.users.set(body.id, { first_name: "Имя", last_name: "Фамилия", ...world.users.get(body.id), ...body });
      return {};
    },
    confirmation: ({ code }) => ({ was: world.confirmation, is: (world.confirmation = code) }),
    errors: (body) => {
      const faults = /** @type {any[]} */ ([body].flat());
      world.faults.push(...faults.map((fault) => ({ times: 1, ...fault })));
      return {};
    },
    time: ({ ms }) => ({ clock: (world.clock += ms) }),

    write: (body) => {
      const { user, chat, ref, ref_source, payload, id } = body;
      const peer = Number(chat ?? user);
      world.allowed.add(Number(user));
      const mark = { ...(ref ? { ref } : {}), ...(ref_source ? { ref_source } : {}), ...(payload ? { payload } : {}), ...(id ? { id } : {}) };
      const placed = world.place(peer, said(body, { from_id: Number(user), out: 0, ...mark }));
      const event = wire.emit("message_new", { message: placed, client_info });
      return { cmid: placed.conversation_message_id, id: placed.id, event_id: event.event_id };
    },
    admin: (body) => {
      const placed = world.place(Number(body.user), said(body, { from_id: -world.group.id, out: 1, admin_author_id: 7 }));
      wire.emit("message_reply", placed);
      return { cmid: placed.conversation_message_id };
    },
    edit: (body) => {
      const found = Object.assign(message(body), { text: body.text, update_time: world.seconds() });
      wire.emit("message_edit", found);
      return {};
    },
    read: ({ user, up_to }) => {
      const dialog = world.dialog(Number(user));
      dialog.read = up_to ?? dialog.cmid;
      const last = dialog.messages.find((m) => m.conversation_message_id === dialog.read);
      return wire.emit("message_read", { from_id: Number(user), peer_id: Number(user), read_message_id: last?.id ?? 0, conversation_message_id: dialog.read });
    },
    type: ({ user }) => wire.emit("message_typing_state", { state: "typing", from_id: Number(user), to_id: -world.group.id }),
    allow: ({ user, key = "" }) => (world.allowed.add(Number(user)), wire.emit("message_allow", { user_id: Number(user), key })),
    deny: ({ user }) => (world.allowed.delete(Number(user)), wire.emit("message_deny", { user_id: Number(user) })),
    block: ({ user }) => {
      Object.assign(world.users.get(Number(user)) ?? {}, { blacklisted: true });
      return wire.emit("user_block", { admin_id: 7, user_id: Number(user), unblock_date: 0, reason: 0, comment: "" });
    },
    react: ({ user, cmid, reaction }) => wire.emit("message_reaction_event", { reacted_id: Number(user), peer_id: Number(user), cmid, ...(reaction ? { reaction_id: reaction } : {}) }),
    event: ({ type, object, event_id }) => {
      if (!event_id) return wire.emit(type, object);
      wire.push({ type, group_id: world.group.id, event_id, v: "5.199", object });
      return {};
    },

    comment: (body) => {
      const { on = "wall", user, item = 6, owner = -world.group.id, reply_to } = body;
      const key = `${on}${owner}_${item}`;
      const parent = reply_to && world.posts.get(key)?.find((one) => one.id === reply_to);
      const thread = parent ? { reply_to_comment: parent.id, reply_to_user: parent.from_id, parents_stack: [parent.parents_stack[0] ?? parent.id] } : {};
      const attachments = (body.attachments ?? []).map((/** @type {Fields} */ one) => attach(one, Number(user)));
      const placed = comments(world, key, { from_id: Number(user), text: body.text ?? "", attachments, ...thread });
      wire.emit(on === "wall" ? "wall_reply_new" : `${on}_comment_new`, placed);
      return { id: placed.id, key };
    },
    "admin-comment": ({ on = "wall", item = 6, text, reply_to }) => {
      const key = `${on}-${world.group.id}_${item}`;
      const parent = world.posts.get(key)?.find((one) => one.id === reply_to);
      const placed = comments(world, key, { from_id: -world.group.id, text, reply_to_comment: parent?.id ?? 0, reply_to_user: parent?.from_id ?? 0, parents_stack: parent ? [parent.parents_stack[0] ?? parent.id] : [] });
      wire.emit(on === "wall" ? "wall_reply_new" : `${on}_comment_new`, placed);
      return { id: placed.id };
    },
    "edit-comment": (body) => {
      const { key, found } = comment(body);
      Object.assign(found, { text: body.text });
      return wire.emit(key.startsWith("wall") ? "wall_reply_edit" : `${key.replace(/[-\d].*/, "")}_comment_edit`, found);
    },
    "delete-comment": (body) => {
      const { key, found } = comment(body);
      world.posts.set(key, (world.posts.get(key) ?? []).filter((one) => one !== found));
      const { owner_id, post_id, id, from_id } = found;
      return wire.emit("wall_reply_delete", { owner_id, post_id, id, user_id: from_id, deleter_id: from_id });
    },

    callbacks: (body) => Object.assign(wire.callbacks, body),
    release: ({ reverse = false, twice = false }) => {
      wire.callbacks.hold = false;
      for (const server of wire.servers) {
        if (reverse) server.queue.reverse();
        if (twice) server.queue = server.queue.flatMap((event) => [event, event]);
        void wire.deliver(server);
      }
      return {};
    },
    forget: () => {
      for (const { object } of wire.servers.flatMap((server) => server.queue.splice(0))) {
        const dialog = object.message && world.dialog(object.message.peer_id);
        if (dialog) dialog.messages = dialog.messages.filter((/** @type {Fields} */ one) => one !== object.message);
      }
      return {};
    },
    longpoll: (body) => Object.assign(wire.poll, body),

    dialog: (_, query) => {
      const dialog = world.dialog(Number(query.get("peer")));
      return { ...dialog, messages: dialog.messages.filter((one) => !one.deleted).map(shown) };
    },
    post: (_, query) => (world.posts.get(query.get("key") ?? "") ?? []).map(shown),
    servers: () => wire.servers.map(({ queue, busy, ...server }) => ({ ...server, waiting: queue.length })),
    state: () => ({ shuffled: wire.shuffled, behind: wire.behind.size, delivered: wire.delivered, longpoll: wire.poll, allowed: [...world.allowed] }),
  };
}
