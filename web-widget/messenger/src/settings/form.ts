/** What all forms here do: one save at a time, its error in words, a warning when leaving unsaved. */
import { createSignal, onCleanup } from "solid-js";
import { problemText } from "../i18n.ts";

const [dirty, setDirty] = createSignal(false);
export { dirty, setDirty };

/** `guarded`: the form has unsaved changes to warn of; a page has one such form. */
export function createSubmit(guarded = true) {
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<string | null>(null);
  onCleanup(() => guarded && setDirty(false));
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (busy()) return false;
    setBusy(true);
    setError(null);
    try {
      await work();
      if (guarded) setDirty(false);
      return true;
    } catch (problem) {
      setError(problemText(problem));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}
