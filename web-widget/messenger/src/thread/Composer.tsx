import { createEffect, createMemo, createSignal, on, onMount, Show } from "solid-js";
import { canRecord } from "@kommutator/shared/recorder.ts";
import { reasonText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { askSure } from "../ui/ask.tsx";
import { Icon } from "../ui/Icon.tsx";
import { later } from "../ui/Later.tsx";
import { toast } from "../ui/toast.tsx";
import { About } from "./About.tsx";
import { Canned } from "./Canned.tsx";
import { useThread } from "./context.ts";
import { Emoji } from "./Emoji.tsx";
import { createFiles } from "./files.ts";
import { lengthIn } from "./length.ts";
import { Mentions } from "./Mentions.tsx";
import { createWriting } from "./writing.ts";

const FilePanel = later(() => import("./FilePanel.tsx").then((file) => file.FilePanel), true);
const Recorder = later(() => import("./Recorder.tsx").then((file) => file.Recorder), true);
/** From this part of the limit on the length is told. */
const NEARLY = 0.8;

export function Composer() {
  const desk = useDesk();
  const { id, conversation, note, setNote, reply, setReply, editing, setEditing } = useThread();
  const [over, setOver] = createSignal(false);
  const [speaking, setSpeaking] = createSignal(false);
  const can = () => conversation()?.can;
  let area: HTMLTextAreaElement | undefined;
  let input!: HTMLInputElement;
  const writing = createWriting(() => area, (came) => files.insert(came));
  const { text, write, canned, mentions } = writing;
  const list = () => (mentions.open() ? mentions : canned);
  /** What may be written is known a moment after the words can be begun. */
  const limit = () => can()?.text_limit ?? Infinity;
  const long = () => !note() && text().length > NEARLY * limit() && text().trim() !== "";
  const files = createFiles(text, long);
  const { uploads, limits, outlook } = files;

  const length = () => lengthIn(can()?.text_unit ?? "characters", text().trim());
  const tooLong = () => !note() && length() > limit() && text().trim() !== "";
  const ready = () => !uploads.busy() && !tooLong() && (text().trim() !== "" || uploads.list().some((one) => one.done));
  const blocked = createMemo(() => conversation() !== undefined && can()?.send === false && !note());
  const touch = matchMedia("(pointer: coarse)").matches;
  onMount(() => {
    writing.fit();
    // Who came with the mouse wants to write; who walks the list with the keys walks on.
    const from = document.activeElement;
    if (!touch && from?.classList.contains("row") && !from.matches(":focus-visible")) area?.focus();
  });
  createEffect(on([blocked, note, reply, editing], () => queueMicrotask(() => { writing.fit(); if (!touch) area?.focus(); }), { defer: true }));

  const send = async (andClose = false) => {
    if (editing()) return writing.change();
    if (!ready() || blocked()) return;
    const other = writing.overtaken();
    if (other && !(await askSure(t("compose.overtaken"), t("compose.overtaken.text", { name: other.author.name, words: other.text }), t("compose.sendAnyway")))) return;
    const going = files.ready();
    const words = text().trim();
    const answered = note() ? null : reply();
    const frame = { conversation: id, ...(words && { text: words }), ...(going.length > 0 && { attachments: going.map((file) => file.id) }), ...(files.asFiles() && { as_files: true }), ...(answered && { reply_to: answered.id }), ...(note() && { note: true, mentions: mentions.in(words) }) };
    if (!desk.send(frame, going)) {
      toast(t("thread.tooMuch"), true);
      return;
    }
    files.sent();
    write("");
    setReply(null);
    setNote(false);
    if (andClose) void desk.perform([id], { do: "close" });
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing || writing.listKey(event)) return;
    const last = event.key === "ArrowUp" && text() === "" && !editing() ? writing.lastOfMine() : undefined;
    if (event.key === "Escape" && editing()) setEditing(null);
    else if (event.key === "Escape") area?.blur();
    else if (last) setEditing(last);
    else if (event.key === "Enter" && !event.shiftKey) void send(event.ctrlKey || event.metaKey);
    else return;
    if (event.key !== "Escape") event.preventDefault();
  };
  const takeFiles = (event: Event, came: FileList | undefined) => {
    if (!came?.length || limits().files === 0) return;
    event.preventDefault();
    uploads.add(came);
  };
  const drag = (on: boolean) => (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setOver(on && limits().files > 0);
  };

  const sound = (on: boolean) => {
    setSpeaking(on);
    if (!on) queueMicrotask(() => area?.focus());
  };
  const hint = () => t(uploads.list().length > 0 ? "tray.caption" : note() ? "compose.note" : "compose.text");
  /** What becomes of it on its way, where that is not what one sees here. */
  const about = () => {
    const told = outlook();
    const unit = can()?.text_unit === "bytes" ? "tray.bytes" : "tray.length";
    return [
      told && told.pieces > 1 ? (told.pieces === 2 ? t("tray.two") : t("tray.pieces", { n: told.pieces })) : "",
      told && told.links > 0 ? t("tray.links", { n: told.links }) : "",
      long() && !tooLong() ? t(unit, { n: length(), most: limit() }) : "",
      uploads.twice().length > 0 ? t("tray.twice", { names: uploads.twice().join(", ") }) : "",
    ].filter(Boolean).join(" · ");
  };

  return (
    <form class="composer" classList={{ note: note(), over: over() }} onSubmit={(event) => { event.preventDefault(); void send(); }}
      onDragOver={drag(true)} onDragLeave={drag(false)} onDrop={(event) => { drag(false)(event); takeFiles(event, event.dataTransfer?.files); }}>
      <Show when={!blocked()} fallback={
        <div class="cannot" role="status">
          <Icon name="lock" small />
          <p><b>{t("compose.cannot")}</b><span>{reasonText(can()?.reason)}</span></p>
          <button type="button" class="button" onClick={() => setNote(true)}>{t("compose.noteInstead")}</button>
        </div>
      }>
        <About />
        <Show when={canned.open()}><Canned id={canned.id} found={canned.found()} at={canned.picked()} pick={(one) => canned.pick(one)} hover={(index) => canned.hover(index)} none={desk.replies().length === 0} /></Show>
        <Show when={mentions.open()}><Mentions id={mentions.id} found={mentions.found()} at={mentions.picked()} pick={(one) => mentions.pick(one)} hover={(index) => mentions.hover(index)} /></Show>
        <Show when={uploads.list().length > 0}><FilePanel files={files} /></Show>
        <Show when={uploads.crowded()}><p class="oops" role="alert">{t("file.tooMany", { n: limits().files })}</p></Show>
        <Show when={about()}><p class="foretold" role="status">{about()}</p></Show>
        <Show when={speaking()}><Recorder take={(file) => uploads.add([file])} done={() => sound(false)} /></Show>
        <textarea ref={(made) => (area = made)} rows="1" value={text()} placeholder={hint()} aria-label={t(note() ? "compose.note" : "compose.text")}
          aria-autocomplete="list" aria-controls={list().open() ? list().id : undefined} aria-activedescendant={list().open() && list().found().length > 0 ? `${list().id}-${list().picked()}` : undefined}
          onInput={(event) => { writing.moved(); write(event.currentTarget.value); if (!note()) desk.typed(id); }} onKeyDown={key} onKeyUp={() => writing.moved()} onClick={() => writing.moved()} onPaste={(event) => takeFiles(event, event.clipboardData?.files)} />
        <div class="tools">
          <input ref={(made) => (input = made)} type="file" multiple hidden aria-label={t("compose.attach")} onChange={() => { uploads.add(input.files ?? []); input.value = ""; }} />
          <button type="button" class="ghost" disabled={limits().files === 0} aria-label={t("compose.attach")} title={t("compose.attach")} onClick={() => input.click()}><Icon name="clip" /></button>
          <button type="button" class="ghost" classList={{ on: note() }} aria-pressed={note()} aria-label={t("compose.noteSwitch")} title={`${t("compose.noteSwitch")} (N)`} onClick={() => setNote(!note())}><Icon name="note" /></button>
          <Show when={canRecord()}><button type="button" class="ghost" disabled={limits().files === 0 || speaking()} aria-label={t("voice.record")} title={t("voice.record")} onClick={() => sound(true)}><Icon name="mic" /></button></Show>
          <Emoji pick={(emoji) => writing.insert(emoji)} />
          <button type="button" class="ghost" disabled={text() !== ""} aria-label={t("canned.label")} title={`${t("canned.label")} (/)`} onClick={() => { write("/"); area?.focus(); }}><Icon name="canned" /></button>
          <Show when={tooLong()}><span class="oops" role="alert">{t("compose.tooLong", { n: length(), most: limit() })}</span></Show>
          <Show when={over()}><span class="hint">{t("compose.drop")}</span></Show>
          <span class="ways">
            <Show when={!note() && !editing() && conversation()?.status === "open"}>
              <button type="button" class="ghost" disabled={!ready()} aria-label={t("compose.sendClose")} title={`${t("compose.sendClose")} (Ctrl+Enter)`} onClick={() => void send(true)}><Icon name="done" /></button>
            </Show>
            <button class="button main go" disabled={!ready()} aria-label={t(note() ? "compose.sendNote" : "compose.send")}><Icon name="send" small /><span>{t(note() ? "compose.sendNote" : "compose.send")}</span></button>
          </span>
        </div>
      </Show>
    </form>
  );
}
