/** Messages picked to do one thing with all of them. */
import { createSignal } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { isAlive } from "./rights.ts";

/** More than this is no longer one act. */
export const MOST_PICKED = 100;

export function createPicks(shown: () => readonly MessageView[]) {
  const [all, setAll] = createSignal<ReadonlyMap<string, MessageView> | null>(null);
  let last: string | null = null;
  return {
    on: () => all() !== null,
    has: (id: string) => all()?.has(id) === true,
    count: () => all()?.size ?? 0,
    /** In the order they were written. */
    list: () => [...(all()?.values() ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1)),
    start(message: MessageView): void {
      last = message.id;
      setAll(new Map([[message.id, message]]));
    },
    end: () => setAll(null),
    /** With `range` everything from the one touched before becomes what this one becomes. False: there were too many. */
    toggle(message: MessageView, range = false): boolean {
      const next = new Map(all());
      const pick = !next.has(message.id);
      const from = range ? shown().findIndex((one) => one.id === last) : -1;
      const to = shown().findIndex((one) => one.id === message.id);
      const some = from < 0 || to < 0 ? [message] : shown().slice(Math.min(from, to), Math.max(from, to) + 1);
      for (const one of some) {
        if (!isAlive(one)) continue;
        if (pick) next.set(one.id, one);
        else next.delete(one.id);
      }
      if (next.size > MOST_PICKED) return false;
      last = message.id;
      setAll(next);
      return true;
    },
  };
}

export type Picks = ReturnType<typeof createPicks>;
