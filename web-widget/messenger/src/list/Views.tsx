import { For, Show } from "solid-js";
import { t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { EVERYTHING, type Query, type View, VIEWS } from "../state/query.ts";
import { Icon } from "../ui/Icon.tsx";
import { Menu } from "../ui/Menu.tsx";

/** Which conversations, in which order, and of what. */
export function Views() {
  const desk = useDesk();
  const set = (change: Partial<Query>) => desk.setQuery({ ...desk.query(), ...change });
  const count = (view: View): number | undefined => {
    const counters = desk.conversations.counters();
    if (!counters || view === "closed") return undefined;
    return counters[view === "all" ? "open" : view];
  };
  const name = (view: View) => t(`view.${view}` satisfies WordKey);
  const filters = () => {
    const { channel, tag, assignee } = desk.query();
    const named = (all: readonly { id: string; name: string }[], id: string | null) => all.find((one) => one.id === id)?.name ?? "…";
    return [
      channel !== null && { off: { channel: null }, text: named(desk.channels() ?? [], channel) },
      tag !== null && { off: { tag: null }, text: named(desk.tags(), tag) },
      assignee !== null && { off: { assignee: null }, text: named(desk.colleagues(), assignee) },
    ].filter((one) => one !== false);
  };
  const filterItems = () => [
    ...(desk.channels() ?? []).map((one) => ({ text: one.name, icon: "channel" as const, checked: desk.query().channel === one.id, act: () => set({ channel: desk.query().channel === one.id ? null : one.id }) })),
    ...desk.tags().map((one, index) => ({ text: one.name, face: <i class={`tag-dot colour-${one.colour}`} />, line: index === 0, checked: desk.query().tag === one.id, act: () => set({ tag: desk.query().tag === one.id ? null : one.id }) })),
    ...desk.colleagues().map((one, index) => ({ text: one.name, icon: "user" as const, line: index === 0, checked: desk.query().assignee === one.id, act: () => set({ assignee: desk.query().assignee === one.id ? null : one.id }) })),
  ];
  return (
    <div class="views" role="group" aria-label={t("view.label")}>
      <Menu class="choice" named start label={t("view.label")}
        items={() => VIEWS.map((view) => ({ text: name(view), checked: desk.query().view === view, line: view === "snoozed", hint: count(view) === undefined ? undefined : String(count(view)), act: () => set({ view }) }))}>
        <span>{name(desk.query().view)}</span>
        <Show when={count(desk.query().view)}>{(n) => <span class="count" data-testid="count-view">{n()}</span>}</Show>
        <Icon name="more" small />
      </Menu>
      <button type="button" class="ghost" aria-pressed={desk.query().sort === "waiting"} classList={{ on: desk.query().sort === "waiting" }} disabled={desk.query().view === "closed"} aria-label={t("view.longest")} title={t("view.longest")}
        onClick={() => set({ sort: desk.query().sort === "waiting" ? "latest" : "waiting" })}><Icon name="sort" small /></button>
      <Menu label={t("view.filter")} on={filters().length > 0} opened={() => void desk.loadColleagues()} items={filterItems}><Icon name="filter" small /></Menu>
      <Show when={filters().length > 0}>
        <ul class="chips">
          <For each={filters()}>{(one) => <li><span>{one.text}</span><button type="button" aria-label={t("view.filterOff", { name: one.text })} onClick={() => set(one.off)}><Icon name="close" small /></button></li>}</For>
          <Show when={filters().length > 1}><li><button type="button" class="all" onClick={() => set({ ...EVERYTHING, view: desk.query().view, sort: desk.query().sort })}>{t("view.filtersOff")}</button></li></Show>
        </ul>
      </Show>
    </div>
  );
}
