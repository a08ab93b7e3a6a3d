/** What a message has beside its words: what it answers, its files, reactions. And the files chosen, dropped or pasted for the next one; each goes up at once. */
import { For, untrack } from "solid-js";
import { render } from "solid-js/web";
import type { AttachmentView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { size } from "@kommutator/shared/format.ts";
import { put } from "@kommutator/shared/i18n.ts";
import { isPicture } from "@kommutator/shared/messages.ts";
import { measure } from "@kommutator/shared/sound.ts";
import { type Chosen, createUploads, type Uploads } from "@kommutator/shared/uploads.ts";
import { files as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import type { Extras, Tray } from "../chat/extras.ts";
import { icon } from "./shared/outlines.tsx";
import css from "./files.css?inline";

/** One chosen file; drawn anew when it is done or failed, while its progress moves in place. */
function chip(panel: Panel, one: Chosen, uploads: Uploads) {
  const { locale, chat } = panel;
  const { error, done, file, picture } = one;
  const remove = put(words.remove, { name: file.name });
  const most = size(locale, chat.look()?.max_file_bytes ?? 0);
  const final = error === "file_too_large" ? put(words.tooLarge, { size: most }) : error === "file_empty" ? words.empty : null;
  const note = error ? (final ?? words.uploadFailed) : size(locale, file.size);
  const again = error && final === null && <button type="button" onClick={() => uploads.again(one)}>{words.again}</button>;
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

/** The files of one message; a message that changes is drawn anew, so nothing here is reactive. */
function list(panel: Panel, files: AttachmentView[]) {
  const { link, locale } = panel;
  const shown = (file: AttachmentView) => isPicture(file) && !file.as_file && file.status === "ready" && file.url;
  const pictures = files.filter(shown);
  /** Over the page; where that cannot be fetched the link opens as links do. */
  const enlarge = (event: MouseEvent, file: AttachmentView) => {
    const from = event.currentTarget as HTMLElement;
    event.preventDefault();
    panel.run(
      "lightbox",
      (make) => {
        const box = panel.frame.appendChild(document.createElement("div"));
        const done = () => {
          end();
          box.remove();
          from.focus();
        };
        const end = render(() => make(pictures, pictures.indexOf(file), done), box);
      },
      () => window.open(link(file.url), "_blank", "noopener"),
    );
  };
  return files.map((file) => {
    const url = link(file.url);
    const { name } = file;
    if (shown(file)) {
      const label = put(words.picture, { name });
      const source = link(file.thumbnail_url) ?? url;
      const picture = (
        <a class="pic" href={url} target="_blank" rel="noopener" aria-label={label} onClick={(event) => enlarge(event, file)}>
          <img src={source} alt={name} decoding="async" />
        </a>
      ) as HTMLElement;
      // The place is reserved before the picture is there.
      picture.style.aspectRatio = file.width && file.height ? `${file.width} / ${file.height}` : "4 / 3";
      return picture;
    }
    if (/^(audio|video\/webm)/.test(file.media_type) && file.status === "ready" && url) {
      return <audio class="voice" controls preload="metadata" src={url} aria-label={file.name} ref={(made) => measure(made)} />;
    }
    const bytes = size(locale, file.size);
    const note = file.status === "pending" ? words.pending : file.status === "failed" ? words.broken : bytes;
    return (
      <a class="file" href={url} target="_blank" rel="noopener">
        <i>{icon("file")}</i>
        <span><b>{name}</b><small>{note}</small></span>
      </a>
    );
  });
}

/** What a message answers, as far as it is here. */
function quote(panel: Panel, id: string) {
  const of = untrack(panel.chat.messages).find((one) => one.id === id);
  const author = of && (of.direction === "inbound" ? words.you : of.author.name);
  const said = of?.deleted_at ? words.gone : of?.text || of?.attachments[0]?.name;
  return <blockquote><b>{author || words.reply}</b><span>{said}</span></blockquote>;
}

function faces(message: MessageView) {
  const all = [...new Set(message.reactions?.map((one) => one.emoji))].join(" ");
  const label = `${words.reactions}: ${all}`;
  return all && <span class="faces" role="img" aria-label={label}>{all}</span>;
}

export function make(panel: Panel): Extras["files"] {
  panel.style(css);
  const { chat, host } = panel;
  const tray = (): Tray => {
    const address = (file: string) => new URL(`widget/v1/files?widget=${encodeURIComponent(host.widgetKey)}&name=${encodeURIComponent(file)}`, host.base).href;
    const limits = () => ({ most: chat.look()?.max_file_bytes ?? 0, files: chat.look()?.max_files ?? 0 });
    const uploads = createUploads(address, chat.token, limits);
    const crowded = () => uploads.crowded() && put(words.tooMany, { n: limits().files });
    return {
      add: (files) => uploads.add(files),
      busy: uploads.busy,
      full: () => uploads.list().some((one) => one.done),
      list: () => uploads.list().length > 0,
      take: () => uploads.take(),
      view: [<ul class="chips"><For each={uploads.list()}>{(one) => chip(panel, one, uploads)}</For></ul>, <p class="oops" role="status">{crowded()}</p>],
    };
  };
  return { tray, list: (files, of) => [of?.reply_to && quote(panel, of.reply_to), list(panel, files), of && faces(of)] };
}
