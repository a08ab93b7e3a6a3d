/**
 * Deletions that can be undone. What is deleted is gone from this page at once and from the server when the word that undoes it goes:
 * until then nothing has happened. Whoever leaves the page, or logs out, has not undone it: then it is done at once.
 */
import { createSignal } from "solid-js";
import { problemText, t } from "../i18n.ts";
import { toast } from "../ui/toast.tsx";

const [hidden, setHidden] = createSignal<ReadonlySet<string>>(new Set());
const waiting = new Set<() => Promise<void>>();

const hide = (ids: readonly string[], on: boolean) => setHidden((before) => {
  const next = new Set(before);
  for (const id of ids) if (on) next.add(id); else next.delete(id);
  return next;
});

/** The rows that are not on their way out. */
export const left = <Row extends { id: string }>(rows: readonly Row[]): readonly Row[] => rows.filter((one) => !hidden().has(one.id));

const NAMED = 3;
/** What is called by name where much is deleted at once. */
export const named = (names: readonly string[]) => names.slice(0, NAMED).join(", ") + (names.length > NAMED ? "…" : "");

/** Deletes rows, and says so with the word that undoes it. */
export function removeLater<Row extends { id: string }>(rows: readonly Row[], text: string, remove: (row: Row) => Promise<unknown>): void {
  const ids = rows.map((one) => one.id);
  hide(ids, true);
  const act = async () => {
    if (!waiting.delete(act)) return;
    // All at once: a page that is closed makes no second call.
    const done = await Promise.allSettled(rows.map((one) => remove(one)));
    done.forEach((one, at) => {
      if (one.status === "rejected") {
        hide([ids[at] ?? ""], false);
        toast(problemText(one.reason), true);
      }
    });
  };
  waiting.add(act);
  toast(text, false, {
    text: t("did.undo"),
    act() {
      waiting.delete(act);
      hide(ids, false);
    },
    past: () => void act(),
  });
}

/** Does what waits to be done. */
export const settleRemovals = async () => {
  await Promise.all([...waiting].map((act) => act()));
};

window.addEventListener("pagehide", () => void settleRemovals());
