/** What is looked for in one conversation: pages of it, newest first, and the one that is shown now. */
import { createMemo, createSignal, onCleanup } from "solid-js";
import { api } from "../api.ts";
import type { Target } from "./context.ts";

const PAUSE_MS = 250;

export function createFind(conversation: string, goTo: (target: Target) => void) {
  const [open, setOpen] = createSignal(false);
  const [words, setWords] = createSignal("");
  const [ids, setIds] = createSignal<readonly string[] | null>(null);
  const [at, setAt] = createSignal(0);
  const [next, setNext] = createSignal<string | null>(null);
  const [complete, setComplete] = createSignal(true);
  /** What was meant, if it was typed in the other keyboard layout. */
  const [readAs, setReadAs] = createSignal<string | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  const found = createMemo(() => new Set(open() ? ids() : []));
  let abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => { clearTimeout(timer); abort.abort(); });

  const ask = async (cursor: string | null): Promise<boolean> => {
    abort.abort();
    const mine = (abort = new AbortController());
    try {
      const page = await api.search(words().trim(), cursor, mine.signal, conversation);
      if (mine.signal.aborted) return false;
      const came = page.items.map((one) => one.message.id);
      setIds((before) => (cursor === null ? came : [...(before ?? []), ...came]));
      setNext(page.next);
      setComplete(page.complete);
      setReadAs(page.read_as ?? null);
      setError(null);
      return true;
    } catch (problem) {
      if (!mine.signal.aborted) setError(problem);
      return false;
    }
  };
  const show = (index: number) => {
    setAt(index);
    const id = ids()?.[index];
    if (id) goTo({ id });
  };
  const look = async () => {
    if (words().trim() && (await ask(null))) show(0);
  };
  return {
    open,
    words,
    at,
    error,
    complete,
    readAs,
    count: () => ids()?.length ?? null,
    more: () => next() !== null,
    start: () => setOpen(true),
    end: () => setOpen(false),
    /** The words that are marked in a message, if it was found. */
    marksOf: (id: string) => (found().has(id) ? (readAs() ?? words()) : ""),
    current: () => (open() ? (ids()?.[at()] ?? null) : null),
    type(text: string): void {
      setWords(text);
      clearTimeout(timer);
      abort.abort();
      if (text.trim()) timer = setTimeout(() => void look(), PAUSE_MS);
      else setIds(null);
    },
    look,
    /** Up to older ones, down to newer ones; round at both ends. */
    async step(by: 1 | -1): Promise<void> {
      const have = ids()?.length ?? 0;
      if (have === 0) return look();
      let to = at() + by;
      const cursor = next();
      if (to >= have && cursor !== null) {
        if (!(await ask(cursor))) return;
        to = Math.min(to, (ids()?.length ?? 1) - 1);
      }
      const all = ids()?.length ?? 1;
      show((to + all) % all);
    },
  };
}

export type Find = ReturnType<typeof createFind>;
