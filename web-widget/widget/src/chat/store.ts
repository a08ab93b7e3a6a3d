/** What the chat knows: the visitor's messages, its link, what still waits to go out. */
import { batch, createSignal } from "solid-js";
import type { AttachmentView, EpisodeView, InvitationView, MessageView, SendFrame, Talk, VisitorContact, VisitorHello, VisitorReady, WidgetView } from "@kommutator/shared/generated/protocol.ts";
import { encode } from "@kommutator/shared/json.ts";
import { mergeMessages } from "@kommutator/shared/messages.ts";
import { SocketClient, type Status } from "@kommutator/shared/socket/client.ts";
import { browserSocket, browserStorage, browserTimers, newClientId, socketUrl, watchPage } from "@kommutator/shared/socket/browser.ts";
import type { QueueEntry } from "@kommutator/shared/socket/queue.ts";
import { type Mount, storeName } from "../look.ts";
import { type Extras, run } from "./extras.ts";

export type Outgoing = Omit<SendFrame, "conversation"> & { contact?: VisitorContact };
export type Waiting = QueueEntry<Outgoing>;

/** The page names its visitor, and cannot prove it. */
const UNVERIFIED = "identity_not_verified";
/** A manager's dots go away by themselves. */
const TYPING_MS = 6_000;

