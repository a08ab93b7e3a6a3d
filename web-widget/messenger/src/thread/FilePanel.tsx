import { For, onCleanup, Show } from "solid-js";
import { size } from "@kommutator/shared/format.ts";
import { measure } from "@kommutator/shared/sound.ts";
import type { Chosen, Uploads } from "@kommutator/shared/uploads.ts";
import { locale, t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";

/** Files that are chosen, and how they go. */
type Files = { uploads: Uploads; limits: () => { most: number }; pictures: () => boolean; asFiles: () => boolean; setAsFiles: (on: boolean) => void };

const DRAGGED = "application/x-kommutator-file";

/** What was recorded or chosen can be listened to before it goes. */
function Sound(props: { one: Chosen }) {
  // eslint-disable-next-line solid/reactivity -- a chosen file never becomes another
  const { file } = props.one;
  const own = file instanceof File ? URL.createObjectURL(file) : undefined;
  onCleanup(() => own && URL.revokeObjectURL(own));
  return <audio controls preload="metadata" src={own ?? props.one.done?.url} aria-label={file.name} ref={measure} />;
}

function Face(props: { one: Chosen; bare: boolean }) {
  return (
    <Show when={!props.one.file.type.startsWith("audio/")} fallback={<Sound one={props.one} />}>
      <Show when={!props.bare && props.one.picture} fallback={<span class="disc"><Icon name="file" /></span>}>{(url) => <img src={url()} alt="" draggable={false} />}</Show>
    </Show>
  );
}

function Card(props: { one: Chosen; at: number; files: Files }) {
  let box!: HTMLLIElement;
  const uploads = (): Uploads => props.files.uploads;
  const name = () => props.one.file.name;
  const last = () => props.at === uploads().list().length - 1;
  const note = () => {
    const { error, file } = props.one;
    if (error === "file_too_large") return Number.isFinite(props.files.limits().most) ? t("file.tooLarge", { size: size(locale(), props.files.limits().most) }) : t("error.tooLarge");
    if (error === "file_empty") return t("file.empty");
    return error ? t("file.failedUpload") : size(locale(), file.size);
  };
  const again = () => props.one.error !== null && props.one.error !== "file_too_large" && props.one.error !== "file_empty";
  /** What is moved keeps the focus, on the other button where this one has nowhere to go. */
  const move = (by: -1 | 1) => {
    uploads().move(props.one.key, props.at + by);
    queueMicrotask(() => (box.querySelector<HTMLElement>(by < 0 ? ".earlier:enabled" : ".later:enabled") ?? box.querySelector<HTMLElement>(".earlier:enabled, .later:enabled"))?.focus());
  };
  const dragged = (event: DragEvent) => event.dataTransfer?.types.includes(DRAGGED) === true;
  return (
    <li ref={(made) => (box = made)} classList={{ bad: !!props.one.error, wide: props.one.file.type.startsWith("audio/") }} draggable={uploads().list().length > 1}
      onDragStart={(event) => event.dataTransfer?.setData(DRAGGED, props.one.key)}
      onDragOver={(event) => { if (dragged(event)) event.preventDefault(); }}
      onDrop={(event) => { if (dragged(event)) { event.preventDefault(); event.stopPropagation(); uploads().move(event.dataTransfer?.getData(DRAGGED) ?? "", props.at); } }}>
      <span class="face"><Face one={props.one} bare={props.files.asFiles()} /></span>
      <b title={name()}>{name()}</b>
      <small role={props.one.error ? "alert" : undefined}>{note()} <Show when={again()}><button type="button" onClick={() => uploads().again(props.one)}>{t("common.retry")}</button></Show></small>
      <Show when={!props.one.done && !props.one.error}><progress max="1" value={props.one.part()} aria-label={name()} /></Show>
      <span class="hands">
        <Show when={uploads().list().length > 1}>
          <button type="button" class="ghost earlier" disabled={props.at === 0} aria-label={t("tray.earlier", { name: name() })} onClick={() => move(-1)}><Icon name="left" small /></button>
          <button type="button" class="ghost later" disabled={last()} aria-label={t("tray.later", { name: name() })} onClick={() => move(1)}><Icon name="right" small /></button>
        </Show>
        <button type="button" class="ghost drop" aria-label={t("file.remove", { name: name() })} onClick={() => uploads().remove(props.one)}><Icon name="close" small /></button>
      </span>
    </li>
  );
}

/** What goes with the words, before it goes: looked at, put in order, told how it will arrive. */
export function FilePanel(props: { files: Files }) {
  const list = () => props.files.uploads.list();
  return (
    <section class="tray-panel" aria-label={t("tray.label")}>
      <ul class="tray"><For each={list()}>{(one, at) => <Card one={one} at={at()} files={props.files} />}</For></ul>
      <Show when={props.files.pictures()}>
        <label class="as-files"><input type="checkbox" checked={props.files.asFiles()} onChange={(event) => props.files.setAsFiles(event.currentTarget.checked)} /><span>{t("tray.asFiles")}</span><small>{t("tray.asFiles.help")}</small></label>
      </Show>
    </section>
  );
}
