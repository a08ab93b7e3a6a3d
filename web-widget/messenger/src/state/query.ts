/** Which conversations a list shows, and in which order: the same rules as the server's. */
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";

export const VIEWS = ["all", "mine", "unassigned", "unanswered", "unread", "snoozed", "closed"] as const;
export type View = (typeof VIEWS)[number];
export type Sort = "latest" | "waiting";
export type Query = { view: View; sort: Sort; channel: string | null; tag: string | null; assignee: string | null };

export const EVERYTHING: Query = { view: "all", sort: "latest", channel: null, tag: null, assignee: null };

export const keyOf = (query: Query): string => [query.view, query.sort, query.channel ?? "", query.tag ?? "", query.assignee ?? ""].join(" ");

export function fits(query: Query, one: ConversationView, me: string): boolean {
  if (query.channel !== null && one.channel !== query.channel) return false;
  if (query.tag !== null && !one.tags.includes(query.tag)) return false;
  if (query.assignee !== null && one.assignee !== query.assignee) return false;
  if ((one.status === "closed") !== (query.view === "closed")) return false;
  if ((one.snoozed_until !== undefined) !== (query.view === "snoozed")) return false;
  switch (query.view) {
    case "unread":
      return one.unread > 0 || one.marked_unread;
    case "unanswered":
      return one.unanswered_since !== undefined;
    case "unassigned":
      return one.assignee === null;
    case "mine":
      return one.assignee === me;
    default:
      return true;
  }
}

/** Who waits for no answer comes last. */
const NOT_WAITING = "~";

export const isFalling = (query: Query): boolean => query.sort === "latest" || query.view === "closed";
export const rankOf = (query: Query, one: ConversationView): string => (isFalling(query) ? one.active_at : (one.unanswered_since ?? NOT_WAITING));
