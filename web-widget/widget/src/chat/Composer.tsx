import { createMemo, createSignal, type JSX } from "solid-js";
import { usePanel } from "./context.ts";
import { run, type Tray } from "./extras.ts";
import { icon } from "./icon.tsx";

/** `tray` gives the place for files, fetched with the first of them. */
export function Composer(props: { tray: () => Tray | undefined; add: (files: Iterable<File>) => void; area: (area: HTMLTextAreaElement) => void }) {
  const { t, chat } = usePanel();
  const [text, setText] = createSignal("");
  const [long, setLong] = createSignal(false);
  const [beside, setBeside] = createSignal<JSX.Element>();
  let area!: HTMLTextAreaElement;
  let input!: HTMLInputElement;
  const ready = () => !props.tray()?.busy() && (text().trim() !== "" || !!props.tray()?.full());
  const fit = () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 140)}px`;
  };
  const send = (event: Event) => {
    event.preventDefault();
    if (!ready()) return;
    const words = text().trim();
    const taken = words.length < 10_000 && chat.send(words, props.tray()?.take());
    setLong(!taken);
    if (taken) setText((area.value = ""));
    fit();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  const paste = (event: ClipboardEvent) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    props.add([...files]);
  };
  const done = () => {
    setBeside();
    area.focus();
  };
  const typed = () => {
    setText(area.value);
    fit();
    chat.typed();
  };
  const pick = (emoji: string) => {
    area.setRangeText(emoji, area.selectionStart, area.selectionEnd, "end");
    typed();
  };
  const emoji = () => run("emoji", (make) => setBeside(make(pick, done)));
  const voice = () => run("voice", (make) => setBeside(make((file) => props.add([file]), done)));
  const button = (name: "clip" | "smile" | "mic", label: string, act: () => void) => (
    <button type="button" class={`icon ${name}`} aria-label={label} disabled={!chat.look()} onClick={act}>{icon(name)}</button>
  );
  /** With nothing written yet a voice can be recorded; the button keeps its place. */
  const speaks = createMemo(() => "MediaRecorder" in window && text().trim() === "" && !props.tray()?.list());
  const last = () => (speaks() ? button("mic", t("voice"), voice) : <button class="go" aria-label={/* @once */ t("send")} disabled={!ready()}>{icon("send")}</button>);
  return (
    <form class="composer" onSubmit={send}>
      {props.tray()?.view}
      {beside()}
      <p class="oops" role="status">{long() && t("tooLong")}</p>
      <div class="line">
        <input ref={(made) => (input = made)} type="file" multiple hidden aria-label={/* @once */ t("attach")} onChange={() => { props.add([...(input.files ?? [])]); input.value = ""; }} />
        {button("clip", t("attach"), () => input.click())}
        <textarea ref={(made) => { area = made; props.area(made); }} rows="1" placeholder={/* @once */ t("write")} aria-label={/* @once */ t("write")} onInput={typed} onKeyDown={key} onPaste={paste} />
        {button("smile", t("emoji"), () => (beside() ? done() : emoji()))}
        {last()}
      </div>
    </form>
  );
}
