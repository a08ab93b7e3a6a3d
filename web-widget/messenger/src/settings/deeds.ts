/** What the tables of the settings do with one row or many, and how it is told and undone. */
import { problemText, t } from "../i18n.ts";
import { toast } from "../ui/toast.tsx";

/** One after the other; the first trouble ends it and is told. `true`: all were done. */
export async function each<Row>(rows: readonly Row[], work: (row: Row) => Promise<unknown>): Promise<boolean> {
  try {
    for (const row of rows) await work(row);
    return true;
  } catch (error) {
    toast(problemText(error), true);
    return false;
  }
}

/** Says that it was done, with the word that undoes it. */
export function told(text: string, undo: () => void): void {
  toast(text, false, { text: t("did.undo"), act: undo });
}
