import { Show } from "solid-js";
import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { time } from "@kommutator/shared/format.ts";
import { locale, refusalText, t } from "../i18n.ts";
import { type Outgoing, useDesk } from "../state/desk.ts";
import { Icon } from "../ui/Icon.tsx";
import { LinkedText } from "../ui/LinkedText.tsx";
import { Attachments } from "./Attachments.tsx";

/** A message the server has not taken yet: it looks queued; one that was refused says why and can be sent again. */
export function Pending(props: { entry: Outgoing }) {
  const desk = useDesk();
  const id = () => props.entry.frame.client_id;
  return (
    <article class={`msg first last ${props.entry.frame.note ? "note" : "outbound"}`} classList={{ waits: !props.entry.failed }} data-client={id()}>
      <p class="author"><b>{desk.me().name}</b></p>
      <div class="bubble">
        <Attachments files={(props.entry.meta ?? []) as AttachmentView[]} />
        <Show when={props.entry.frame.text}>{(text) => <p class="text"><LinkedText text={text()} /></p>}</Show>
        <span class="meta">
          <time>{time(locale(), props.entry.order)}</time>
          <span class="state" classList={{ failed: !!props.entry.failed }} role="img" aria-label={t(props.entry.failed ? "state.failed" : "state.waiting")} title={t(props.entry.failed ? "state.failed" : "state.waiting")}>
            <Icon name={props.entry.failed ? "alert" : "clock"} small />
          </span>
        </span>
      </div>
      <Show when={props.entry.failed}>
        {(code) => (
          <p class="why" role="alert">
            {t("state.failed")}. {refusalText(code())}{" "}
            <button type="button" onClick={() => desk.retry(id())}>{t("state.retry")}</button>
            <button type="button" onClick={() => desk.discard(id())}>{t("state.discard")}</button>
          </p>
        )}
      </Show>
    </article>
  );
}
