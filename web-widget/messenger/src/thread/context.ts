/** What the parts of one open conversation share. */
import { createContext, useContext } from "solid-js";
import type { AttachmentView, ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import type { Thread } from "../state/thread.ts";

export type Pictures = { files: AttachmentView[]; index: number };

export type ThreadParts = {
  id: string;
  conversation: () => ConversationView | undefined;
  thread: Thread;
  note: () => boolean;
  setNote: (on: boolean) => void;
  reply: () => MessageView | null;
  setReply: (message: MessageView | null) => void;
  /** The message of ours whose words are being changed. */
  editing: () => MessageView | null;
  setEditing: (message: MessageView | null) => void;
  unread: () => number | null;
  wanted: () => string | null;
  show: (pictures: Pictures) => void;
};

export const ThreadContext = createContext<ThreadParts>();

export function useThread(): ThreadParts {
  const parts = useContext(ThreadContext);
  if (!parts) throw new Error("outside a conversation");
  return parts;
}
