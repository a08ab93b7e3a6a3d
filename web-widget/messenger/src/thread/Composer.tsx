import { createEffect, createMemo, createSignal, on, onCleanup, onMount, Show } from "solid-js";
import { createUploads } from "@kommutator/shared/uploads.ts";
import { api } from "../api.ts";
import { reasonText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { draftOf, saveDraft } from "../state/drafts.ts";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { useThread } from "./context.ts";
import { lengthIn } from "./length.ts";
import { Tray } from "./Tray.tsx";

export function Composer() {
  const desk = useDesk();
  const { id, conversation, note, setNote, reply, setReply } = useThread();
  const [text, setText] = createSignal(draftOf(id));
  const [over, setOver] = createSignal(false);
  const can = () => conversation()?.can;
  const limits = () => ({ most: can()?.file_bytes ?? 0, files: can()?.files ?? 0 });
  const uploads = createUploads(api.uploadUrl, () => undefined, limits);
  let area: HTMLTextAreaElement | undefined;
  let input!: HTMLInputElement;

  const length = () => lengthIn(can()?.text_unit ?? "characters", text().trim());
  const tooLong = () => !note() && length() > (can()?.text_limit ?? 0) && text().trim() !== "";
  const ready = () => !uploads.busy() && !tooLong() && (text().trim() !== "" || uploads.list().some((one) => one.done));
  const blocked = createMemo(() => conversation() !== undefined && can()?.send === false && !note());
  const fit = () => {
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  };
  const write = (words: string) => {
    setText(words);
    saveDraft(id, words);
    queueMicrotask(fit);
  };
  const touch = matchMedia("(pointer: coarse)").matches;
  onMount(() => {
    fit();
    // Who came with the mouse wants to write; who walks the list with the keys walks on.
    const from = document.activeElement;
    if (!touch && from?.classList.contains("row") && !from.matches(":focus-visible")) area?.focus();
  });
  createEffect(on([blocked, note, reply], () => queueMicrotask(() => { fit(); if (!touch) area?.focus(); }), { defer: true }));
  onCleanup(() => uploads.list().forEach((one) => uploads.remove(one)));

  const send = () => {
    if (!ready() || blocked()) return;
    const files = uploads.list().flatMap((one) => (one.done ? [one.done] : []));
    const words = text().trim();
    const answered = note() ? null : reply();
    const frame = { conversation: id, ...(words && { text: words }), ...(files.length > 0 && { attachments: files.map((file) => file.id) }), ...(answered && { reply_to: answered.id }), ...(note() && { note: true }) };
    if (!desk.send(frame, files)) {
      toast(t("thread.tooMuch"), true);
      return;
    }
    uploads.take();
    write("");
    setReply(null);
    setNote(false);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") area?.blur();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const takeFiles = (event: Event, files: FileList | undefined) => {
    if (!files?.length || limits().files === 0) return;
    event.preventDefault();
    uploads.add(files);
  };
  const drag = (on: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(on && limits().files > 0);
  };

  return (
    <form class="composer" classList={{ note: note(), over: over() }} onSubmit={(event) => { event.preventDefault(); send(); }}
      onDragOver={drag(true)} onDragLeave={drag(false)} onDrop={(event) => { drag(false)(event); takeFiles(event, event.dataTransfer?.files); }}>
      <Show when={!blocked()} fallback={
        <div class="cannot" role="status">
          <Icon name="lock" small />
          <p><b>{t("compose.cannot")}</b><span>{reasonText(can()?.reason)}</span></p>
          <button type="button" class="button" onClick={() => setNote(true)}>{t("compose.noteInstead")}</button>
        </div>
      }>
        <Show when={!note() && reply()}>
          {(message) => (
            <div class="replying"><Icon name="reply" small /><p><b>{message().author.name || t("thread.customer")}</b><span>{message().text || message().attachments[0]?.name}</span></p>
              <button type="button" class="ghost" aria-label={t("compose.cancelReply")} onClick={() => setReply(null)}><Icon name="close" small /></button></div>
          )}
        </Show>
        <Tray uploads={uploads} most={limits().most} files={limits().files} />
        <textarea ref={(made) => (area = made)} rows="1" value={text()} placeholder={t(note() ? "compose.note" : "compose.text")} aria-label={t(note() ? "compose.note" : "compose.text")}
          onInput={(event) => { write(event.currentTarget.value); if (!note()) desk.typed(id); }} onKeyDown={key} onPaste={(event) => takeFiles(event, event.clipboardData?.files)} />
        <div class="tools">
          <input ref={(made) => (input = made)} type="file" multiple hidden aria-label={t("compose.attach")} onChange={() => { uploads.add(input.files ?? []); input.value = ""; }} />
          <button type="button" class="ghost" disabled={limits().files === 0} aria-label={t("compose.attach")} title={t("compose.attach")} onClick={() => input.click()}><Icon name="clip" /></button>
          <button type="button" class="ghost" classList={{ on: note() }} aria-pressed={note()} aria-label={t("compose.noteSwitch")} title={`${t("compose.noteSwitch")} (N)`} onClick={() => setNote(!note())}><Icon name="note" /></button>
          <Show when={tooLong()}><span class="oops" role="alert">{t("compose.tooLong", { n: length(), most: can()?.text_limit ?? 0 })}</span></Show>
          <Show when={over()}><span class="hint">{t("compose.drop")}</span></Show>
          <button class="button main go" disabled={!ready()} aria-label={t(note() ? "compose.sendNote" : "compose.send")}><Icon name="send" small /><span>{t(note() ? "compose.sendNote" : "compose.send")}</span></button>
        </div>
      </Show>
    </form>
  );
}
