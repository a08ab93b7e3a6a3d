import { createEffect, For, Show } from "solid-js";
import { t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { View } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";

const VIEWS: View[] = ["all", "unread", "unanswered", "closed"];

export function Views() {
  const desk = useDesk();
  createEffect(() => void desk.conversations.open(desk.view()));
  const count = (view: View) => {
    const counters = desk.conversations.counters();
    if (!counters || view === "all" || view === "closed") return 0;
    return counters[view];
  };
  return (
    <div class="views" role="group" aria-label={t("view.label")}>
      <For each={VIEWS}>
        {(view) => (
          <button type="button" class={view} aria-pressed={desk.view() === view} aria-label={view === "closed" ? t("view.closed") : undefined} title={view === "closed" ? t("view.closed") : undefined} onClick={() => desk.setView(view)}>
            <Show when={view !== "closed"} fallback={<Icon name="archive" small />}>{t(`view.${view}` satisfies WordKey)}</Show>
            <Show when={count(view) > 0}><span class="count" data-testid={`count-${view}`}>{count(view)}</span></Show>
          </button>
        )}
      </For>
    </div>
  );
}
