/** What the parts of one open conversation share. */
import { createContext, useContext } from "solid-js";
import type { AttachmentView, ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import type { Thread } from "../state/thread.ts";
import type { Find } from "./find.ts";
import type { Picks } from "./picks.ts";

export type Pictures = { files: AttachmentView[]; index: number };
/** Where in the conversation to stand: at a message, at the first one of a moment, or at the end. */
export type Target = { id: string; block?: ScrollLogicalPosition } | { at: string } | { end: true };

export type ThreadParts = {
  id: string;
  conversation: () => ConversationView | undefined;
  thread: Thread;
  /** A message that is spoken of, wherever it stands. */
  message: (id: string) => MessageView | null | undefined;
  note: () => boolean;
  setNote: (on: boolean) => void;
  reply: () => MessageView | null;
  setReply: (message: MessageView | null) => void;
  /** The message of ours whose words are being changed. */
  editing: () => MessageView | null;
  setEditing: (message: MessageView | null) => void;
  unread: () => number | null;
  /** The first message that was unread when the conversation was opened. */
  fresh: () => string | null;
  setFresh: (id: string) => void;
  target: () => Target;
  goTo: (target: Target) => void;
  find: Find;
  picks: Picks;
  /** Asks where to, and sends. */
  forward: (messages: readonly MessageView[]) => void;
  show: (pictures: Pictures) => void;
};

export const ThreadContext = createContext<ThreadParts>();

export function useThread(): ThreadParts {
  const parts = useContext(ThreadContext);
  if (!parts) throw new Error("outside a conversation");
  return parts;
}
