import { createSignal, For } from "solid-js";
import { size } from "@kommutator/shared/format.ts";
import { usePanel } from "./context.ts";
import { icon } from "./icon.tsx";
import type { Chosen, Uploads } from "@kommutator/shared/uploads.ts";

/** One chosen file; drawn anew when it is done or failed, while its progress moves in place. */
function chip(one: Chosen, uploads: Uploads) {
  const { t, locale, chat } = usePanel();
  const { error, done, file, picture } = one;
  const remove = t("remove", { name: file.name });
  const most = size(locale, chat.look()?.max_file_bytes ?? 0);
  const final = error === "file_too_large" ? t("tooLarge", { size: most }) : error === "file_empty" ? t("empty") : null;
  const note = error ? (final ?? t("uploadFailed")) : size(locale, file.size);
  const again = error && final === null && <button type="button" onClick={() => uploads.again(one)}>{/* @once */ t("again")}</button>;
  const bar = !done && !error && <progress max="1" value={one.part()} aria-label={/* @once */ file.name} />;
  const face = picture ? <img src={picture} alt="" /> : <i>{icon("file")}</i>;
  const style = error ? "chip bad" : "chip";
  return (
    <li class={style}>
      {face}
      <span><b>{/* @once */ file.name}</b><small role="status">{note} {again}</small>{bar}</span>
      <button type="button" class="icon" aria-label={remove} onClick={() => uploads.remove(one)}>{icon("close")}</button>
    </li>
  );
}

export function Composer(props: { uploads: Uploads; area: (area: HTMLTextAreaElement) => void }) {
  const { t, chat } = usePanel();
  const [text, setText] = createSignal("");
  const [long, setLong] = createSignal(false);
  let area!: HTMLTextAreaElement;
  let input!: HTMLInputElement;
  const ready = () => !props.uploads.busy() && (text().trim() !== "" || props.uploads.list().some((one) => one.done));
  const oops = () => (long() ? t("tooLong") : props.uploads.crowded() ? t("tooMany", { n: chat.look()?.max_files ?? 0 }) : "");
  const fit = () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 140)}px`;
  };
  const send = (event: Event) => {
    event.preventDefault();
    if (!ready()) return;
    const words = text().trim();
    const taken = words.length < 10_000 && chat.send(words, props.uploads.take());
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
    props.uploads.add(files);
  };
  return (
    <form class="composer" onSubmit={send}>
      <ul class="chips"><For each={props.uploads.list()}>{(one) => chip(one, props.uploads)}</For></ul>
      <p class="oops" role="status">{oops()}</p>
      <div class="line">
        <input ref={(made) => (input = made)} type="file" multiple hidden aria-label={/* @once */ t("attach")} onChange={() => { props.uploads.add(input.files ?? []); input.value = ""; }} />
        <button type="button" class="icon" aria-label={/* @once */ t("attach")} disabled={!chat.look()} onClick={() => input.click()}>{icon("clip")}</button>
        <textarea ref={(made) => { area = made; props.area(made); }} rows="1" placeholder={/* @once */ t("write")} aria-label={/* @once */ t("write")}
          onInput={() => { setText(area.value); fit(); chat.typed(); }} onKeyDown={key} onPaste={paste} />
        <button class="go" aria-label={/* @once */ t("send")} disabled={!ready()}>{icon("send")}</button>
      </div>
    </form>
  );
}
