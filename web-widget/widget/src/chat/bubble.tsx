import { createSignal, type JSX } from "solid-js";
import type { AttachmentView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { time } from "@kommutator/shared/format.ts";
import { linkParts } from "@kommutator/shared/links.ts";
import { usePanel } from "./context.ts";
import { run } from "./extras.ts";
import { icon, type IconName } from "./icon.tsx";
import type { Waiting } from "./store.ts";

export function words(text: string) {
  const parts = linkParts(text).map((part) => {
    const { href } = part;
    return href ? <a href={href} target="_blank" rel="noopener noreferrer nofollow">{/* @once */ part.text}</a> : part.text;
  });
  return <p>{parts}</p>;
}

function box(files: AttachmentView[], text: unknown, at: string | number, state: unknown, of?: MessageView) {
  const shown = time(usePanel().locale, at);
  const [list, setList] = createSignal<JSX.Element>();
  if (files[0] || of?.reply_to || of?.reactions?.[0]) run("files", (made) => setList(made.list(files, of)));
  return <div class="bubble">{list()}{text as string}<span class="meta"><time>{shown}</time>{state as string}</span></div>;
}

function mark(name: IconName, label: string) {
  return <span class="mark" role="img" aria-label={label}>{icon(name)}</span>;
}

export function bubble(message: MessageView, first: boolean, status: () => string) {
  const { t } = usePanel();
  const own = message.direction === "inbound";
  const read = () => status() === "read" || (usePanel().chat.talk()?.read_up_to ?? "") >= message.id;
  const state = () => own && (read() ? mark("checks", t("seen")) : mark("check", t("accepted")));
  const text = message.deleted_at ? <p class="gone">{/* @once */ t("deleted")}</p> : message.text && words(message.text);
  const body = box(message.attachments, text, message.written_at, state, message);
  const name = own ? t("you") : message.author.name || t("manager");
  const style = `msg${own ? " own" : ""}${first ? " first" : ""}`;
  const who = first && !own ? "who" : "sr";
  return <div class={style}><span class={who}>{name}</span>{body}</div>;
}

/** A message that is not in the log yet, or was refused. */
export function queued(entry: Waiting) {
  const { t, chat } = usePanel();
  const { failed, frame } = entry;
  const body = box((entry.meta ?? []) as AttachmentView[], frame.text && words(frame.text), entry.order, mark(failed ? "alert" : "clock", t(failed ? "failed" : "waits")));
  const again = failed && (
    <span class="fail">{/* @once */ t("failed")} · <button type="button" onClick={() => chat.retry(frame.client_id)}>{/* @once */ t("again")}</button></span>
  );
  const style = `msg own first ${failed ? "refused" : "waits"}`;
  return <div class={style}><span class="sr">{/* @once */ t("you")}</span>{body}{again}</div>;
}
