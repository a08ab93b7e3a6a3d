import { createVirtualizer } from "@tanstack/solid-virtual";
import { createEffect, createMemo, createSignal, For, on, onCleanup, Show } from "solid-js";
import { t, type WordKey } from "../i18n.ts";
import { navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Empty } from "../ui/Empty.tsx";
import { Row } from "./Row.tsx";

const ROW = 64;
/** Skeletons come only when the answer is slow, so that a quick one does not flicker. */
const SLOW_MS = 200;

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

export function Rows(props: { selected: string | null }) {
  const desk = useDesk();
  let box!: HTMLDivElement;
  const list = createMemo(() => desk.conversations.list(desk.view()));
  const virtual = createVirtualizer({
    get count() { return list().length; },
    getScrollElement: () => box,
    estimateSize: () => ROW,
    overscan: 8,
    getItemKey: (index) => list().at(index) ?? index,
  });
  createEffect(() => {
    const last = virtual.getVirtualItems().at(-1);
    if (last && last.index >= list().length - 20 && list().more && list().state === "ready") void desk.conversations.more(desk.view());
  });
  createEffect(on(() => props.selected, (id) => {
    const index = id === null ? -1 : list().indexOf(id);
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, { defer: true }));
  createEffect(on(desk.view, () => box.scrollTo(0, 0), { defer: true }));

  const empty = (): { title: WordKey; text: WordKey } => ({ title: `list.empty.${desk.view()}`, text: `list.empty.${desk.view()}.text` });
  return (
    <div class="rows" ref={(made) => (box = made)} tabindex="-1">
      <Show when={list().length > 0} fallback={
        <Show when={list().state === "ready"} fallback={
          <Show when={list().state === "failed"} fallback={<Skeletons />}>
            <Empty icon="offline" title={t("list.failed")}>
              <button type="button" class="button" onClick={() => void desk.conversations.retry(desk.view())}>{t("common.retry")}</button>
            </Empty>
          </Show>
        }>
          <Empty icon="inbox" title={t(empty().title)} text={t(empty().text)}>
            <Show when={desk.view() === "all" && desk.isAdmin()}>
              <button type="button" class="button main" onClick={() => navigate("/settings/channels")}>{t("list.empty.all.action")}</button>
            </Show>
          </Empty>
        </Show>
      }>
        <ul class="long" style={{ height: `${virtual.getTotalSize()}px` }}>
          <For each={virtual.getVirtualItems()}>
            {(item) => (
              <Show when={list().at(item.index)}>
                {(id) => (
                  <Show when={desk.conversations.get(id())}>
                    {(one) => <Row conversation={one()} top={item.start} selected={id() === props.selected} position={item.index + 1} total={list().more ? -1 : list().length} />}
                  </Show>
                )}
              </Show>
            )}
          </For>
        </ul>
      </Show>
    </div>
  );
}
