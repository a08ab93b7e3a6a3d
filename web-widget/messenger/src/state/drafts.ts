/** What was begun and not sent, per conversation: at once on this device, a moment later for the manager's others. The newer words count. */
import { createSignal } from "solid-js";
import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";

type Draft = { text: string; files: AttachmentView[]; at: number };
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
    return typeof one.text === "string" ? { text: one.text, files: one.files ?? [], at: Number(one.at) || 0 } : null;
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

/** The files that were to go with it. */
export function draftFiles(conversation: string): AttachmentView[] {
  return stored(conversation)?.files ?? [];
}

export function saveDraft(conversation: string, text: string): void {
  const before = stored(conversation);
  if (text !== (before?.text ?? "")) keep(conversation, text, before?.files ?? []);
}

export function saveDraftFiles(conversation: string, files: AttachmentView[]): void {
  const before = stored(conversation);
  const names = (all: AttachmentView[]) => all.map((file) => file.id).join(" ");
  if (names(files) !== names(before?.files ?? [])) keep(conversation, before?.text ?? "", files);
}

function keep(conversation: string, text: string, files: AttachmentView[]): void {
  store(conversation, { text, files, at: Date.now() });
  clearTimeout(timers.get(conversation));
  timers.set(conversation, setTimeout(() => {
    timers.delete(conversation);
    const send = () => api.keepDraft(conversation, { text, reply_to: null, note: false, attachments: files.map((file) => file.id) }).catch(() => undefined); // It is kept here; the next word tries again.
    lines.set(conversation, (lines.get(conversation) ?? Promise.resolve()).then(send));
  }, text || files.length > 0 ? PAUSE_MS : 0));
}

/** What this manager began elsewhere. */
export async function loadDrafts(): Promise<void> {
  const page = await api.drafts();
  const there = new Map(page.items.map((one) => [one.conversation, one]));
  for (const [conversation, one] of there) {
    const at = Date.parse(one.at);
    if ((stored(conversation)?.at ?? 0) < at && !timers.has(conversation)) store(conversation, { text: one.text, files: one.attachments, at });
  }
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(prefix)) continue;
    const conversation = name.slice(prefix.length);
    if (!there.has(conversation) && !timers.has(conversation)) localStorage.removeItem(name);
  }
  setChanges((n) => n + 1);
}
