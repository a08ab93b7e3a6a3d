/** What managers do with conversations, one or many: done at once, told in a word, and undone by the same word while it stands. */
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, refusalText, t } from "../i18n.ts";
import type { BulkDone, Deed } from "../types.ts";
import { toast } from "../ui/toast.tsx";

/** What one request takes. */
const AT_ONCE = 100;

/** What brings a conversation back to what it was. */
function undoing(before: ConversationView, deed: Deed): Deed | null {
  switch (deed.do) {
    case "close":
      return before.status === "open" ? (before.snoozed_until ? { do: "snooze", until: before.snoozed_until } : { do: "reopen" }) : null;
    case "reopen":
      return before.status === "closed" ? { do: "close" } : null;
    case "assign":
      return before.assignee === deed.user ? null : { do: "assign", user: before.assignee };
    case "snooze":
      return before.snoozed_until === (deed.until ?? undefined) ? null : { do: "snooze", until: before.snoozed_until ?? null };
    case "tag":
      return { do: "tag", on: (deed.off ?? []).filter((tag) => before.tags.includes(tag)), off: (deed.on ?? []).filter((tag) => !before.tags.includes(tag)) };
    case "block":
      return before.blocked === deed.blocked ? null : { do: "block", blocked: before.blocked };
    case "read":
      return before.unread > 0 || before.marked_unread ? { do: "unread" } : null;
    case "unread":
      return before.unread > 0 || before.marked_unread ? null : { do: "read" };
  }
}

function told(deed: Deed, n: number): string {
  switch (deed.do) {
    case "close":
      return t("did.closed", { n });
    case "reopen":
      return t("did.reopened", { n });
    case "assign":
      return t(deed.user === null ? "did.dropped" : "did.assigned", { n });
    case "snooze":
      return deed.until === null ? t("did.back", { n }) : t("did.snoozed", { n, time: dateTime(locale(), deed.until) });
    case "tag":
      return t("did.tagged", { n });
    case "block":
      return t(deed.blocked ? "did.blocked" : "did.unblocked", { n });
    case "read":
      return t("did.read", { n });
    case "unread":
      return t("did.unread", { n });
  }
}

export function createDeeds(get: (id: string) => ConversationView | undefined, upsert: (one: ConversationView) => void) {
  const ask = async (ids: readonly string[], deed: Deed): Promise<BulkDone> => {
    const all: BulkDone = { done: [], failed: [] };
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const part = await api.bulk(ids.slice(at, at + AT_ONCE), deed);
      all.done.push(...part.done);
      all.failed.push(...part.failed);
      part.done.forEach(upsert);
    }
    return all;
  };

  /** Several undoings of one kind go together. */
  const undo = async (back: readonly [string, Deed][]) => {
    const groups = new Map<string, { deed: Deed; ids: string[] }>();
    for (const [id, deed] of back) {
      // What was closed while it was put aside is opened first.
      const steps: Deed[] = deed.do === "snooze" && get(id)?.status === "closed" ? [{ do: "reopen" }, deed] : [deed];
      for (const step of steps) {
        const key = JSON.stringify(step);
        const group = groups.get(key) ?? { deed: step, ids: [] };
        group.ids.push(id);
        groups.set(key, group);
      }
    }
    try {
      for (const { deed, ids } of groups.values()) await ask(ids, deed);
    } catch (error) {
      toast(problemText(error), true);
    }
  };

  /** `true`: it was done with all of them. */
  return async function perform(ids: readonly string[], deed: Deed, quiet = false): Promise<boolean> {
    const before = new Map(ids.map((id) => [id, get(id)]));
    try {
      const { done, failed } = await ask(ids, deed);
      const back = done.flatMap((one): [string, Deed][] => {
        const was = before.get(one.id);
        const undoes = was ? undoing(was, deed) : null;
        return undoes ? [[one.id, undoes]] : [];
      });
      const first = failed[0];
      if (first) toast(`${t("did.failed", { n: failed.length })} ${refusalText(first.code)}`, true);
      else if (!quiet) toast(told(deed, done.length), false, back.length > 0 ? { text: t("did.undo"), act: () => void undo(back) } : undefined);
      return failed.length === 0;
    } catch (error) {
      toast(problemText(error), true);
      return false;
    }
  };
}
