import { For, Show } from "solid-js";
import { size } from "@kommutator/shared/format.ts";
import type { Chosen, Uploads } from "@kommutator/shared/uploads.ts";
import { locale, t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";

function Chip(props: { one: Chosen; uploads: Uploads; most: number }) {
  const note = () => {
    const { error, file } = props.one;
    if (error === "file_too_large") return t("file.tooLarge", { size: size(locale(), props.most) });
    if (error === "file_empty") return t("file.empty");
    return error ? t("file.failedUpload") : size(locale(), file.size);
  };
  const again = () => props.one.error !== null && props.one.error !== "file_too_large" && props.one.error !== "file_empty";
  return (
    <li classList={{ bad: !!props.one.error }}>
      <Show when={props.one.picture} fallback={<span class="disc"><Icon name="file" /></span>}>{(url) => <img src={url()} alt="" />}</Show>
      <span class="about">
        <b>{props.one.file.name}</b>
        <small role={props.one.error ? "alert" : undefined}>{note()} <Show when={again()}><button type="button" onClick={() => props.uploads.again(props.one)}>{t("common.retry")}</button></Show></small>
        <Show when={!props.one.done && !props.one.error}><progress max="1" value={props.one.part()} aria-label={props.one.file.name} /></Show>
      </span>
      <button type="button" class="ghost" aria-label={t("file.remove", { name: props.one.file.name })} onClick={() => props.uploads.remove(props.one)}><Icon name="close" small /></button>
    </li>
  );
}

export function Tray(props: { uploads: Uploads; most: number; files: number }) {
  return (
    <>
      <Show when={props.uploads.list().length > 0}>
        <ul class="tray"><For each={props.uploads.list()}>{(one) => <Chip one={one} uploads={props.uploads} most={props.most} />}</For></ul>
      </Show>
      <Show when={props.uploads.crowded()}><p class="oops" role="alert">{t("file.tooMany", { n: props.files })}</p></Show>
    </>
  );
}
