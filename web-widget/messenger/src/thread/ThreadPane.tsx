import { createEffect, createSignal, on, onCleanup, onMount, Show, untrack } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { t } from "../i18n.ts";
import { type Route, route } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { createFar, createThread, type MessagesAsk } from "../state/thread.ts";
import { Empty } from "../ui/Empty.tsx";
import { later } from "../ui/Later.tsx";
import { createActions } from "./actions.ts";
import { Card } from "./Card.tsx";
import { Composer } from "./Composer.tsx";
import { createFind } from "./find.ts";
import { FindBar } from "./FindBar.tsx";
import { Header } from "./Header.tsx";
import { Lightbox } from "./Lightbox.tsx";
import { Messages } from "./Messages.tsx";
import { createPicks } from "./picks.ts";
import { type Pictures, type Target, ThreadContext } from "./context.ts";

const Forward = later(() => import("./Forward.tsx").then((file) => file.Forward), true);
const PickBar = later(() => import("./PickBar.tsx").then((file) => file.PickBar), true);

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (/^(TEXTAREA|SELECT)$/.test(target.tagName) || target.matches("input:not([type=checkbox])"));
}

const targetOf = (now: Route): Target => (now.name === "chats" && now.message ? { id: now.message } : { end: true });

export function ThreadPane(props: { id: string }) {
  const desk = useDesk();
  // The pane is made anew for each conversation, so its id never changes.
  // eslint-disable-next-line solid/reactivity
  const id = props.id;
  const source = (ask: MessagesAsk) => api.messages(id, ask);
  const thread = createThread(source);
  const far = createFar(source);
  const [missing, setMissing] = createSignal<unknown>(null);
  const [card, setCard] = createSignal(false);
  const [note, setNote] = createSignal(false);
  const [reply, setReply] = createSignal<MessageView | null>(null);
  const [editing, setEditing] = createSignal<MessageView | null>(null);
  const [pictures, setPictures] = createSignal<Pictures | null>(null);
  const [forwarded, forward] = createSignal<readonly MessageView[] | null>(null);
  /** How many were unread when the thread was opened: the line stands above them. */
  const [unread, setUnread] = createSignal<number | null>(untrack(() => desk.conversations.get(id)?.unread ?? null));
  const [fresh, setFresh] = createSignal<string | null>(null);
  // Going to a place twice is going there twice.
  const [target, goTo] = createSignal<Target>(untrack(() => targetOf(route())), { equals: false });
  const conversation = () => desk.conversations.get(id);
  const find = createFind(id, goTo);
  const picks = createPicks(thread.messages);
  const message = (wanted: string) => thread.messages().find((one) => one.id === wanted) ?? far(wanted);

  const fetchView = async () => {
    try {
      const view = await api.conversation(id);
      // Before the view is taken: who is led to the first unread has not read the last.
      setUnread((before) => before ?? view.unread);
      desk.conversations.upsert(view);
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 403)) setMissing(error);
    }
  };
  createEffect(on(route, (now) => { if (now.name === "chats" && now.conversation === id) goTo(targetOf(now)); }, { defer: true }));
  void fetchView();
  onCleanup(desk.listen({
    message: (one, isNew) => { if (one.conversation === id) thread.take(one, isNew); },
    reload: () => {
      void fetchView();
      void thread.reload();
    },
  }));

  const actions = createActions(desk, id, conversation, setNote, note);
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || inField(event.target) || document.querySelector("dialog[open]")) return;
    if (actions.key(event)) event.preventDefault();
  };
  /** Before anybody else hears it: Ctrl+F looks in this conversation, once more in the page; Escape ends picking before it leaves the conversation. */
  const early = (event: KeyboardEvent) => {
    if (document.querySelector("dialog[open], [role=menu]")) return;
    const wantsFind = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyF";
    if (wantsFind && !document.activeElement?.closest(".find")) {
      if (find.open()) document.querySelector<HTMLInputElement>(".find input")?.select();
      find.start();
    } else if (event.key === "Escape" && picks.on()) picks.end();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  desk.lookers.show(id);
  desk.watch(id);
  onCleanup(() => desk.lookers.show(null));
  onMount(() => {
    window.addEventListener("keydown", key);
    window.addEventListener("keydown", early, true);
  });
  onCleanup(() => {
    window.removeEventListener("keydown", key);
    window.removeEventListener("keydown", early, true);
  });

  return (
    <ThreadContext.Provider value={{ id, conversation, thread, message, note, setNote, reply, setReply, editing, setEditing, unread, fresh, setFresh, target, goTo, find, picks, forward, show: setPictures }}>
      <Show when={!missing()} fallback={<Empty icon="warning" title={t("thread.missing")} text={t("thread.missing.text")} />}>
        <div class="thread" classList={{ "with-card": card(), picking: picks.on() }} role="region" aria-label={t("thread.label", { name: conversation()?.title ?? "" })}>
          <Header actions={actions} card={card()} setCard={setCard} />
          <Show when={find.open()}><FindBar /></Show>
          <Messages />
          <Composer />
          <Show when={picks.on()}><PickBar /></Show>
          <Show when={card() && conversation()}>{(one) => <Card conversation={one()} close={() => setCard(false)} />}</Show>
        </div>
      </Show>
      <Show when={forwarded()}>{(messages) => <Forward messages={messages()} close={() => forward(null)} />}</Show>
      <Show when={pictures()}>{(shown) => <Lightbox pictures={shown()} close={() => setPictures(null)} />}</Show>
    </ThreadContext.Provider>
  );
}
