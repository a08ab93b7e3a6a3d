/** All conversations seen lately and the lists over them. The server pages and is right; the socket keeps what is loaded fresh. */
import { createSignal } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import type { Counters, Page } from "../types.ts";
import { EVERYTHING, fits, isFalling, keyOf, type Query, rankOf } from "./query.ts";
import { SparseIds } from "./sparse.ts";

export type ListState = "new" | "loading" | "ready" | "failed";
type List = { query: Query; ids: SparseIds; state: ListState; round: number; next: string | null; seen: number; stale: boolean; asked: Set<number>; touched: Set<string> };

export type Source = {
  conversations(query: Query, place: { cursor?: string | null; skip?: number }): Promise<Page<ConversationView>>;
  counters(): Promise<Counters>;
};

export const PAGE = 50;
/** So many rows around the one on screen stay loaded; others are let go and asked for again. */
const KEEP = 400;
/** So many conversations are remembered beyond those. */
const MOST = 3_000;

/** What the counters depend on. */
function mark(one: ConversationView | undefined): string {
  return one ? `${one.status} ${one.unread > 0 || one.marked_unread} ${one.unanswered_since !== undefined} ${one.assignee} ${one.snoozed_until !== undefined}` : "";
}

export function createConversations(source: Source, me: () => string, later: (act: () => void) => void) {
  const known = new Map<string, ConversationView>();
  const lists = new Map<string, List>();
  const [tick, setTick] = createSignal(0);
  const [counters, setCounters] = createSignal<Counters | null>(null);
  let kept: string | null = null;
  let counting = false;
  let mending = false;
  let held: Set<string> | null = null;
  let current = EVERYTHING;
  const touch = () => setTick((n) => n + 1);

  const listOf = (query: Query): List => {
    const key = keyOf(query);
    let list = lists.get(key);
    if (!list) lists.set(key, (list = { query, ids: new SparseIds(isFalling(query)), state: "new", round: 0, next: null, seen: 0, stale: false, asked: new Set(), touched: new Set() }));
    return list;
  };
  const shows = (list: List, one: ConversationView | undefined) => one !== undefined && fits(list.query, one, me());

  /** `before`: as it was known until now. What cannot be placed by what is loaded is asked for anew, a moment later. */
  const place = (list: List, one: ConversationView, before: ConversationView | undefined) => {
    const stays = shows(list, one) || (one.id === kept && list.ids.has(one.id));
    // Who was never seen and has just begun was in no list.
    const wasInside = before ? shows(list, before) : shows(list, one) && one.created_at !== one.active_at;
    if (list.query.view === "closed") {
      // Pages of closed ones come one after the other: below the last one lies what was not asked for.
      if (stays && (list.next === null || one.active_at >= (known.get(list.ids.at(list.ids.length - 1) ?? "")?.active_at ?? ""))) list.ids.put(one.id, one.active_at, false);
      else list.ids.drop(one.id, false);
      return;
    }
    const placed = stays ? list.ids.put(one.id, rankOf(list.query, one), wasInside) : list.ids.drop(one.id, wasInside);
    if (!placed) mend(list);
  };

  const mend = (list: List) => {
    list.stale = true;
    if (mending) return;
    mending = true;
    later(() => {
      mending = false;
      const shown = listOf(current);
      if (shown.stale) void fetchAt(shown, Math.max(0, shown.seen - PAGE / 2));
    });
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
  const take = (one: ConversationView, placed = true): boolean => {
    const before = known.get(one.id);
    if (before && before.version > one.version) return false;
    known.set(one.id, one);
    for (const list of lists.values()) {
      if (list.state === "new") continue;
      if (list.state === "loading") list.touched.add(one.id);
      if (!placed) continue;
      if (held && list === listOf(current) && list.ids.has(one.id)) held.add(one.id);
      else place(list, one, before);
    }
    if (mark(before) !== mark(one)) recount();
    return true;
  };

  const forget = () => {
    if (known.size <= MOST) return;
    for (const id of known.keys()) {
      if (id === kept || [...lists.values()].some((list) => list.ids.has(id))) continue;
      known.delete(id);
      if (known.size <= MOST / 2) return;
    }
  };

  /** One page by its place, or the next page of closed ones. */
  const fetchAt = async (list: List, from: number, anew = false) => {
    const sequential = list.query.view === "closed";
    const round = anew ? (list.round += 1) : list.round;
    if (list.asked.has(from) && !anew) return;
    list.asked.add(from);
    if (anew || list.state === "failed") list.state = "loading";
    list.touched.clear();
    touch();
    try {
      const page = await source.conversations(list.query, sequential ? { cursor: from === 0 ? null : list.next } : { skip: from });
      if (round !== list.round) return;
      const touched = [...list.touched];
      for (const one of page.items) take(one, false);
      const ranked = page.items.map((one) => known.get(one.id) ?? one).filter((one) => shows(list, one) || one.id === kept).map((one) => ({ id: one.id, rank: rankOf(list.query, one) }));
      if (anew) list.ids.clear();
      const gone = page.items.length - ranked.length;
      const total = sequential ? from + ranked.length : Math.max((page.total ?? 0) - gone, from + ranked.length);
      list.ids.fill(from, ranked, total);
      list.next = page.next;
      list.state = "ready";
      list.stale = false;
      for (const id of touched) {
        const newest = known.get(id);
        if (newest) place(list, newest, newest);
      }
      list.ids.prune(list.seen, KEEP);
      forget();
    } catch {
      if (round === list.round) list.state = "failed";
    }
    list.asked.delete(from);
    touch();
  };

  return {
    counters,
    recount,
    get(id: string): ConversationView | undefined {
      tick();
      return known.get(id);
    },
    /** What is remembered, latest first. */
    known(): ConversationView[] {
      tick();
      return [...known.values()].sort((a, b) => (a.active_at < b.active_at ? 1 : -1));
    },
    list(query: Query) {
      tick();
      const { ids, state, next } = listOf(query);
      return { length: ids.length, at: (index: number) => ids.at(index), indexOf: (id: string) => ids.indexOf(id), state, more: query.view === "closed" && next !== null };
    },
    upsert(one: ConversationView): void {
      if (take(one)) touch();
    },
    /** What is on screen now: from here to there. What is missing is fetched. */
    look(query: Query, first: number, last: number): void {
      current = query;
      const list = listOf(query);
      list.seen = first;
      if (list.state === "new") return void fetchAt(list, 0, true);
      if (list.state !== "ready") return;
      if (query.view === "closed") {
        if (list.next !== null && last >= list.ids.length - 20) void fetchAt(list, list.ids.length);
        return;
      }
      for (let index = first; index <= Math.min(last, list.ids.length - 1); index += 1) {
        if (list.ids.at(index) === undefined) return void fetchAt(list, Math.max(0, index - 10));
      }
    },
    retry: (query: Query) => fetchAt(listOf(query), 0, true),
    /** The conversation on screen stays in its list though it no longer fits. */
    keep(id: string | null): void {
      const before = kept ? known.get(kept) : undefined;
      kept = id;
      if (!before) return;
      for (const list of lists.values()) if (list.state !== "new") place(list, before, before);
      touch();
    },
    /** While somebody points at the list nothing in it moves. */
    hold(on: boolean): void {
      if (on) held ??= new Set();
      else if (held) {
        const moved = held;
        held = null;
        for (const id of moved) {
          const one = known.get(id);
          if (one) place(listOf(current), one, one);
        }
        if (moved.size > 0) touch();
      }
    },
    /** What is shown may have holes: everything is asked for anew, the list on screen first. */
    async reload(query: Query): Promise<void> {
      for (const list of lists.values()) if (list !== listOf(query)) list.state = "new";
      recount();
      await fetchAt(listOf(query), 0, true);
    },
  };
}

export type Conversations = ReturnType<typeof createConversations>;
