// @ts-check
/** The methods a community token may call. */
import { randomBytes } from "node:crypto";
import { RIGHTS, Refused } from "./world.mjs";

/** @typedef {Record<string, any>} Fields */

const TEXT = 4096;
const LIST = (/** @type {unknown} */ text) => String(text ?? "").split(",").filter(Boolean);

/** @param {import("./world.mjs").World} world @param {import("./events.mjs").Wire} wire @returns {Record<string, (said: Fields) => any>} */
export function methods(world, wire) {
  const ours = () => -world.group.id;
  const need = (/** @type {Fields} */ said, /** @type {string[]} */ ...names) => {
    for (const name of names) if (said[name] === undefined || said[name] === "") throw new Refused(100, `One of the parameters specified was missing or invalid: ${name} is undefined`);
  };

  /** @param {unknown} text @param {number} most */
  function attached(text, most) {
    const names = LIST(text);
    if (names.length > most) throw new Refused(100, "One of the parameters specified was missing or invalid: too many attachments");
    return names.map((name) => {
      const parts = /^([a-z_]+?)(-?\d+)_(\d+)(?:_(\w+))?$/.exec(name);
      const known = parts && world.things.get(`${parts[1]}${parts[2]}_${parts[3]}`);
      if (!known) throw new Refused(100, `One of the parameters specified was missing or invalid: attachment ${name}`);
      const { file, ...shown } = known;
      return shown;
    });
  }

  /** @param {Fields} said @param {number} peer */
  function send(said, peer) {
    const fault = world.fault("messages.send", true);
    if (fault) throw new Refused(fault.code, fault.message ?? `error ${fault.code}`);
    const user = world.users.get(peer);
    if (user?.deactivated) throw new Refused(18, "User was deleted or banned");
    if (user?.blacklisted) throw new Refused(900, "Can't send messages for users from blacklist");
    if (user?.private) throw new Refused(902, "Can't send messages to this user due to their privacy settings");
    if (peer < 2_000_000_000 && !world.allowed.has(peer)) throw new Refused(901, "Can't send messages for users without permission");
    const attachments = attached(said.attachment, 10);
    const forward = said.forward ? JSON.parse(said.forward) : undefined;
    const dialog = world.dialog(peer);
    const answered = forward?.is_reply && dialog.messages.find((m) => m.conversation_message_id === forward.conversation_message_ids?.[0]);
    if (forward?.is_reply && !answered) throw new Refused(100, "One of the parameters specified was missing or invalid: forward");
    const geo = said.lat ? { geo: { type: "point", coordinates: { latitude: Number(said.lat), longitude: Number(said.long) } } } : {};
    if (!said.message && !attachments.length && !said.sticker_id && !said.lat) throw new Refused(100, "One of the parameters specified was missing or invalid: message is empty or invalid");
    const message = world.place(peer, { from_id: ours(), out: 1, text: said.message ?? "", attachments, random_id: Number(said.random_id), ...geo, ...(answered ? { reply_message: answered } : {}) });
    wire.emit("message_reply", message);
    return message;
  }

  const found = (/** @type {Fields} */ said) => {
    const message = world.dialog(Number(said.peer_id)).messages.find((m) => m.conversation_message_id === Number(said.cmid) || (m.id && m.id === Number(said.message_id)));
    if (!message || message.deleted) throw new Refused(100, "One of the parameters specified was missing or invalid: message not found");
    return message;
  };

  return {
    "groups.getById": () => ({ groups: [world.group], profiles: [] }),
    "groups.getTokenPermissions": () => ({
      mask: world.mask,
      permissions: Object.entries(RIGHTS).filter(([, setting]) => Number(world.mask) & setting).map(([name, setting]) => ({ name, setting })),
    }),
    "groups.getCallbackConfirmationCode": (said) => (need(said, "group_id"), { code: world.confirmation }),
    "groups.addCallbackServer": async (said) => {
      need(said, "group_id", "url", "title");
      if (String(said.title).length > 14) throw new Refused(100, "One of the parameters specified was missing or invalid: title");
      if (String(said.secret_key ?? "").length > 50) throw new Refused(100, "One of the parameters specified was missing or invalid: secret_key");
      if (wire.servers.length >= 10) throw new Refused(2000, "Servers number limit is reached");
      const server = { id: (wire.nextServer += 1), title: said.title, url: said.url, secret_key: said.secret_key ?? "", status: "unconfigured", creator_id: 0, settings: {}, queue: [], busy: false };
      wire.servers.push(server);
      await wire.confirm(server);
      return { server_id: server.id };
    },
    "groups.editCallbackServer": async (said) => {
      need(said, "group_id", "server_id", "url", "title");
      const server = wire.server(said);
      Object.assign(server, { title: said.title, url: said.url, secret_key: said.secret_key ?? "" });
      await wire.confirm(server);
      return 1;
    },
    "groups.deleteCallbackServer": (said) => {
      wire.servers.splice(wire.servers.indexOf(wire.server(said)), 1);
      return 1;
    },
    "groups.getCallbackServers": (said) => {
      need(said, "group_id");
      return { count: wire.servers.length, items: wire.servers.map(({ id, title, creator_id, url, secret_key, status }) => ({ id, title, creator_id, url, secret_key, status })) };
    },
    "groups.setCallbackSettings": ({ group_id, server_id, v, access_token, ...settings }) => {
      const on = Object.entries(settings).filter(([, value]) => value === "1" || value === 1).map(([name]) => [name, 1]);
      Object.assign(wire.server({ server_id }).settings, Object.fromEntries(on));
      return 1;
    },
    "groups.setLongPollSettings": ({ group_id, enabled, v, access_token, ...settings }) => {
      if (enabled !== undefined) wire.poll.enabled = String(enabled) === "1";
      Object.assign(wire.poll.settings, Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value) === "1"])));
      return 1;
    },
    "groups.getLongPollServer": (said) => {
      need(said, "group_id");
      if (!wire.poll.enabled) throw new Refused(100, "One of the parameters specified was missing or invalid: longpoll for this group is not enabled");
      return { key: wire.poll.key, server: `${world.origin}/lp/wh${world.group.id}`, ts: String(wire.poll.ts) };
    },
    "users.get": (said) => LIST(said.user_ids).flatMap((name) => {
      const user = world.personNamed(name);
      if (!user) return [];
      const { blacklisted, private: hidden, city, bdate, mobile_phone, home_phone, face, domain, ...base } = user;
      const asked = new Set(LIST(said.fields));
      // Each answer signs the address anew; who has no picture gets the one that everybody has.
      const photo_200 = face ? `${world.address(face)}?size=200x200&sign=${randomBytes(4).toString("hex")}` : "https://vk.com/images/camera_200.png";
      const seen = { photo_200, has_photo: face ? 1 : 0, domain };
      const more = user.deactivated || (user.is_closed && !user.can_access_closed) ? seen : { city, bdate, ...seen, ...(asked.has("contacts") ? { mobile_phone, home_phone } : {}) };
      return [{ is_closed: false, can_access_closed: true, ...base, ...Object.fromEntries(Object.entries(more).filter(([name, value]) => value !== undefined && (asked.has(name) || name.endsWith("_phone")))) }];
    }),
    "utils.resolveScreenName": (said) => {
      const name = String(said.screen_name ?? "");
      const user = world.personNamed(name);
      if (user) return { type: "user", object_id: user.id };
      return name === world.group.screen_name ? { type: "group", object_id: world.group.id } : [];
    },
    "messages.send": (said) => {
      if (said.random_id === undefined) throw new Refused(100, "One of the parameters specified was missing or invalid: random_id is a required parameter");
      if ([...String(said.message ?? "")].length > TEXT) throw new Refused(914, "Message is too long");
      const before = Number(said.random_id) === 0 ? undefined : world.sentBefore.get(`m${said.random_id}`);
      if (before !== undefined) return before;
      const peers = LIST(said.peer_ids).map(Number);
      /** @type {any} */
      let result;
      if (peers.length > 100) throw new Refused(100, "One of the parameters specified was missing or invalid: peer_ids");
      if (!peers.length) {
        need(said, "peer_id");
        result = send(said, Number(said.peer_id)).id;
      } else {
        result = peers.map((peer_id) => {
          try {
            const { id, conversation_message_id } = send(said, peer_id);
            return { peer_id, message_id: id, conversation_message_id };
          } catch (error) {
            if (!(error instanceof Refused)) throw error;
            return { peer_id, message_id: 0, error: { code: error.code, description: error.message } };
          }
        });
      }
      const took = !Array.isArray(result) || result.some((item) => !item.error);
      if (took) world.sentBefore.set(`m${said.random_id}`, result);
      return result;
    },
    "messages.edit": (said) => {
      const message = found(said);
      if (message.from_id !== ours()) throw new Refused(15, "Access denied: not your message");
      if (world.seconds() - message.date > 24 * 3600) throw new Refused(909, "Can't edit this message, because it's too old");
      Object.assign(message, { text: said.message ?? "", attachments: attached(said.attachment, 10), update_time: world.seconds() });
      wire.emit("message_edit", message);
      return 1;
    },
    "messages.delete": (said) => {
      const peer = world.dialog(Number(said.peer_id));
      return LIST(said.cmids).map((cmid) => {
        const message = peer.messages.find((m) => m.conversation_message_id === Number(cmid));
        if (message) message.deleted = 1;
        return { conversation_message_id: Number(cmid), response: message ? 1 : 0 };
      });
    },
    "messages.markAsRead": (said) => {
      need(said, "peer_id");
      const dialog = world.dialog(Number(said.peer_id));
      dialog.read_by_us = Math.max(dialog.read_by_us, said.up_to_cmid ? Number(said.up_to_cmid) : dialog.cmid);
      return 1;
    },
    "messages.setActivity": (said) => (need(said, "peer_id", "type"), (world.dialog(Number(said.peer_id)).typing += 1), 1),
    "messages.sendMessageEventAnswer": (said) => (need(said, "event_id", "user_id", "peer_id"), 1),
    "messages.isMessagesFromGroupAllowed": (said) => ({ is_allowed: world.allowed.has(Number(said.user_id)) ? 1 : 0 }),
    "messages.getByConversationMessageId": (said) => {
      const wanted = new Set(LIST(said.conversation_message_ids).map(Number));
      const items = world.dialog(Number(said.peer_id)).messages.filter((m) => wanted.has(m.conversation_message_id)).map(({ is_cropped, ...whole }) => ({ ...whole, ...whole.whole }));
      return { count: items.length, items };
    },
    "messages.getConversations": (said) => {
      const open = [...world.dialogs].filter(([, dialog]) => !said.filter || said.filter === "all" || dialog.messages.some((m) => !m.out && m.conversation_message_id > dialog.read_by_us));
      return { count: open.length, items: open.slice(Number(said.offset ?? 0), Number(said.offset ?? 0) + Number(said.count ?? 20)).map(([id, dialog]) => ({ conversation: { peer: { id, type: "user" } }, last_message: dialog.messages.at(-1) })) };
    },
    "messages.getHistory": (said) => {
      const all = [...world.dialog(Number(said.peer_id)).messages].reverse();
      return { count: all.length, items: all.slice(Number(said.offset ?? 0), Number(said.offset ?? 0) + Number(said.count ?? 20)) };
    },
    "wall.createComment": (said) => {
      need(said, "owner_id", "post_id");
      const before = said.guid && world.sentBefore.get(`c${said.guid}`);
      if (before) return before;
      const key = `wall${said.owner_id}_${said.post_id}`;
      const attachments = attached(said.attachments, 2);
      if (!said.message && !attachments.length) throw new Refused(100, "One of the parameters specified was missing or invalid: message");
      const parent = said.reply_to_comment && world.posts.get(key)?.find((comment) => comment.id === Number(said.reply_to_comment));
      if (said.reply_to_comment && !parent) throw new Refused(213, "Access to status replies denied");
      const comment = comments(world, key, {
        from_id: ours(), text: said.message ?? "", attachments, guid: said.guid ?? "",
        reply_to_comment: parent?.id ?? 0, reply_to_user: parent?.from_id ?? 0, parents_stack: parent ? [parent.parents_stack[0] ?? parent.id] : [],
      });
      const { guid, ...shown } = comment;
      wire.emit("wall_reply_new", shown);
      const result = { comment_id: comment.id, parents_stack: comment.parents_stack };
      if (said.guid) world.sentBefore.set(`c${said.guid}`, result);
      return result;
    },
  };
}

/** A comment takes its place under a post, photo, video or product. @param {import("./world.mjs").World} world @param {string} key @param {Fields} said */
export function comments(world, key, said) {
  const parts = /^([a-z]+)(-?\d+)_(\d+)$/.exec(key);
  const [, on = "wall", owner = "-1", item = "0"] = parts ?? [];
  /** @type {Record<string, Fields>} */
  const where = {
    wall: { post_id: Number(item), post_owner_id: Number(owner), owner_id: Number(owner) },
    photo: { photo_id: Number(item), photo_owner_id: Number(owner) },
    video: { video_id: Number(item), video_owner_id: Number(owner) },
    market: { item_id: Number(item), market_owner_id: Number(owner) },
  };
  /** @type {Fields} */
  const comment = { id: (world.nextComment += 1), date: world.seconds(), text: "", parents_stack: [], reply_to_user: 0, reply_to_comment: 0, attachments: [], ...where[on], ...said };
  const all = world.posts.get(key) ?? [];
  world.posts.set(key, [...all, comment]);
  return comment;
}
