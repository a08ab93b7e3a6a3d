/** What was begun and not sent, per conversation: at once on this device, a moment later for the manager's others. The newer words count. */
import { createSignal } from "solid-js";
import { api } from "../api.ts";

type Draft = { text: string; at: number };
const prefix = "kommutator.draft.";
const key = (conversation: string) => prefix + conversation;
const PAUSE_MS = 1_500;
const [changes, setChanges] = createSignal(0);
/** What is kept of one conversation goes out one after the other: an older word must not overtake a newer. */
const lines = new Map<string, Promise<unknown>>();
const timers = new Map<string, ReturnType<typeof setTimeout>>();

function stored(conversation: string): Draft | null {
  const raw = localStorage.getItem(key(conversation));
  if (!raw) return null;
  try {
    const one = JSON.parse(raw) as Partial<Draft>;
    return typeof one.text === "string" ? { text: one.text, at: Number(one.at) || 0 } : null;
  } catch {
    return null;
  }
}

function store(conversation: string, draft: Draft): void {
  try {
    // Empty words stay for a while: they say that an older draft of another device was sent.
    localStorage.setItem(key(conversation), JSON.stringify(draft));
  } catch {
    return; // A full storage costs the draft on reload, nothing else.
  }
  setChanges((n) => n + 1);
}

export function draftOf(conversation: string): string {
  changes();
  return stored(conversation)?.text ?? "";
}

export function saveDraft(conversation: string, text: string): void {
  if (text === (stored(conversation)?.text ?? "")) return;
  store(conversation, { text, at: Date.now() });
  clearTimeout(timers.get(conversation));
  timers.set(conversation, setTimeout(() => {
    timers.delete(conversation);
    const keep = () => api.keepDraft(conversation, { text, reply_to: null, note: false }).catch(() => undefined); // It is kept here; the next word tries again.
    lines.set(conversation, (lines.get(conversation) ?? Promise.resolve()).then(keep));
  }, text ? PAUSE_MS : 0));
}

/** What this manager began elsewhere. */
export async function loadDrafts(): Promise<void> {
  const page = await api.drafts();
  const there = new Map(page.items.map((one) => [one.conversation, one]));
  for (const [conversation, one] of there) {
    const at = Date.parse(one.at);
    if ((stored(conversation)?.at ?? 0) < at && !timers.has(conversation)) store(conversation, { text: one.text, at });
  }
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(prefix)) continue;
    const conversation = name.slice(prefix.length);
    if (!there.has(conversation) && !timers.has(conversation)) localStorage.removeItem(name);
  }
  setChanges((n) => n + 1);
}
