/** A list that is read page by page, to the end if somebody wants it. */
import { createSignal } from "solid-js";
import type { Page } from "../types.ts";

export function createPaged<Item extends { id: string }>(load: (cursor: string | null) => Promise<Page<Item>>) {
  const [items, setItems] = createSignal<Item[] | null>(null);
  const [next, setNext] = createSignal<string | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  const ask = async (cursor: string | null) => {
    try {
      const page = await load(cursor);
      setItems((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
      setNext(page.next);
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  };
  /** One row changed. */
  const put = (item: Item) => setItems((all) => all?.map((one) => (one.id === item.id ? item : one)) ?? null);
  void ask(null);
  return { value: () => items() ?? undefined, error, again: () => void ask(null), loading: () => items() === null, next, put, more: () => void ask(next()) };
}
