/** Who else looks at a conversation now. Each says so again and again while it does; who falls silent is gone. */
import { createSignal } from "solid-js";
import type { Author } from "@kommutator/shared/generated/protocol.ts";
import type { Viewing } from "@kommutator/shared/socket/client.ts";

const AGAIN_MS = 20_000;
const GONE_MS = 45_000;

export function createLookers(me: () => string, say: (frame: object) => void) {
  const [all, setAll] = createSignal<ReadonlyMap<string, readonly Author[]>>(new Map());
  const ends = new Map<string, ReturnType<typeof setTimeout>>();
  let shown: string | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;

  const leave = (conversation: string, who: string) =>
    setAll((map) => new Map(map).set(conversation, (map.get(conversation) ?? []).filter((one) => one.id !== who)));
  const told = (asks: boolean) => {
    if (shown !== null && document.visibilityState === "visible") say({ type: "viewing", conversation: shown, on: true, asks });
  };
  // Who turns to another window, or leaves, looks no more: a push may reach them at once.
  const turned = () => {
    if (shown === null) return;
    if (document.visibilityState === "visible") told(false);
    else say({ type: "viewing", conversation: shown, on: false });
  };
  const left = () => { if (shown !== null) say({ type: "viewing", conversation: shown, on: false }); };
  document.addEventListener("visibilitychange", turned);
  window.addEventListener("pagehide", left);
  return {
    of: (conversation: string): readonly Author[] => all().get(conversation) ?? [],
    heard(frame: Viewing): void {
      if (frame.who.id === me()) return;
      const key = `${frame.conversation} ${frame.who.id}`;
      clearTimeout(ends.get(key));
      leave(frame.conversation, frame.who.id);
      if (!frame.on) return;
      setAll((map) => new Map(map).set(frame.conversation, [...(map.get(frame.conversation) ?? []), frame.who]));
      ends.set(key, setTimeout(() => leave(frame.conversation, frame.who.id), GONE_MS));
      if (frame.asks && shown === frame.conversation) told(false);
    },
    /** This page shows a conversation from now on, or none. */
    show(conversation: string | null): void {
      if (shown !== null && shown !== conversation) say({ type: "viewing", conversation: shown, on: false });
      shown = conversation;
      clearInterval(timer);
      if (conversation !== null) {
        told(true);
        timer = setInterval(() => told(false), AGAIN_MS);
      }
    },
    shown: () => shown,
    /** The link is back: who is there is asked anew. */
    again: () => told(true),
    end(): void {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", turned);
      window.removeEventListener("pagehide", left);
    },
  };
}
