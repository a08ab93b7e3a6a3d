import { createEffect, createSignal, on, onCleanup, onMount, Show, untrack } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { t } from "../i18n.ts";
import { route } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { createThread } from "../state/thread.ts";
import { Empty } from "../ui/Empty.tsx";
import { createActions } from "./actions.ts";
import { Card } from "./Card.tsx";
import { Composer } from "./Composer.tsx";
import { Header } from "./Header.tsx";
import { Lightbox } from "./Lightbox.tsx";
import { Messages } from "./Messages.tsx";
import { type Pictures, ThreadContext } from "./context.ts";

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function ThreadPane(props: { id: string }) {
  const desk = useDesk();
  // The pane is made anew for each conversation, so its id never changes.
  // eslint-disable-next-line solid/reactivity
  const id = props.id;
  const thread = createThread((ask) => api.messages(id, ask));
  const [missing, setMissing] = createSignal<unknown>(null);
  const [card, setCard] = createSignal(false);
  const [note, setNote] = createSignal(false);
  const [reply, setReply] = createSignal<MessageView | null>(null);
  const [editing, setEditing] = createSignal<MessageView | null>(null);
  const [pictures, setPictures] = createSignal<Pictures | null>(null);
  /** How many were unread when the thread was opened: the line stands above them. */
  const [unread, setUnread] = createSignal<number | null>(untrack(() => desk.conversations.get(id)?.unread ?? null));
  const conversation = () => desk.conversations.get(id);
  const wanted = () => {
    const now = route();
    return now.name === "chats" ? now.message : null;
  };

  const fetchView = async () => {
    try {
      const view = await api.conversation(id);
      desk.conversations.upsert(view);
      setUnread((before) => before ?? view.unread);
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 403)) setMissing(error);
    }
  };
  createEffect(on(wanted, (message) => {
    if (message === null || !thread.messages().some((one) => one.id === message)) void thread.load(message ?? undefined);
  }));
  void fetchView();
  onCleanup(desk.listen({
    message: (message, isNew) => { if (message.conversation === id) thread.take(message, isNew); },
    reload: () => {
      void fetchView();
      if (thread.atEnd()) void thread.load();
    },
  }));

  const actions = createActions(desk, id, conversation, setNote, note);
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || inField(event.target) || document.querySelector("dialog[open]")) return;
    if (actions.key(event)) event.preventDefault();
  };
  desk.lookers.show(id);
  desk.watch(id);
  onCleanup(() => desk.lookers.show(null));
  onMount(() => window.addEventListener("keydown", key));
  onCleanup(() => window.removeEventListener("keydown", key));

  return (
    <ThreadContext.Provider value={{ id, conversation, thread, note, setNote, reply, setReply, editing, setEditing, unread, wanted, show: setPictures }}>
      <Show when={!missing()} fallback={<Empty icon="warning" title={t("thread.missing")} text={t("thread.missing.text")} />}>
        <div class="thread" classList={{ "with-card": card() }} role="region" aria-label={t("thread.label", { name: conversation()?.title ?? "" })}>
          <Header actions={actions} card={card()} setCard={setCard} />
          <Messages />
          <Composer />
          <Show when={card() && conversation()}>{(one) => <Card conversation={one()} close={() => setCard(false)} />}</Show>
        </div>
      </Show>
      <Show when={pictures()}>{(shown) => <Lightbox pictures={shown()} close={() => setPictures(null)} />}</Show>
    </ThreadContext.Provider>
  );
}
