// MOCK of both sockets: hello, ready, resume, send, typing, read.
import { VIEW } from "./state.mjs";
import { randomBytes } from "node:crypto";
import { WebSocketServer } from "ws";
import { cookieUser, meView } from "./http.mjs";
import { stamp } from "./state.mjs";

const CLIENT_ID = /^[\w-]{1,64}$/;

export function attachSockets(server, state) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 });
  const live = new Set();
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url, "http://mock");
    sockets.handleUpgrade(request, socket, head, (ws) => {
      if (url.pathname === "/ws/manager") serve(ws, manager(cookieUser(state, request)));
      else if (url.pathname === "/ws/visitor") serve(ws, visitor(url.searchParams.get("widget"), request.headers.origin));
      else ws.close(4400);
    });
  });

  function serve(ws, session) {
    const say = (frame) => ws.readyState === ws.OPEN && ws.send(JSON.stringify(frame));
    const party = { ws, say, session, hello: false };
    live.add(party);
    const watch = (entry) => {
      if (!party.hello) return;
      const event = session.event(entry);
      if (event) say({ type: "event", cursor: entry.cursor, event });
    };
    state.watchers.add(watch);
    const beat = setInterval(() => party.hello && say({ type: "cursor", cursor: `${state.epoch}.${state.feed.length}` }), 25_000);
    ws.on("close", () => {
      clearInterval(beat);
      live.delete(party);
      state.watchers.delete(watch);
    });
    ws.on("message", (data) => {
      const frame = JSON.parse(data.toString());
      if (!party.hello) {
        if (frame.type !== "hello" || !session.enter(frame, ws)) return ws.readyState === ws.OPEN && ws.close(4401);
        party.hello = true;
        const from = /^(\w+)\.(\d+)$/.exec(frame.cursor ?? "");
        const resumed = from?.[1] === state.epoch && Number(from[2]) <= state.feed.length;
        if (frame.cursor && !resumed) say({ type: "reset" });
        say({ type: "ready", session: randomBytes(4).toString("hex"), cursor: `${state.epoch}.${state.feed.length}`, resumed, server_time: stamp(), ...session.ready(resumed) });
        if (resumed) for (const entry of state.feed.slice(Number(from[2]))) watch(entry);
        return;
      }
      if (frame.type === "send") return take(party, frame);
      if (frame.type === "typing") tell(party, frame);
      if (frame.type === "read") session.read(frame);
    });
  }

  function take({ say, session }, frame) {
    if (!CLIENT_ID.test(frame.client_id ?? "")) return say({ type: "error", code: "bad_client_id", message: "client_id" });
    const one = session.conversation(frame);
    if (!one) return say({ type: "error", code: "unknown_conversation", message: "conversation", client_id: frame.client_id });
    const first = state.messages.get(one.id).find((message) => message.client_id === frame.client_id);
    if (first) return say({ type: "accepted", client_id: frame.client_id, message: first, duplicate: true });
    if (frame.text === "!refuse") return say({ type: "error", code: "channel_inactive", message: "refused", client_id: frame.client_id });
    const direction = session.side === "visitor" ? "inbound" : frame.note ? "note" : "outbound";
    const message = state.addMessage(one, direction, session.author(), { ...frame, status: direction === "outbound" ? "queued" : "sent" });
    say({ type: "accepted", client_id: frame.client_id, message: structuredClone(message), duplicate: false });
    if (direction === "outbound") setTimeout(() => state.setStatus(message, [...live].some((party) => party.session.here?.(one)) ? "delivered" : "sent"), 150);
  }

  function tell(from, frame) {
    const one = from.session.conversation(frame);
    if (!one) return;
    for (const party of live) if (party !== from && party.hello && party.session.hears(one, from.session.side)) party.say({ type: "typing", conversation: one.id, who: from.session.author() });
  }

  function manager(user) {
    const sees = (id) => state.sees(user, id);
    return {
      side: "manager",
      enter: () => Boolean(user),
      ready: () => ({ me: meView(user) }),
      author: () => ({ kind: "manager", id: user.id, name: user.name }),
      event: ({ event, channel }) => (sees(channel) ? event : null),
      conversation: (frame) => { const one = state.conversations.get(frame.conversation); return one && sees(one.channel) ? one : null; },
      hears: (one) => sees(one.channel),
      read(frame) {
        const one = state.conversations.get(frame.conversation);
        if (!one || one.unread === 0) return;
        one.unread = 0;
        state.touch(one);
        for (const message of state.messages.get(one.id)) if (message.direction === "inbound" && message.state.status !== "read") state.setStatus(message, "read");
      },
    };
  }

  function visitor(key, origin) {
    const channel = [...state.channels.values()].find((one) => one.widget?.key === key);
    const allowed = channel?.active && channel.widget.origins.some((one) => origin === one || origin?.startsWith(`${one}:`));
    let me = null;
    const conversation = () => me.conversation && state.conversations.get(me.conversation);
    return {
      side: "visitor",
      enter(frame, ws) {
        if (!allowed) return void ws.close(4403);
        me = state.visitors.get(frame.visitor_token) ?? [...state.visitors.values()].find((one) => one.nonce && one.nonce === frame.visitor_nonce);
        if (!me) {
          me = { token: randomBytes(16).toString("hex"), id: randomBytes(5).toString("hex"), nonce: frame.visitor_nonce, conversation: null };
          state.visitors.set(me.token, me);
        }
        me.page = frame.page;
        return true;
      },
      ready: (resumed) => ({ me: { kind: "customer", id: me.id, name: "" }, visitor_token: me.token, conversation: me.conversation, widget: { ...channel.widget.appearance, ...VIEW }, visit: "", episodes: [], messages: resumed || !me.conversation ? [] : state.messages.get(me.conversation).filter((message) => message.direction !== "note").slice(-50) }),
      author: () => ({ kind: "customer", id: me.id, name: "" }),
      event: ({ event, conversation: id }) => (id && id === me?.conversation && event.message?.direction !== "note" ? event : null),
      conversation(frame) {
        if (!me.conversation && frame.type === "send") me.conversation = state.addConversation(channel, `Посетитель ${state.conversations.size + 1}`, { page: me.page, identity: me.id }).id;
        return conversation();
      },
      hears: (one, side) => me?.conversation === one.id && side === "manager",
      here: (one) => me?.conversation === one.id,
      read(frame) {
        for (const message of conversation() ? state.messages.get(me.conversation) : []) if (message.direction === "outbound" && message.id <= frame.up_to && message.state.status !== "read") state.setStatus(message, "read");
      },
    };
  }
  return { dropAll: (code) => live.forEach((party) => (code ? party.ws.close(code) : party.ws.terminate())) };
}
