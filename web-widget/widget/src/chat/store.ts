/** What the chat knows: the visitor's messages, its link, what still waits to go out. */
import { batch, createSignal } from "solid-js";
import type { AttachmentView, MessageView, SendFrame, VisitorHello, VisitorReady, WidgetView } from "@kommutator/shared/generated/protocol.ts";
import { mergeMessages } from "@kommutator/shared/messages.ts";
import { SocketClient, type Status } from "@kommutator/shared/socket/client.ts";
import { browserSocket, browserStorage, browserTimers, newClientId, socketUrl, watchPage } from "@kommutator/shared/socket/browser.ts";
import type { QueueEntry } from "@kommutator/shared/socket/queue.ts";
import { type Mount, storeName } from "../look.ts";

export type Outgoing = Omit<SendFrame, "conversation">;
export type Waiting = QueueEntry<Outgoing>;

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
  let token = recall("token");
  let nonce = recall("nonce");
  let typingTimer: ReturnType<typeof setTimeout> | undefined;

  const hello = (cursor: string | undefined): VisitorHello => {
    if (!token && !nonce) remember("nonce", (nonce = newClientId()));
    const page = { url: location.href.slice(0, 2000), title: document.title.slice(0, 300), referrer: document.referrer.slice(0, 2000) };
    return { ...(token ? { visitor_token: token } : { visitor_nonce: nonce }), cursor, page, locale: mount.locale };
  };

  const unread = () => messages().filter((message) => message.direction === "outbound" && message.id > seen() && message.state.status !== "read");
  const show = (came: MessageView[]) => {
    setMessages((list) => mergeMessages(list, came));
    mount.setUnread(opened() ? 0 : unread().length);
    markRead();
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
        token = frame.visitor_token;
        remember("token", token);
        remember("look", JSON.stringify({ accent: frame.widget.accent, side: frame.widget.side }));
        mount.setLook(frame.widget);
        batch(() => {
          setLook(frame.widget);
          if (!frame.resumed) setMessages([]);
          show(frame.messages);
        });
      },
      event(event) {
        if (event.kind !== "message.added" && event.kind !== "message.updated") return;
        if (event.kind === "message.added" && event.message.direction === "outbound") setTyping(null);
        show([event.message]);
      },
      accepted: (frame) => show([frame.message]),
      typing(frame) {
        clearTimeout(typingTimer);
        setTyping(frame.who.name);
        typingTimer = setTimeout(() => setTyping(null), TYPING_MS);
      },
      reset: () => setMessages([]),
      queue: (entries) => setWaiting([...entries]),
      refused: () => undefined,
      status(state) {
        // A token the server no longer knows must not shut the visitor out: they come back as a new one.
        if (state.kind === "stopped" && state.code === 4401 && token) {
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
  document.addEventListener("visibilitychange", markRead);
  client.start();

  return {
    messages,
    /** What still waits; gone as soon as the log has it. */
    waiting: () => waiting().filter((entry) => !messages().some((message) => message.client_id === entry.frame.client_id)),
    status,
    look,
    typing,
    opened,
    token: () => token,
    again: () => client.start(),
    typed: () => client.typing("", { type: "typing" }),
    retry: (id: string) => client.retry(id, newClientId()),
    discard: (id: string) => client.discard(id),
    /** Whether it was taken; not when it is far too long. */
    send(text: string, files: AttachmentView[]): boolean {
      const frame: Outgoing = { client_id: newClientId() };
      if (text) frame.text = text;
      if (files.length > 0) frame.attachments = files.map((file) => file.id);
      return client.send(frame, files);
    },
    setOpen(open: boolean) {
      setOpened(open);
      if (open) client.visible();
      markRead();
    },
  };
}

export type ChatStore = ReturnType<typeof createChat>;
