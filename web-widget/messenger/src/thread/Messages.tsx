import { createComputed, createEffect, createMemo, createSignal, For, Match, on, onCleanup, onMount, Show, Switch } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { day } from "@kommutator/shared/format.ts";
import { locale, t } from "../i18n.ts";
import { navigate } from "../route.ts";
import { now } from "../state/clock.ts";
import { useDesk } from "../state/desk.ts";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Bubble } from "./Bubble.tsx";
import { type Target, useThread } from "./context.ts";
import { Pending } from "./Pending.tsx";
import { freshId, type Row, rowsOf } from "./rows.ts";
import { createScroll } from "./scroll.ts";

export function Messages() {
  const desk = useDesk();
  const { id, conversation, thread, unread, fresh, setFresh, target, goTo } = useThread();
  const [box, setBox] = createSignal<HTMLDivElement>();
  const [stretch, setStretch] = createSignal<HTMLDivElement>();
  // Reconciled by id: a message whose state changed stays the same element, its pictures are not loaded again.
  const [rows, setRows] = createStore<Row[]>([]);
  createComputed(() => setRows(reconcile(structuredClone(rowsOf(thread.messages(), fresh())))));
  const pending = createMemo(() => {
    const sent = new Set(thread.messages().map((message) => message.client_id));
    return desk.outbox().filter((entry) => entry.frame.conversation === id && !sent.has(entry.frame.client_id));
  });
  const scroll = createScroll(box, stretch, thread);

  /** The line above what is new: known once the count of unread ones and the newest messages are. */
  let drawn = false;
  const drawLine = async (count: number) => {
    if (drawn) return;
    drawn = true;
    const inside = thread.messages().filter((message) => message.direction === "inbound").length >= count || thread.older() === null;
    // While it is looked for the reader stands above what is new: who stands at the end has read it.
    const top = thread.messages()[0]?.id;
    if (!inside && top && "end" in target()) goTo({ id: top, block: "start" });
    const first = inside ? freshId(thread.messages(), count) : await thread.findUnread(count).catch(() => null);
    if (first === null) return;
    setFresh(first);
    const now = target();
    if ("end" in now || ("id" in now && now.id === top && !inside)) goTo({ id: first, block: "start" });
  };
  createEffect(() => { if (thread.state() === "ready" && thread.atEnd() && unread()) void drawLine(unread() ?? 0); });

  /** Until the reader stands where they wanted to, what happens to be on screen is not read. */
  const [placed, setPlaced] = createSignal(false);
  const stand = (act: () => void) => queueMicrotask(() => { act(); setPlaced(true); });
  const reach = async (to: Target) => {
    setPlaced(false);
    if ("end" in to) {
      if ((thread.atEnd() && thread.state() === "ready") || ((await thread.load()) && target() === to)) stand(() => scroll.toEnd());
      return;
    }
    const has = "id" in to && thread.messages().some((one) => one.id === to.id);
    if (!has && !(await thread.load("id" in to ? { around: to.id } : { at: to.at }))) {
      if (target() !== to) return;
      if (thread.messages().length > 0) toast(t("thread.notThere"), true);
      setPlaced(true);
      return;
    }
    const first = "id" in to ? to.id : (thread.messages().find((one) => Date.parse(one.written_at) >= Date.parse(to.at)) ?? thread.messages().at(-1))?.id;
    stand(() => scroll.toMessage(first ?? "", "id" in to ? to.block : "start"));
  };
  createEffect(on(target, (to) => void reach(to)));
  createEffect(on([thread.messages, fresh, () => pending().length], () => queueMicrotask(() => scroll.settle()), { defer: true }));
  createEffect(on(() => pending().length, (count, before) => { if (count > (before ?? 0)) goTo({ end: true }); }, { defer: true }));
  // What was loaded above or jumped to is not news: it is not read aloud.
  const [quiet, setQuiet] = createSignal(true);
  createEffect(on(thread.paging, (busy) => (busy ? setQuiet(true) : requestAnimationFrame(() => requestAnimationFrame(() => setQuiet(thread.paging()))))));

  const markRead = () => {
    const last = thread.messages().findLast((message) => message.direction === "inbound");
    if (!last || !placed() || !thread.atEnd() || !scroll.nearEnd() || document.visibilityState !== "visible" || !document.hasFocus()) return;
    if ((conversation()?.unread ?? 0) > 0 || conversation()?.marked_unread) desk.read(id, last.id);
  };
  createEffect(on([thread.messages, scroll.nearEnd, placed, () => conversation()?.unread, () => conversation()?.marked_unread], () => queueMicrotask(markRead)));
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
    else if (location.search) navigate(location.pathname, true);
    else goTo({ end: true });
  };
  const downLabel = () => (thread.missed() > 0 ? t("thread.toEndNew", { n: thread.missed() }) : t("thread.toEnd"));

  return (
    <div class="log-frame">
      <div class="log" ref={setBox} role="log" aria-live={quiet() ? "off" : "polite"} aria-label={t("thread.log")} tabindex="0" onScroll={() => scroll.scrolled()}>
        <Switch>
          <Match when={thread.state() === "failed" && rows.length === 0}>
            <Empty icon="offline" title={t("thread.failed")}><button type="button" class="button" onClick={() => goTo(target())}>{t("common.retry")}</button></Empty>
          </Match>
          <Match when={thread.state() === "ready" && rows.length + pending().length === 0}><Empty icon="message" title={t("thread.empty")} /></Match>
          <Match when={true}>
            <div class="stretch" ref={setStretch}>
              <Show when={thread.older() !== null}><p class="older">{t("thread.older")}</p></Show>
              <For each={rows}>
                {(row) => (
                  <>
                    <Show when={row.day}><div class="day"><span>{day(locale(), row.message.written_at, now())}</span></div></Show>
                    <Show when={row.fresh}><div class="fresh"><span>{t("thread.new")}</span></div></Show>
                    <Bubble row={row} />
                  </>
                )}
              </For>
              <For each={pending()}>{(entry) => <Pending entry={entry} />}</For>
            </div>
          </Match>
        </Switch>
      </div>
      <Show when={!scroll.nearEnd() || !thread.atEnd()}>
        <button type="button" class="to-end" aria-label={downLabel()} title={downLabel()} onClick={down}>
          <Icon name="down" /><Show when={thread.missed() > 0}><span class="pill">{thread.missed()}</span></Show>
        </button>
      </Show>
    </div>
  );
}
