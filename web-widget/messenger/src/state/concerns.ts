import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";

export type Whose = "mine" | "all";

/** Whether a message of a customer is this manager's business. */
export function concerns(wanted: Whose, one: ConversationView | undefined, me: string, muted: boolean): boolean {
  if (muted || one === undefined || one.blocked) return false;
  return wanted === "all" || one.assignee === me || one.assignee === null;
}
