import { createComputed, createEffect, createMemo, createSignal, For, Match, on, onCleanup, onMount, Show, Switch } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { day } from "@kommutator/shared/format.ts";
import { locale, t } from "../i18n.ts";
import { navigate } from "../route.ts";
import { now } from "../state/clock.ts";
import { useDesk } from "../state/desk.ts";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Bubble } from "./Bubble.tsx";
import { useThread } from "./context.ts";
import { Pending } from "./Pending.tsx";
import { freshId, type Row, rowsOf } from "./rows.ts";
import { createScroll } from "./scroll.ts";

export function Messages() {
  const desk = useDesk();
  const { id, conversation, thread, unread, wanted } = useThread();
  const [box, setBox] = createSignal<HTMLDivElement>();
  const fresh = createMemo<string | null>((before) => before ?? (thread.state() === "ready" && unread() ? freshId(thread.messages(), unread() ?? 0) : null), null);
  // Reconciled by id: a message whose state changed stays the same element, its pictures are not loaded again.
  const [rows, setRows] = createStore<Row[]>([]);
  createComputed(() => setRows(reconcile(structuredClone(rowsOf(thread.messages(), fresh())))));
  const pending = createMemo(() => {
    const sent = new Set(thread.messages().map((message) => message.client_id));
    return desk.outbox().filter((entry) => entry.frame.conversation === id && !sent.has(entry.frame.client_id));
  });
  const scroll = createScroll(box, thread);

  // Where to stand when a stretch was loaded: at the message that was asked for, at the line, else at the end.
  createEffect(on(() => [thread.state(), wanted()] as const, ([state, message]) => {
    if (state !== "ready") return;
    queueMicrotask(() => (message ? scroll.toMessage(message) : fresh() ? scroll.toMessage(fresh() ?? "", "start") : scroll.toEnd()));
  }));
  createEffect(on([thread.messages, fresh, () => pending().length], () => queueMicrotask(() => scroll.settle()), { defer: true }));
  createEffect(on(() => pending().length, (count, before) => { if (count > (before ?? 0)) scroll.toEnd(); }, { defer: true }));

  const markRead = () => {
    const last = thread.messages().findLast((message) => message.direction === "inbound");
    if (!last || !thread.atEnd() || !scroll.nearEnd() || document.visibilityState !== "visible" || !document.hasFocus()) return;
    if ((conversation()?.unread ?? 0) > 0 || conversation()?.marked_unread) desk.read(id, last.id);
  };
  createEffect(on([thread.messages, scroll.nearEnd, () => conversation()?.unread, () => conversation()?.marked_unread], () => queueMicrotask(markRead)));
  onMount(() => {
    window.addEventListener("focus", markRead);
    document.addEventListener("visibilitychange", markRead);
  });
  onCleanup(() => {
    window.removeEventListener("focus", markRead);
    document.removeEventListener("visibilitychange", markRead);
  });
  const down = () => {
    if (thread.atEnd()) scroll.toEnd(true);
    else if (wanted()) navigate(location.pathname, true);
    else void thread.load();
  };

  return (
    <div class="log-frame">
      <div class="log" ref={setBox} role="log" aria-live="polite" aria-label={t("thread.log")} tabindex="0" onScroll={() => scroll.moved()}>
        <Switch>
          <Match when={thread.state() === "failed" && rows.length === 0}>
            <Empty icon="offline" title={t("thread.failed")}><button type="button" class="button" onClick={() => void thread.load(wanted() ?? undefined)}>{t("common.retry")}</button></Empty>
          </Match>
          <Match when={thread.state() === "ready" && rows.length + pending().length === 0}><Empty icon="message" title={t("thread.empty")} /></Match>
          <Match when={true}>
            <div class="stretch">
              <Show when={thread.older() !== null}><p class="older">{t("thread.older")}</p></Show>
              <For each={rows}>
                {(row) => (
                  <>
                    <Show when={row.day}><div class="day"><span>{day(locale(), row.message.written_at, now())}</span></div></Show>
                    <Show when={row.fresh}><div class="fresh"><span>{t("thread.new")}</span></div></Show>
                    <Bubble row={row} jump={(message) => scroll.toMessage(message)} />
                  </>
                )}
              </For>
              <For each={pending()}>{(entry) => <Pending entry={entry} />}</For>
            </div>
          </Match>
        </Switch>
      </div>
      <Show when={!scroll.nearEnd() || !thread.atEnd()}>
        <button type="button" class="to-end" aria-label={t("thread.toEnd")} onClick={down}>
          <Icon name="down" /><Show when={thread.missed() > 0}><span class="pill">{thread.missed()}</span></Show>
        </button>
      </Show>
    </div>
  );
}
