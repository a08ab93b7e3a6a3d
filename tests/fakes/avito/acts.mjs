// @ts-check
/** What a test lets buyers do, and what it looks at. */

/** @typedef {Record<string, any>} Fields */

/** @param {import("./world.mjs").Avito} world @returns {Record<string, (body: Fields, query: URLSearchParams) => any>} */
export function control(world) {
  /** @param {Fields} given */
  const kept = (given) => world.keep(given.name ?? "file", given.media_type ?? "application/octet-stream", Buffer.from(given.bytes ?? "", "base64"));

  return {
    account: (body) => Object.assign(world.account, body),
    chat: (body, query) => {
      if (body.id) {
        for (const one of [body.buyer, body.item]) if (one?.picture) one.picture = kept({ name: "picture.png", media_type: "image/png", bytes: one.picture });
        return world.chat(body);
      }
      const chat = world.find(query.get("id") ?? "");
      const messages = chat.messages.map((/** @type {Fields} */ message) => {
        const url = Object.values(message.content?.image?.sizes ?? {})[0];
        const file = world.files.get(String(url ?? "").split("/").pop() ?? "");
        return { ...message, sha256: file?.sha256 ?? "" };
      });
      return { ...world.shown(chat), unread: chat.unread, messages };
    },
    "close-chat": ({ id }) => Object.assign(world.find(id), { closed: true }) && {},
    item: ({ id, ...patch }) => Object.assign(world.items.get(id) ?? {}, patch),
    write: ({ chat, text, type = "text", content, image, voice, from, quote }) => {
      const found = world.find(chat ?? "u2i-AbC_1-2");
      let [kind, said] = [type, content ?? { text }];
      if (image) [kind, said] = ["image", { image: { sizes: world.sizes(kept(image)) } }];
      if (voice) {
        const id = `voice-${world.voices.size + 1}`;
        world.voices.set(id, { file: kept(voice), given: new Map() });
        [kind, said] = ["voice", { voice: { voice_id: id } }];
      }
      const author = from === "me" ? world.account.id : found.buyer.id;
      return world.place(found, { author, type: kind, content: said, quote });
    },
    read: ({ chat }) => {
      for (const message of world.find(chat).messages) if (message.direction === "out") message.read ??= world.seconds();
      return {};
    },
    delete: ({ chat, id }) => {
      Object.assign(world.find(chat).messages.find((/** @type {Fields} */ one) => one.id === id) ?? {}, { type: "deleted", content: {} });
      return {};
    },
    modes: ({ expire, ...modes }) => {
      if (expire) for (const token of world.tokens.values()) token.until = 0;
      Object.assign(world.modes, modes);
      return world.modes;
    },
    hooks: (body) => Object.assign(world.hooks, body),
    release: (body) => {
      Object.assign(world.hooks, { hold: false, ...body });
      world.release();
      return {};
    },
    event: (body) => {
      for (const { url } of world.subscriptions) void world.post(url, body);
      return {};
    },
    time: ({ ms }) => ({ clock: (world.clock += ms) }),
    state: () => ({ delivered: world.delivered, subscriptions: world.subscriptions, blacklist: world.blacklist, tokens: world.tokens.size }),
  };
}