export function createChat(mount: Mount) {
  const storage = browserStorage();
  const name = (what: string) => storeName(mount.widgetKey, what);
  const recall = (what: string) => storage?.getItem(name(what)) ?? undefined;
  const remember = (what: string, value: string) => {
    try {
      storage?.setItem(name(what), value);
    } catch {
      return; // A full storage: the visitor is then known for this page only.
    }
  };

  const [messages, setMessages] = createSignal<MessageView[]>([]);
  const [waiting, setWaiting] = createSignal<readonly Waiting[]>([]);
  const [status, setStatus] = createSignal<Status>({ kind: "idle" });
  const [look, setLook] = createSignal<WidgetView | null>(null);
  const [typing, setTyping] = createSignal<string | null>(null);
  const [opened, setOpened] = createSignal(false);
  const [seen, setSeen] = createSignal(recall("seen") ?? "");
  const [talk, setTalk] = createSignal<Talk | undefined>();
  const [past, setPast] = createSignal<EpisodeView[]>([]);
  const [muted, setMuted] = createSignal(recall("muted") === "1");
  /** Why the server turned the visitor away. */
  const [why, setWhy] = createSignal("");
  /** The first message that was new when the panel was opened. */
  const [fresh, setFresh] = createSignal("");
  let switching: ReturnType<typeof setTimeout> | undefined;
  let place: Extras["visit"] | undefined;
  let lookAround: (() => void) | undefined;
  let inviter: ((list: InvitationView[]) => void) | undefined;
  let token = recall("token");
  let nonce = recall("nonce");
  let typingTimer: ReturnType<typeof setTimeout> | undefined;

  const hello = (cursor: string | undefined): VisitorHello => {
    if (!token && !nonce) remember("nonce", (nonce = newClientId()));
    const who = token ? { visitor_token: token } : { visitor_nonce: nonce };
    const visit = place?.visit(recall("visit"), (text) => remember("visit", text));
    return { ...who, cursor, page: place?.page(), identity: mount.identity(), locale: mount.locale, visit };
  };

  const unread = () => messages().filter((message) => message.direction === "outbound" && message.id > seen() && message.state.status !== "read");
  /** The visitor has said nothing yet. */
  const quiet = () => waiting().length === 0 && !messages().some((message) => message.direction === "inbound");
  const show = (came: MessageView[]) => {
    setMessages((list) => mergeMessages(list, came));
    mount.setUnread(opened() ? 0 : unread().length);
    markRead();
  };

  /** How the widget is to look now, and when that changes. */
  const wear = (view: WidgetView, now: string) => {
    const hidden = view.away === "hide" && !view.online;
    const shown = { accent: view.accent, side: view.side, offset_x: view.offset_x, offset_y: view.offset_y, hidden };
    remember("look", encode(shown));
    mount.setLook(shown);
    setLook(view);
    clearTimeout(switching);
    const wait = Date.parse(view.switches_at ?? "") - Date.parse(now);
    // Everybody's hours end at once: they do not all come back in the same moment.
    if (wait < 86_400_000) switching = setTimeout(() => client.online(), wait + Math.random() * 20_000);
  };

  function markRead(): void {
    const last = messages().findLast((message) => message.direction === "outbound");
    if (!last || !opened() || document.visibilityState !== "visible" || last.id <= seen()) return;
    setSeen(last.id);
    remember("seen", last.id);
    mount.setUnread(0);
    client.read("", { type: "read", up_to: last.id });
  }

  const client = new SocketClient<Outgoing, VisitorReady & { type: "ready" }>({
    connect: () => browserSocket(socketUrl(mount.base, `ws/visitor?widget=${encodeURIComponent(mount.widgetKey)}`)),
    hello,
    timers: browserTimers,
    random: Math.random,
    storage,
    queuePrefix: name("q."),
    lane: () => "",
    handlers: {
      ready(frame) {
        // A letter's link made them somebody else here: what was seen was another's.
        if (token && token !== frame.visitor_token) setSeen("");
        token = frame.visitor_token;
        remember("token", token);
        batch(() => {
          wear(frame.widget, frame.server_time);
          setTalk(frame.talk);
          setPast(frame.episodes);
          if (!frame.resumed) setMessages([]);
          show(frame.messages);
        });
        if (!frame.conversation && frame.widget.invitations.length > 0) inviter?.(frame.widget.invitations);
      },
      event(event) {
        if (event.kind !== "message.added" && event.kind !== "message.updated") return;
        if (event.kind === "message.added" && event.message.direction === "outbound") {
          setTyping(null);
          const { id, text } = event.message;
          mount.emit("message", { id, text });
          if (look()?.sound && !muted() && !(opened() && document.hasFocus())) run("sound", (beep) => beep());
        }
        show([event.message]);
      },
      accepted: (frame) => show([frame.message]),
      typing(frame) {
        clearTimeout(typingTimer);
        setTyping(frame.who.name);
        typingTimer = setTimeout(() => setTyping(null), TYPING_MS);
      },
      reset: () => setMessages([]),
      other(frame) {
        if (frame.type !== "talk") return;
        const before = talk()?.episode;
        if (before && before.number < frame.episode.number) setPast((list) => [...list, before]);
        setTalk(frame);
      },
      queue: (entries) => setWaiting([...entries]),
      refused: setWhy,
      status(state) {
        // A token the server no longer knows must not shut the visitor out: they come back as a new one. What the page said wrong of them is
        // no fault of the token's.
        if (state.kind === "stopped" && state.code === 4401 && token && why() !== UNVERIFIED) {
          token = nonce = undefined;
          storage?.removeItem(name("token"));
          storage?.removeItem(name("nonce"));
          client.forget();
          queueMicrotask(() => client.start());
        }
        setStatus(state);
      },
    },
  });
  watchPage(client);
  /** Comes back, also where it was turned away. */
  const anew = () => {
    client.online();
    if (status().kind === "stopped") client.start();
  };
  document.addEventListener("visibilitychange", markRead);
  const start = () => client.start();
  const begin = () =>
    run(
      "visit",
      (made) => {
        place = made;
        lookAround = made.watch((frame) => client.read("page", frame));
        start();
      },
      start,
    );

  return {
    begin,
    messages,
    /** What still waits; gone as soon as the log has it. */
    waiting: () => waiting().filter((entry) => !messages().some((message) => message.client_id === entry.frame.client_id)),
    status,
    look,
    typing,
    opened,
    talk,
    past,
    fresh,
    muted,
    mute(on: boolean) {
      setMuted(on);
      remember("muted", on ? "1" : "0");
    },
    quiet,
    /** The company asks who writes, before the first message. */
    asks: () => !!look()?.form && quiet(),
    whenInvited: (act: typeof inviter) => (inviter = act),
    /** The newest part, which is over. */
    rate: (episode: number, rating: number, comment: string) => {
      setTalk((now) => now && { ...now, episode: { ...now.episode, rating, comment } });
      client.read(`rate${episode}`, { type: "rate", episode, rating, comment });
    },
    leave: () => client.read("leave", { type: "leave" }),
    identify: anew,
    why,
    /** Somebody else is at the machine now: nothing of who was stays. */
    reset() {
      for (const what of ["token", "nonce", "seen", "visit", "invited"]) storage?.removeItem(name(what));
      token = nonce = undefined;
      batch(() => {
        setMessages([]);
        setPast([]);
        setTalk(undefined);
        setSeen("");
        setFresh("");
      });
      mount.setUnread(0);
      client.clear();
      anew();
    },
    token: () => token,
    again: () => client.start(),
    typed: () => client.typing("", { type: "typing" }),
    retry: (id: string) => client.retry(id, newClientId()),
    /** Whether it was taken; not when it is far too long. */
    send(text: string, files: AttachmentView[] = [], contact?: VisitorContact): boolean {
      const frame: Outgoing = { client_id: newClientId() };
      if (contact) frame.contact = contact;
      if (text) frame.text = text;
      if (files.length > 0) frame.attachments = files.map((file) => file.id);
      // Before the words: the first of them keeps the visit.
      lookAround?.();
      return client.send(frame, files);
    },
    recall,
    remember,
    setOpen(open: boolean) {
      setFresh((open && unread()[0]?.id) || "");
      setOpened(open);
      if (open) client.visible();
      markRead();
    },
  };
}

export type ChatStore = ReturnType<typeof createChat>;
