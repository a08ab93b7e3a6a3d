/** All conversations seen so far and the lists over them. The server pages; the socket keeps them fresh. */
import { createSignal } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import type { Counters, Page, View } from "../types.ts";
import { OrderedIds } from "./ordered.ts";

export type ListState = "new" | "loading" | "ready" | "failed";
type List = { ids: OrderedIds; next: string | null; floor: string; state: ListState; round: number; touched: Set<string> };

export type Source = {
  conversations(view: View, cursor: string | null): Promise<Page<ConversationView>>;
  counters(): Promise<Counters>;
};

export function fits(view: View, conversation: ConversationView): boolean {
  switch (view) {
    case "all":
      return conversation.status === "open";
    case "closed":
      return conversation.status === "closed";
    case "unread":
      return conversation.unread > 0;
    case "unanswered":
      return conversation.unanswered_since !== undefined && conversation.status === "open";
  }
}

/** What the counters depend on. */
function mark(one: ConversationView | undefined): string {
  return one ? `${one.status} ${one.unread > 0} ${one.unanswered_since !== undefined}` : "";
}

export function createConversations(source: Source, later: (act: () => void) => void) {
  const known = new Map<string, ConversationView>();
  const lists = new Map<View, List>();
  const [tick, setTick] = createSignal(0);
  const [counters, setCounters] = createSignal<Counters | null>(null);
  let kept: string | null = null;
  let counting = false;
  const touch = () => setTick((n) => n + 1);

  const listOf = (view: View): List => {
    let list = lists.get(view);
    if (!list) lists.set(view, (list = { ids: new OrderedIds(), next: null, floor: "", state: "new", round: 0, touched: new Set() }));
    return list;
  };

  /** A conversation below what was loaded stays out until its page comes: else a hole would lie above it. */
  const place = (view: View, list: List, one: ConversationView) => {
    const inside = list.next === null || one.active_at >= list.floor;
    if ((fits(view, one) || (one.id === kept && list.ids.has(one.id))) && inside) list.ids.set(one.id, one.active_at);
    else list.ids.delete(one.id);
  };

  const recount = () => {
    if (counting) return;
    counting = true;
    later(() => {
      counting = false;
      source.counters().then(setCounters, () => undefined);
    });
  };

  /** Of two views the greater version is newer; an equal one says the same. */
  const take = (one: ConversationView): boolean => {
    const have = known.get(one.id);
    if (have && have.version > one.version) return false;
    known.set(one.id, one);
    for (const [view, list] of lists) {
      if (list.state === "new") continue;
      place(view, list, one);
      // What came while a page was on its way may be newer than the page.
      if (list.state === "loading") list.touched.add(one.id);
    }
    if (mark(have) !== mark(one)) recount();
    return true;
  };

  const fetchPage = async (view: View, first: boolean) => {
    const list = listOf(view);
    if (list.state === "loading" && !first) return;
    const round = (list.round += 1);
    list.state = "loading";
    list.touched.clear();
    touch();
    try {
      const page = await source.conversations(view, first ? null : list.next);
      if (round !== list.round) return;
      if (first) list.ids.clear();
      list.next = page.next;
      list.floor = page.items.at(-1)?.active_at ?? "";
      list.state = "ready";
      const touched = [...list.touched];
      for (const one of page.items) take(one);
      for (const id of [...page.items.map((one) => one.id), ...touched]) {
        const newest = known.get(id);
        if (newest) place(view, list, newest);
      }
    } catch {
      if (round === list.round) list.state = "failed";
    }
    touch();
  };

  return {
    counters,
    recount,
    get(id: string): ConversationView | undefined {
      tick();
      return known.get(id);
    },
    list(view: View) {
      tick();
      const { ids, state, next } = listOf(view);
      return { length: ids.length, at: (index: number) => ids.at(index), indexOf: (id: string) => ids.indexOf(id), state, more: next !== null };
    },
    upsert(one: ConversationView): void {
      if (take(one)) touch();
    },
    open: (view: View) => (listOf(view).state === "new" ? fetchPage(view, true) : Promise.resolve()),
    more: (view: View) => (listOf(view).next !== null ? fetchPage(view, false) : Promise.resolve()),
    retry: (view: View) => fetchPage(view, listOf(view).ids.length === 0),
    /** The conversation on screen stays in its list though it no longer fits. */
    keep(id: string | null): void {
      const before = kept ? known.get(kept) : undefined;
      kept = id;
      if (!before) return;
      for (const [view, list] of lists) place(view, list, before);
      touch();
    },
    /** What is shown may have holes: everything is asked for anew, the list on screen first. */
    async reload(view: View): Promise<void> {
      for (const [other, list] of lists) if (other !== view) list.state = "new";
      recount();
      await fetchPage(view, true);
    },
  };
}

export type Conversations = ReturnType<typeof createConversations>;
