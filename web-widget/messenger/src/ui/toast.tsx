import { createSignal, For, Show } from "solid-js";

type Undo = { text: string; act: () => void };
type Toast = { id: number; text: string; bad: boolean; undo: Undo | undefined };
const [toasts, setToasts] = createSignal<Toast[]>([]);
let next = 0;

/** A short word at the edge of the screen that goes away by itself; what can be undone stays a little longer. */
export function toast(text: string, bad = false, undo?: Undo): void {
  const id = (next += 1);
  setToasts((all) => [...all.slice(-2), { id, text, bad, undo }]);
  setTimeout(() => drop(id), bad || undo ? 8000 : 3000);
}

function drop(id: number): void {
  setToasts((all) => all.filter((one) => one.id !== id));
}

export function Toasts() {
  return (
    <div class="toasts" role="status">
      <For each={toasts()}>
        {(one) => (
          <p classList={{ bad: one.bad }}>
            {one.text}
            <Show when={one.undo}>{(undo) => <button type="button" onClick={() => { drop(one.id); undo().act(); }}>{undo().text}</button>}</Show>
          </p>
        )}
      </For>
    </div>
  );
}
