/** Everything a logged-in manager works with: the socket, the lists, the outbox. Made at login, ended at logout. */
import { createContext, createSignal, useContext } from "solid-js";
import type { ConversationView, Event, Me, MessageView, NoticeEvent, NoticeSettings, Presence, SendFrame, ServerFrame } from "@kommutator/shared/generated/protocol.ts";
import { type ReadyBase, SocketClient, type Status, type Typing } from "@kommutator/shared/socket/client.ts";
import { browserSocket, browserStorage, browserTimers, newClientId, socketUrl, watchPage } from "@kommutator/shared/socket/browser.ts";
import type { QueueEntry } from "@kommutator/shared/socket/queue.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { whenSessionEnds } from "../http.ts";
import type { ChannelView, Colleague, ConnectionView, ReplyView, TagView } from "../types.ts";
import { isAway } from "./absence.ts";
import { createConversations } from "./conversations.ts";
import { createDeeds } from "./deeds.ts";
import { loadDrafts } from "./drafts.ts";
import { loadKinds } from "./kinds.ts";
import { createLookers } from "./lookers.ts";
import { createMarks } from "./marks.ts";
import { means, ofChange, ofMessage } from "./notices.ts";
import { tell as announce } from "./notify.ts";
import { badge, closeNotices, watchPushes } from "./push.ts";
import { EVERYTHING, type Query } from "./query.ts";

export type Outgoing = QueueEntry<SendFrame>;
type Ready = ReadyBase & Extract<ServerFrame, { type: "ready"; me: Me }>;
type Listener = { message?(message: MessageView, isNew: boolean): void; customer?(id: string): void; channel?(): void; connection?(): void; reload(): void };

const TYPING_MS = 6_000;
const COUNT_MS = 400;
/** How many of the newest things to tell wait until it is known how. */
const EARLY = 20;
const AGAIN_MS = 5_000;

