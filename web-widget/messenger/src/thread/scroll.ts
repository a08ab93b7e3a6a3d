/** Where the log stands: it stays at its end when it was there, and holds its place when something grows above. */
import { createEffect, createSignal, onCleanup } from "solid-js";
import type { Thread } from "../state/thread.ts";

const NEAR = 80;
/** So far from the end of what is loaded the next page is asked for: it is there before it is seen. */
const AHEAD = 1800;

/** The author's name above may come and go with the neighbours; what is read must not move. */
const wordsOf = (message: HTMLElement) => message.querySelector<HTMLElement>(".bubble") ?? message;

export function createScroll(box: () => HTMLDivElement | undefined, content: () => HTMLDivElement | undefined, thread: Thread) {
  const [nearEnd, setNearEnd] = createSignal(true);
  /** A message on screen and where it stood. */
  let anchor: { id: string; top: number } | null = null;
  let stick = true;
  /** How large the log and what is in it were when it last stood right. */
  let sizes = "";
  const sizesOf = (log: HTMLElement) => `${log.clientHeight} ${log.scrollHeight}`;

  const find = (id: string) => box()?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`) ?? null;
  const remember = () => {
    const log = box();
    if (!log) return;
    const edge = log.getBoundingClientRect().top;
    const all = log.querySelectorAll<HTMLElement>("[data-message]");
    const topOf = (index: number) => { const one = all[index]; return one ? wordsOf(one).getBoundingClientRect().top - edge : 0; };
    // They stand one below the other, so the first on screen is found by halves.
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (topOf(middle) < 0) low = middle + 1;
      else high = middle;
    }
    const id = all[low]?.dataset.message;
    anchor = id === undefined ? null : { id, top: topOf(low) };
  };

  const moved = () => {
    const log = box();
    if (!log) return;
    sizes = sizesOf(log);
    const left = log.scrollHeight - log.scrollTop - log.clientHeight;
    stick = left < NEAR && thread.atEnd();
    setNearEnd(left < NEAR);
    thread.follow(left < NEAR);
    remember();
    if (log.scrollTop < AHEAD) void thread.loadOlder();
    if (left < AHEAD) void thread.loadNewer();
  };

  const toEnd = (smooth = false) => {
    const log = box();
    stick = true;
    thread.follow(true);
    log?.scrollTo({ top: log.scrollHeight, behavior: smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "instant" });
  };

  /** After the log changed: back to where the reader was. */
  const settle = () => {
    const log = box();
    if (!log) return;
    if (stick) log.scrollTop = log.scrollHeight;
    else if (anchor) {
      const one = find(anchor.id);
      if (one) log.scrollTop += wordsOf(one).getBoundingClientRect().top - log.getBoundingClientRect().top - anchor.top;
    }
    moved();
  };

  /** A scroll that is heard together with a change of size was nobody's wish to leave the end. */
  const scrolled = () => {
    const log = box();
    if (log && stick && sizes !== sizesOf(log)) settle();
    else moved();
  };

  const toMessage = (id: string, block: ScrollLogicalPosition = "center") => {
    const one = find(id);
    if (!one) return false;
    stick = false;
    one.scrollIntoView({ block, behavior: "instant" });
    if (block === "center") {
      one.classList.add("found");
      setTimeout(() => one.classList.remove("found"), 2000);
    }
    moved();
    return true;
  };

  createEffect(() => {
    const watch = new ResizeObserver(() => settle());
    for (const one of [box(), content()]) if (one) watch.observe(one);
    onCleanup(() => watch.disconnect());
  });
  return { nearEnd, scrolled, toEnd, settle, toMessage };
}
