/** Rows of one height in a box that scrolls: only those in sight and a few around them are drawn, and no change costs more with their number. */
import { createMemo, createSignal, onCleanup, onMount } from "solid-js";

const AROUND = 8;

export function createWindow(box: () => HTMLElement, height: number, count: () => number) {
  const [top, setTop] = createSignal(0);
  const [room, setRoom] = createSignal(0);
  const look = () => {
    setTop(box().scrollTop);
    setRoom(box().clientHeight);
  };
  onMount(() => {
    const size = new ResizeObserver(look);
    size.observe(box());
    box().addEventListener("scroll", look, { passive: true });
    onCleanup(() => size.disconnect());
    look();
  });
  const end = createMemo(() => Math.min(count(), Math.ceil((top() + room()) / height) + AROUND));
  return {
    first: createMemo(() => Math.max(0, Math.min(Math.floor(top() / height) - AROUND, end()))),
    /** The first that is not drawn. */
    end,
    /** Brings a row into sight, no further than it takes. */
    show(index: number): void {
      const { scrollTop, clientHeight } = box();
      const above = index * height;
      if (above < scrollTop) box().scrollTop = above;
      else if (above + height > scrollTop + clientHeight) box().scrollTop = above + height - clientHeight;
    },
  };
}
