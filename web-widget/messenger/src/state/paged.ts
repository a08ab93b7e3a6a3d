/** A list that is read page by page, to the end if somebody wants it. */
import { createSignal } from "solid-js";
import type { Page } from "../types.ts";

export function createPaged<Item extends { id: string }, Of extends Page<Item> = Page<Item>>(load: (cursor: string | null) => Promise<Of>) {
  const [items, setItems] = createSignal<Item[] | null>(null);
  const [next, setNext] = createSignal<string | null>(null);
  /** What the first page says beside its rows. */
  const [first, setFirst] = createSignal<Of | null>(null, { equals: false });
  const [error, setError] = createSignal<unknown>(null);
  /** An answer to what was asked before the filters changed is of no use. */
  let turn = 0;
  const ask = async (cursor: string | null) => {
    const mine = cursor === null ? (turn += 1) : turn;
    try {
      const page = await load(cursor);
      if (mine !== turn) return;
      setItems((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
      setNext(page.next);
      if (cursor === null) setFirst(() => page);
      setError(null);
    } catch (problem) {
      if (mine === turn) setError(problem);
    }
  };
  const again = () => void ask(null);
  /** Other rows are wanted: those that stand there are gone at once. */
  const anew = () => {
    setItems(null);
    setNext(null);
    again();
  };
  /** One row changed. */
  const put = (item: Item) => setItems((all) => all?.map((one) => (one.id === item.id ? item : one)) ?? null);
  again();
  return { value: () => items() ?? undefined, error, again, anew, loading: () => items() === null, first, next, put, more: () => ask(next()) };
}
