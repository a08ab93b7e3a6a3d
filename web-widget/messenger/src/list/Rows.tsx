import { createEffect, createMemo, createSignal, For, on, onCleanup, Show } from "solid-js";
import { t, type WordKey } from "../i18n.ts";
import { navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Empty } from "../ui/Empty.tsx";
import { createWindow } from "../ui/window.ts";
import { Row } from "./Row.tsx";

const ROW = 64;
/** Skeletons come only when the answer is slow, so that a quick one does not flicker. */
const SLOW_MS = 200;
/** Who has not moved over the list for so long is not about to click. */
const STILL_MS = 3_000;

function Skeletons() {
  const [slow, setSlow] = createSignal(false);
  const timer = setTimeout(() => setSlow(true), SLOW_MS);
  onCleanup(() => clearTimeout(timer));
  return (
    <Show when={slow()}>
      <div class="skeletons" role="status" aria-label={t("app.loading")}><For each={Array.from({ length: 8 })}>{() => <div><i /><span><b /><b /></span></div>}</For></div>
    </Show>
  );
}

export type Picking = { picked: () => ReadonlySet<string>; pick: (id: string, range: boolean) => void };

export function Rows(props: { selected: string | null; picking: Picking; goTo: (jump: (index: number) => void) => void }) {
  const desk = useDesk();
  let box!: HTMLDivElement;
  const list = createMemo(() => desk.conversations.list(desk.query()));
  const shown = createWindow(() => box, ROW, () => list().length);
  /** What is drawn: ids, and numbers where nothing is loaded. A row goes with its conversation when that moves. */
  const drawn = createMemo(() => {
    const entries: (string | number)[] = [];
    for (let index = shown.first(); index < shown.end(); index += 1) entries.push(list().at(index) ?? index);
    return entries;
  });
  createEffect(() => {
    list();
    desk.conversations.look(desk.query(), shown.first(), Math.max(0, shown.end() - 1));
  });
  createEffect(on(() => props.selected, (id) => {
    const index = id === null ? -1 : list().indexOf(id);
    if (index >= 0) shown.show(index);
  }, { defer: true }));
  createEffect(on(desk.query, () => box.scrollTo(0, 0), { defer: true }));
  // eslint-disable-next-line solid/reactivity
  props.goTo((index) => shown.show(index));

  let still: ReturnType<typeof setTimeout> | undefined;
  const release = () => {
    clearTimeout(still);
    desk.conversations.hold(false);
  };
  const pointed = (event: PointerEvent) => {
    if (event.pointerType !== "mouse") return;
    clearTimeout(still);
    still = setTimeout(release, STILL_MS);
    desk.conversations.hold(true);
  };
  onCleanup(release);

  const empty = (): { title: WordKey; text: WordKey } => ({ title: `list.empty.${desk.query().view}`, text: `list.empty.${desk.query().view}.text` });
  const filtered = () => desk.query().channel !== null || desk.query().tag !== null || desk.query().assignee !== null;
  return (
    <div class="rows" ref={(made) => (box = made)} tabindex="-1" onPointerMove={pointed} onPointerLeave={release}>
      <Show when={list().length > 0} fallback={
        <Show when={list().state === "ready"} fallback={
          <Show when={list().state === "failed"} fallback={<Skeletons />}>
            <Empty icon="offline" title={t("list.failed")}>
              <button type="button" class="button" onClick={() => void desk.conversations.retry(desk.query())}>{t("common.retry")}</button>
            </Empty>
          </Show>
        }>
          <Show when={!filtered()} fallback={
            <Empty icon="filter" title={t("list.empty.filtered")}>
              <button type="button" class="button" onClick={() => desk.setQuery({ ...desk.query(), channel: null, tag: null, assignee: null })}>{t("view.filtersOff")}</button>
            </Empty>
          }>
            <Empty icon="inbox" title={t(empty().title)} text={t(empty().text)}>
              <Show when={desk.query().view === "all" && desk.isAdmin() && desk.channels()?.length === 0}>
                <button type="button" class="button main" onClick={() => navigate("/settings/channels")}>{t("list.empty.all.action")}</button>
              </Show>
            </Empty>
          </Show>
        </Show>
      }>
        <ul class="long" style={{ height: `${list().length * ROW}px` }}>
          <For each={drawn()}>
            {(entry, at) => {
              const index = () => shown.first() + at();
              return (
                <Show when={typeof entry === "string" && desk.conversations.get(entry)} fallback={<li class="place hole" style={{ transform: `translateY(${index() * ROW}px)` }} aria-hidden="true"><i /><span><b /><b /></span></li>}>
                  {(one) => <Row conversation={one()} top={index() * ROW} selected={entry === props.selected} position={index() + 1} total={list().more ? -1 : list().length} picking={props.picking} />}
                </Show>
              );
            }}
          </For>
        </ul>
      </Show>
    </div>
  );
}
