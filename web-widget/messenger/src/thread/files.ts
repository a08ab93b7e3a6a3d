/** The files of the message that is being written: their order, whether pictures go as they are, and what the channel will make of it all. */
import { createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { isPicture } from "@kommutator/shared/messages.ts";
import { createUploads } from "@kommutator/shared/uploads.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { draftFiles, saveDraftFiles } from "../state/drafts.ts";
import type { Outlook } from "../types.ts";
import { toast } from "../ui/toast.tsx";
import { useThread } from "./context.ts";

const PAUSE_MS = 400;

/** How many messages it goes as, and how many of its files become links. Pure. */
export function foresee(outlook: Outlook, files: readonly string[]): { pieces: number; links: number } {
  const carried = new Set(outlook.pieces.flatMap((piece) => piece.files));
  return { pieces: outlook.pieces.length, links: files.filter((file) => !carried.has(file)).length };
}

/** `long`: whether the text may be more than one message takes. */
export function createFiles(text: () => string, long: () => boolean) {
  const { id, conversation, note } = useThread();
  const [asFiles, setAsFiles] = createSignal(false);
  const [outlook, setOutlook] = createSignal<{ pieces: number; links: number } | null>(null);
  const can = () => conversation()?.can;
  const limits = () => ({ most: can()?.file_bytes ?? 0, files: can()?.files ?? 0 });
  const uploads = createUploads(api.uploadUrl, () => undefined, limits);
  const done = () => uploads.list().flatMap((one) => (one.done ? [one.done] : []));
  const ids = createMemo(() => done().map((file) => file.id).join(" "));
  const pictures = () => uploads.list().some((one) => isPicture({ media_type: one.file.type }));
  // What was begun here, or on another device; the conversation's channel says how many there may be.
  createEffect(on(() => limits().files > 0, (known) => { if (known && uploads.list().length === 0) uploads.bring(draftFiles(id), (file) => Promise.resolve(file)); }));
  createEffect(on(ids, () => { if (!uploads.busy()) saveDraftFiles(id, done()); }, { defer: true }));
  onCleanup(() => uploads.list().forEach((one) => uploads.remove(one)));

  createEffect(on([ids, asFiles, note, () => (ids() || long() ? text().trim() : "")], ([files, as, isNote, words]) => {
    if (isNote || (!files && !words)) {
      setOutlook(null);
      return;
    }
    const attachments = files.split(" ").filter(Boolean);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      // Without an answer nothing is foretold; sending says it all the same.
      api.outlook(id, { text: words, attachments, as_files: as }, abort.signal).then((told) => { if (!abort.signal.aborted) setOutlook(foresee(told, attachments)); }, () => { if (!abort.signal.aborted) setOutlook(null); });
    }, PAUSE_MS);
    onCleanup(() => { clearTimeout(timer); abort.abort(); });
  }));

  return {
    uploads,
    limits,
    outlook,
    pictures,
    asFiles: () => asFiles() && pictures(),
    setAsFiles,
    /** Copies of a canned reply's files: they stay when the reply goes. */
    insert(files: readonly AttachmentView[]): void {
      if (files.length > 0 && limits().files === 0) toast(t("canned.noFiles"), true);
      else uploads.bring(files, (file) => api.copyFile(file.id));
    },
    /** What goes, as it will look. */
    ready: (): AttachmentView[] => done().map((file) => (asFiles() && isPicture(file) ? { ...file, as_file: true } : file)),
    sent(): void {
      uploads.take();
      setAsFiles(false);
    },
  };
}

export type Files = ReturnType<typeof createFiles>;
