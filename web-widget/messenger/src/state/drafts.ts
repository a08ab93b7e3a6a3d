/** What was begun and not sent, per conversation, kept over a reload of the page. */
import { createSignal } from "solid-js";

const key = (conversation: string) => `kommutator.draft.${conversation}`;
const [changes, setChanges] = createSignal(0);

export function draftOf(conversation: string): string {
  changes();
  return localStorage.getItem(key(conversation)) ?? "";
}

export function saveDraft(conversation: string, text: string): void {
  const before = localStorage.getItem(key(conversation)) ?? "";
  if (text === before) return;
  try {
    if (text) localStorage.setItem(key(conversation), text);
    else localStorage.removeItem(key(conversation));
  } catch {
    return; // A full storage costs the draft on reload, nothing else.
  }
  setChanges((n) => n + 1);
}
