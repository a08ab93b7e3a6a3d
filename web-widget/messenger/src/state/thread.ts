/** The messages of one conversation that are on screen: one stretch of its log without holes, moved in both directions. */
import { createSignal } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { mergeMessages } from "@kommutator/shared/messages.ts";
import type { Page } from "../types.ts";

export type ThreadState = "loading" | "ready" | "failed";
export type MessagesAsk = { limit: number; before?: string; after?: string; around?: string; at?: string };
export type MessagesSource = (ask: MessagesAsk) => Promise<Page<MessageView>>;
/** Around a message, or around the first one of a moment. */
export type Place = { around: string } | { at: string };

export const PAGE = 50;
/**
 * More than this is not kept in the page: the far end is let go and loaded again when it is wanted. Walked up and down through 600 messages,
 * 400 have twice the nodes and a third more work in long tasks; 100 save a quarter of that work and wait for the server at every turn.
 */
export const MOST = 200;
/** The server's greatest page. */
const LARGE = 100;

export function createThread(source: MessagesSource) {
  const [messages, setMessages] = createSignal<MessageView[]>([]);
  const [state, setState] = createSignal<ThreadState>("loading");
  const [older, setOlder] = createSignal<string | null>(null);
  /** Whether the newest message of the conversation is in the stretch. */
  const [atEnd, setAtEnd] = createSignal(true);
  /** New ones that came while the reader was elsewhere. */
  const [missed, setMissed] = createSignal(0);
  const [paging, setPaging] = createSignal(false);
  /** Whether the reader stands at the stretch's end. */
  let following = true;
  let round = 0;
  /** A place is being fetched: the end is no longer wanted. */
  let jumping = false;
  /** What came while a page was on its way. */
  let meanwhile: MessageView[] = [];

  const begin = (): number => {
    setPaging(true);
    meanwhile = [];
    return (round += 1);
  };
  const end = (mine: number) => {
    if (mine !== round) return;
    jumping = false;
    setPaging(false);
  };
  const reachEnd = () => {
    setAtEnd(true);
    if (following) setMissed(0);
  };
  const keepNewest = (all: MessageView[]): MessageView[] => {
    const kept = all.slice(-MOST);
    if (kept.length < all.length) setOlder(kept[0]?.id ?? null);
    return kept;
  };

  const load = async (place?: Place): Promise<boolean> => {
    const mine = begin();
    jumping = place !== undefined;
    // Who jumps waits for the place; who reloads keeps reading.
    if (place !== undefined || !atEnd() || messages().length === 0) setState("loading");
    try {
      const page = await source({ limit: PAGE, ...place });
      if (mine !== round) return false;
      const joined = place === undefined && atEnd() && (page.items[0]?.id ?? "~") <= (messages().at(-1)?.id ?? "");
      if (!joined) setOlder(page.next);
      setMessages(keepNewest(mergeMessages(joined ? messages() : [], place ? page.items : [...page.items, ...meanwhile])));
      setState("ready");
      if (place) setAtEnd(false);
      else reachEnd();
      return true;
    } catch {
      // Who has something to read goes on reading it.
      if (mine === round) setState(messages().length > 0 ? "ready" : "failed");
      return false;
    } finally {
      end(mine);
    }
  };

  const page = async (ask: { before: string } | { after: string }, done: (page: Page<MessageView>) => void) => {
    if (paging()) return;
    const mine = begin();
    try {
      const came = await source({ limit: PAGE, ...ask });
      if (mine === round) done(came);
    } catch {
      // The stretch stays as it is; scrolling on asks again.
    } finally {
      end(mine);
    }
  };

  return {
    messages,
    state,
    older,
    atEnd,
    missed,
    paging,
    load,
    /** There may be holes: what was at the end is fetched anew; what is elsewhere is fetched on the way down. */
    reload: () => (atEnd() && !jumping ? load() : Promise.resolve(false)),
    loadOlder: () => {
      const before = older();
      if (before === null) return Promise.resolve();
      return page({ before }, (came) => {
        const all = mergeMessages(messages(), came.items);
        if (all.length > MOST) setAtEnd(false);
        setOlder(came.next);
        setMessages(all.slice(0, MOST));
      });
    },
    loadNewer: () => {
      const last = messages().at(-1);
      if (atEnd() || !last) return Promise.resolve();
      return page({ after: last.id }, (came) => {
        const whole = came.items.length < PAGE;
        setMessages(keepNewest(mergeMessages(messages(), whole ? [...came.items, ...meanwhile] : came.items)));
        if (whole) reachEnd();
      });
    },
    /** A message of the socket or an answer to ours. */
    take(message: MessageView, isNew: boolean): void {
      if (paging()) meanwhile.push(message);
      const known = messages().some((one) => one.id === message.id);
      const here = atEnd() && state() === "ready";
      if (known) setMessages((all) => mergeMessages(all, [message]));
      else if (here && (isNew || message.id > (messages().at(-1)?.id ?? ""))) {
        // Who reads far above keeps what is read; what is new is loaded on the way down.
        if (following) setMessages((all) => keepNewest(mergeMessages(all, [message])));
        else if (messages().length < MOST) setMessages((all) => mergeMessages(all, [message]));
        else setAtEnd(false);
      }
      if (isNew && !known && !(here && following)) setMissed((n) => n + 1);
    },
    /** Said by who scrolls. */
    follow(on: boolean): void {
      following = on;
      if (on && atEnd()) setMissed(0);
    },
    /** The first of the customer's last `unread` messages, looked for beyond the stretch. */
    async findUnread(unread: number): Promise<string | null> {
      let left = unread;
      let before: string | null = null;
      let found: string | null = null;
      for (let pages = 0; pages < 20 && left > 0; pages += 1) {
        const came: Page<MessageView> = await source({ limit: LARGE, ...(before && { before }) });
        for (const message of came.items.toReversed()) {
          if (message.direction !== "inbound" || left === 0) continue;
          left -= 1;
          found = message.id;
        }
        before = came.next;
        if (before === null) break;
      }
      return found;
    },
  };
}

export type Thread = ReturnType<typeof createThread>;

/** Messages that are spoken of and are not on screen: each is asked for once. `null`: it cannot be had. */
export function createFar(source: MessagesSource) {
  const known = new Map<string, () => MessageView | null | undefined>();
  return (id: string): MessageView | null | undefined => {
    let one = known.get(id);
    if (!one) {
      const [message, setMessage] = createSignal<MessageView | null | undefined>(undefined);
      known.set(id, (one = message));
      source({ limit: 2, around: id }).then(
        (page) => setMessage(page.items.find((message) => message.id === id) ?? null),
        () => setMessage(null),
      );
    }
    return one();
  };
}
