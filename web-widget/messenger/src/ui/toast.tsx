import { createSignal, For } from "solid-js";

type Toast = { id: number; text: string; bad: boolean };
const [toasts, setToasts] = createSignal<Toast[]>([]);
let next = 0;

/** A short word at the edge of the screen that goes away by itself. */
export function toast(text: string, bad = false): void {
  const id = (next += 1);
  setToasts((all) => [...all.slice(-2), { id, text, bad }]);
  setTimeout(() => setToasts((all) => all.filter((one) => one.id !== id)), bad ? 8000 : 3000);
}

export function Toasts() {
  return <div class="toasts" role="status"><For each={toasts()}>{(one) => <p classList={{ bad: one.bad }}>{one.text}</p>}</For></div>;
}
