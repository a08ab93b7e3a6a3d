/** The messages of one conversation that are on screen: one stretch of its log without holes, moved in both directions. */
import { createSignal } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { mergeMessages } from "@kommutator/shared/messages.ts";
import type { Page } from "../types.ts";

export type ThreadState = "loading" | "ready" | "failed";
export type MessagesSource = (ask: { limit: number; before?: string; after?: string; around?: string }) => Promise<Page<MessageView>>;

export const PAGE = 50;
/** More than this is not kept in the page: the far end is let go and loaded again when it is wanted. */
export const MOST = 400;

export function createThread(source: MessagesSource) {
  const [messages, setMessages] = createSignal<MessageView[]>([]);
  const [state, setState] = createSignal<ThreadState>("loading");
  const [older, setOlder] = createSignal<string | null>(null);
  /** Whether the newest message of the conversation is in the stretch. */
  const [atEnd, setAtEnd] = createSignal(true);
  /** New ones that came while another stretch was shown. */
  const [missed, setMissed] = createSignal(0);
  let busy = false;
  let round = 0;
  /** What came while a page was on its way. */
  let meanwhile: MessageView[] = [];

  const load = async (around?: string): Promise<boolean> => {
    const mine = (round += 1);
    busy = true;
    meanwhile = [];
    // Who jumps waits for the place; who reloads keeps reading.
    if (around !== undefined || !atEnd() || messages().length === 0) setState("loading");
    try {
      const page = await source(around ? { limit: PAGE, around } : { limit: PAGE });
      if (mine !== round) return false;
      const fresh = around ? page.items : [...page.items, ...meanwhile];
      const joined = around === undefined && atEnd() && (page.items[0]?.id ?? "~") <= (messages().at(-1)?.id ?? "");
      setMessages(mergeMessages(joined ? messages() : [], fresh));
      if (!joined) setOlder(page.next);
      setAtEnd(around === undefined);
      setMissed(0);
      setState("ready");
      return true;
    } catch {
      if (mine === round) setState("failed");
      return false;
    } finally {
      if (mine === round) busy = false;
    }
  };

  const page = async (ask: { before?: string; after?: string }, done: (page: Page<MessageView>) => void) => {
    if (busy) return;
    busy = true;
    const mine = round;
    try {
      const came = await source({ limit: PAGE, ...ask });
      if (mine === round) done(came);
    } catch {
      // The stretch stays as it is; scrolling on asks again.
    } finally {
      if (mine === round) busy = false;
    }
  };

  return {
    messages,
    state,
    older,
    atEnd,
    missed,
    load,
    loadOlder: () => {
      const before = older();
      if (before === null) return Promise.resolve();
      return page({ before }, (came) => {
        const all = mergeMessages(messages(), came.items);
        if (all.length > MOST) setAtEnd(false);
        setMessages(all.slice(0, MOST));
        setOlder(came.next);
      });
    },
    loadNewer: () => {
      const last = messages().at(-1);
      if (atEnd() || !last) return Promise.resolve();
      return page({ after: last.id }, (came) => {
        const all = mergeMessages(messages(), came.items);
        const kept = all.slice(-MOST);
        if (kept.length < all.length) setOlder(kept[0]?.id ?? null);
        setMessages(kept);
        if (came.items.length < PAGE) {
          setAtEnd(true);
          setMissed(0);
        }
      });
    },
    /** A message of the socket or an answer to ours. */
    take(message: MessageView, isNew: boolean): void {
      if (busy) meanwhile.push(message);
      const known = messages().some((one) => one.id === message.id);
      if (known || (atEnd() && state() === "ready" && (isNew || message.id > (messages().at(-1)?.id ?? "")))) setMessages((all) => mergeMessages(all, [message]));
      else if (isNew && !atEnd()) setMissed((n) => n + 1);
    },
  };
}

export type Thread = ReturnType<typeof createThread>;
