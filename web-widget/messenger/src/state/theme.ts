import { createSignal } from "solid-js";

export type Theme = "auto" | "light" | "dark";
const STORE = "kommutator.theme";
const stored = localStorage.getItem(STORE);
const [theme, change] = createSignal<Theme>(stored === "light" || stored === "dark" ? stored : "auto");
export { theme };

function show(next: Theme): void {
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}

export function setTheme(next: Theme): void {
  localStorage.setItem(STORE, next);
  show(next);
  change(next);
}

show(theme());
