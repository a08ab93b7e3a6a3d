import { createSignal, For, Show } from "solid-js";

/** `past`: called once it can be undone no more. */
type Undo = { text: string; act: () => void; past?: () => void };
type Toast = { id: number; text: string; bad: boolean; undo: Undo | undefined };
const [toasts, setToasts] = createSignal<Toast[]>([]);
let next = 0;

/** A short word at the edge of the screen that goes away by itself; what can be undone stays a little longer. */
export function toast(text: string, bad = false, undo?: Undo): void {
  const id = (next += 1);
  const shown = { id, text, bad, undo };
  setToasts((all) => {
    // What is pushed out can be undone no more.
    all.slice(0, -2).forEach((one) => one.undo?.past?.());
    return [...all.slice(-2), shown];
  });
  setTimeout(() => {
    if (drop(id)) undo?.past?.();
  }, bad || undo ? 8000 : 3000);
}

/** Whether it was still there. */
function drop(id: number): boolean {
  const there = toasts().some((one) => one.id === id);
  setToasts((all) => all.filter((one) => one.id !== id));
  return there;
}

export function Toasts() {
  return (
    <div class="toasts" role="status">
      <For each={toasts()}>
        {(one) => (
          <p classList={{ bad: one.bad }}>
            {one.text}
            <Show when={one.undo}>{(undo) => <button type="button" onClick={() => { if (drop(one.id)) undo().act(); }}>{undo().text}</button>}</Show>
          </p>
        )}
      </For>
    </div>
  );
}
