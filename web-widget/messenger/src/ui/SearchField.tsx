import { createEffect, createSignal, on, onCleanup, Show } from "solid-js";
import { t } from "../i18n.ts";
import { Icon } from "./Icon.tsx";

const PAUSE_MS = 250;

/** A search that asks once the typing rests; at once when it is emptied. Escape empties and leaves it. */
export function SearchField(props: { label: string; ask: (words: string) => void; hint?: string; ref?: (made: HTMLInputElement) => void }) {
  const [typed, setTyped] = createSignal("");
  let field!: HTMLInputElement;
  createEffect(on(typed, (text) => {
    const timer = setTimeout(() => props.ask(text.trim()), text.trim() ? PAUSE_MS : 0);
    onCleanup(() => clearTimeout(timer));
  }, { defer: true }));
  const clear = () => {
    setTyped("");
    field.focus();
  };
  return (
    <div class="search" role="search">
      <Icon name="search" small />
      <input ref={(made) => { field = made; props.ref?.(made); }} type="search" placeholder={props.label} aria-label={props.label} value={typed()} maxLength="200"
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); setTyped(""); field.blur(); } }} />
      <Show when={typed()} fallback={<Show when={props.hint}><kbd aria-hidden="true">{props.hint}</kbd></Show>}>
        <button type="button" class="ghost" aria-label={t("list.clear")} onClick={clear}><Icon name="close" small /></button>
      </Show>
    </div>
  );
}
