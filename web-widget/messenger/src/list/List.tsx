import { createEffect, createSignal, on, onCleanup, onMount, Show } from "solid-js";
import { t } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Icon } from "../ui/Icon.tsx";
import { Rows } from "./Rows.tsx";
import { SearchResults } from "./SearchResults.tsx";
import { Views } from "./Views.tsx";

const PAUSE_MS = 250;

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function List(props: { selected: string | null }) {
  const desk = useDesk();
  const [typed, setTyped] = createSignal("");
  const [asked, setAsked] = createSignal("");
  let field!: HTMLInputElement;
  createEffect(on(typed, (text) => {
    const timer = setTimeout(() => setAsked(text.trim()), text.trim() ? PAUSE_MS : 0);
    onCleanup(() => clearTimeout(timer));
  }));
  createEffect(() => desk.conversations.keep(props.selected));

  const step = (by: number) => {
    const list = desk.conversations.list(desk.view());
    const at = props.selected === null ? -1 : list.indexOf(props.selected);
    const next = list.at(Math.max(0, Math.min(list.length - 1, at + by)));
    if (document.activeElement instanceof HTMLElement && document.activeElement.classList.contains("row")) document.activeElement.blur();
    if (next) navigate(chatPath(next), true);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target) || document.querySelector("dialog[open]")) return;
    const down = event.code === "KeyJ" || event.key === "ArrowDown";
    const up = event.code === "KeyK" || event.key === "ArrowUp";
    if (event.key === "/") field.focus();
    else if (down || up) step(down ? 1 : -1);
    else if (event.key === "Enter" && event.target === document.body && props.selected) document.querySelector<HTMLElement>(".composer textarea")?.focus();
    else return;
    event.preventDefault();
  };
  onMount(() => window.addEventListener("keydown", key));
  onCleanup(() => window.removeEventListener("keydown", key));
  const clear = () => {
    setTyped("");
    field.focus();
  };

  return (
    <section class="list" aria-label={t("list.label")}>
      <div class="search" role="search">
        <Icon name="search" small />
        <input ref={(made) => (field = made)} type="search" placeholder={t("list.search")} aria-label={t("list.search")} value={typed()} maxLength="200"
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); setTyped(""); field.blur(); } }} />
        <Show when={typed()} fallback={<kbd aria-hidden="true">/</kbd>}>
          <button type="button" class="ghost" aria-label={t("list.clear")} onClick={clear}><Icon name="close" small /></button>
        </Show>
      </div>
      <Show when={asked()} fallback={<><Views /><Rows selected={props.selected} /></>}>
        <SearchResults words={asked()} selected={props.selected} />
      </Show>
    </section>
  );
}