export function createDesk(first: Me, ended: () => void) {
  const [me, setMe] = createSignal(first);
  const [status, setStatus] = createSignal<Status>({ kind: "idle" });
  const [contact, setContact] = createSignal<number | null>(null);
  const [outbox, setOutbox] = createSignal<readonly Outgoing[]>([]);
  const [typing, setTyping] = createSignal<ReadonlyMap<string, string>>(new Map());
  const [channels, setChannels] = createSignal<ChannelView[] | null>(null);
  const [connections, setConnections] = createSignal<readonly ConnectionView[]>([]);
  const [colleagues, setColleagues] = createSignal<readonly Colleague[]>([]);
  const [query, setQuery] = createSignal<Query>(EVERYTHING);
  const [tags, setTags] = createSignal<readonly TagView[]>([]);
  const [replies, setReplies] = createSignal<readonly ReplyView[]>([]);
  const [noticeSettings, setNoticeSettings] = createSignal<NoticeSettings | null>(null);
  /** The zone quiet hours are in; empty: this browser's. */
  let zone = "";
  const conversations = createConversations(api, () => me().id, (act) => setTimeout(act, COUNT_MS));
  const marks = createMarks((one) => conversations.upsert(one));
  const perform = createDeeds((id) => conversations.get(id), (one) => conversations.upsert(one));
  const [presence, setPresence] = createSignal<ReadonlyMap<string, Presence>>(new Map());
  /** Asked anew after each break: who watches is known to the socket only. */
  const watch = (conversation: string | null) => { if (conversation !== null) client.signal({ type: "watch", conversation }); };
  const lookers = createLookers(() => me().id, (frame) => client.signal(frame));
  const listeners = new Set<Listener>();
  const typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  let stale = true;

  const isAdmin = () => me().role !== "manager";
  const loadChannels = async () => {
    if (isAdmin()) setChannels((await api.channels()).items);
  };

  /** What CRMs are called, for where messages stand. */
  const loadConnections = () => api.connections().then((page) => setConnections(page.items), () => undefined);

  /** Names only: without them a conversation is still answered. */
  const loadColleagues = () => api.colleagues().then((page) => setColleagues(page.items), () => undefined);

  const loadTags = () => api.tags().then((page) => setTags(page.items), () => undefined);
  const loadReplies = () => api.replies().then((page) => setReplies(page.items), () => undefined);

  const loadNotices = async () => {
    const [view, profile] = await Promise.all([api.notices(), api.profile()]);
    zone = profile.time_zone;
    setNoticeSettings(view.settings);
  };
  /** What happened before this manager's wishes, what they muted and who is away were known: it is told then. */
  let early: (() => void)[] = [];
  let known = false;
  let askAgain: ReturnType<typeof setTimeout> | undefined;
  const loadWishes = async (): Promise<void> => {
    clearTimeout(askAgain);
    try {
      await Promise.all([loadNotices(), marks.load(), loadColleagues()]);
    } catch {
      askAgain = setTimeout(() => void loadWishes(), AGAIN_MS);
      return;
    }
    known = true;
    early.splice(0).forEach((act) => act());
  };

  const reload = async () => {
    stale = false;
    listeners.forEach((one) => one.reload());
    loadChannels().catch(() => undefined);
    void loadConnections();
    loadKinds().catch(() => undefined);
    void loadTags();
    void loadReplies();
    loadDrafts().catch(() => undefined);
    void loadWishes();
    await conversations.reload(query());
  };

  const tell = (message: MessageView, isNew: boolean) => listeners.forEach((one) => one.message?.(message, isNew));
  const stopTyping = (conversation: string) => setTyping((map) => new Map([...map].filter(([id]) => id !== conversation)));

  const onTyping = (frame: Typing) => {
    if (frame.who.kind === "manager" ? frame.who.id === me().id : conversations.get(frame.conversation)?.blocked) return;
    clearTimeout(typingTimers.get(frame.conversation));
    setTyping((map) => new Map(map).set(frame.conversation, frame.who.name));
    typingTimers.set(frame.conversation, setTimeout(() => stopTyping(frame.conversation), TYPING_MS));
  };

  const about = (message: MessageView, one: ConversationView) => {
    const event = ofMessage(message, one, me().id);
    if (event) told(event, one, event === "mentioned" ? t("notify.note.mentioned", { name: message.author.name, text: message.text }) : message.text || t("notify.file"));
  };
  /** The newest words of conversations that are not known here yet: their own event follows, and only then is it known whose they are. */
  const unplaced = new Map<string, MessageView>();
  const notice = (message: MessageView) => {
    const one = conversations.get(message.conversation);
    if (one) about(message, one);
    else unplaced.set(message.conversation, message);
  };
  const told = (event: NoticeEvent, one: ConversationView, text: string) => {
    const settings = noticeSettings();
    if (!known || settings === null) {
      early = [...early, () => told(event, one, text)].slice(-EARLY);
      return;
    }
    const standing = { away: isAway(colleagues().find((person) => person.id === me().id)), muted: marks.of(one.id).muted, looking: lookers.shown() === one.id && document.hasFocus(), zone, now: new Date() };
    announce(means(settings, event, standing), one.title, text, one.id);
  };
  const placed = (one: ConversationView) => {
    const message = unplaced.get(one.id);
    unplaced.delete(one.id);
    if (message) about(message, one);
  };
  const changed = (before: ConversationView | undefined, after: ConversationView) => {
    const event = ofChange(before, after, me().id, isAdmin());
    if (event === "assigned" || event === "overdue") told(event, after, t(`notify.note.${event}`));
    // Read or answered, here or elsewhere: its notice on this device is not needed any more.
    if (before !== undefined && (before.unread > 0 || before.unanswered_since !== undefined) && after.unread === 0) void closeNotices(after.id);
    queueMicrotask(() => badge(conversations.counters()?.unanswered ?? 0));
  };

  const onEvent = (event: Event) => {
    setContact(Date.now());
    switch (event.kind) {
      case "message.added":
        if (event.message.direction === "inbound") stopTyping(event.conversation);
        tell(event.message, true);
        notice(event.message);
        break;
      case "message.updated":
        tell(event.message, false);
        break;
      case "conversation.updated":
        changed(conversations.get(event.conversation.id), event.conversation);
        conversations.upsert(event.conversation);
        placed(event.conversation);
        break;
      case "channel.updated":
        loadChannels().catch(() => undefined);
        listeners.forEach((one) => one.channel?.());
        break;
      case "connection.updated":
        void loadConnections();
        listeners.forEach((one) => one.connection?.());
        break;
      case "customer.updated":
        listeners.forEach((one) => one.customer?.(event.customer));
        break;
      case "setting.updated":
        void { tags: loadTags, replies: loadReplies, people: loadColleagues }[event.setting]();
        break;
    }
  };

  const client = new SocketClient<SendFrame, Ready>({
    connect: () => browserSocket(socketUrl(location.href, "/ws/manager")),
    hello: (cursor) => (cursor === undefined ? {} : { cursor }),
    timers: browserTimers,
    random: Math.random,
    storage: browserStorage(),
    queuePrefix: `kommutator.q.${first.id}.`,
    lane: (frame) => frame.conversation,
    handlers: {
      ready(frame) {
        setMe(frame.me);
        if (!frame.resumed || stale) void reload();
        lookers.again();
        watch(lookers.shown());
      },
      event: onEvent,
      typing: onTyping,
      viewing: (frame) => lookers.heard(frame),
      other: (frame) => { if (frame.type === "presence") setPresence((map) => new Map(map).set(frame.conversation, frame)); },
      accepted: (frame) => tell(frame.message, !frame.duplicate),
      reset: () => (stale = true),
      queue: (entries) => setOutbox([...entries]),
      refused: () => undefined,
      status(state) {
        if (state.kind !== "ready" && status().kind === "ready") setContact(Date.now());
        // Without the socket there is still something to read.
        if (stale && state.kind === "waiting") void reload();
        setStatus(state);
        if (state.kind === "stopped" && state.code === 4401) end();
      },
    },
  });

  const unwatch = watchPage(client);
  const unwatchPushes = watchPushes();
  const end = () => {
    clearTimeout(askAgain);
    unwatch();
    unwatchPushes();
    badge(0);
    lookers.end();
    client.stop();
    ended();
  };
  whenSessionEnds(end);
  client.start();

  return {
    me,
    setMe,
    isAdmin,
    status,
    contact,
    outbox,
    typing,
    channels,
    loadChannels,
    connections,
    colleagues,
    loadColleagues,
    query,
    setQuery,
    tags,
    replies,
    noticeSettings,
    setNoticeSettings,
    zone: () => zone,
    /** The manager themselves, as colleagues see them. */
    self: () => colleagues().find((one) => one.id === me().id),
    marks,
    perform,
    lookers,
    presence,
    watch,
    conversations,
    listen(listener: Listener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send: (frame: Omit<SendFrame, "client_id">, meta: unknown) => client.send({ client_id: newClientId(), ...frame }, meta),
    retry: (id: string) => client.retry(id, newClientId()),
    discard: (id: string) => client.discard(id),
    typed: (conversation: string) => client.typing(conversation, { type: "typing", conversation }),
    read: (conversation: string, upTo: string) => client.read(conversation, { type: "read", conversation, up_to: upTo }),
    connect: () => (client.status.kind === "stopped" ? client.start() : client.online()),
    end,
  };
}

export type Desk = ReturnType<typeof createDesk>;
export const DeskContext = createContext<Desk>();

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("nobody is logged in");
  return desk;
}
