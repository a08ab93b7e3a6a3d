import { Show } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { dateTime, time } from "@kommutator/shared/format.ts";
import { locale, reasonText, t, type WordKey } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import { LinkedText } from "../ui/LinkedText.tsx";
import type { IconName } from "../ui/paths.ts";
import { Attachments } from "./Attachments.tsx";
import { useThread } from "./context.ts";
import { Mentioned } from "./Mentions.tsx";
import { MessageMenu, Reactions } from "./MessageMenu.tsx";
import { Retry } from "./Retry.tsx";
import type { Row } from "./rows.ts";

const MARKS: Record<string, IconName> = { queued: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert", unknown: "warning" };

const GONE: readonly string[] = ["waits_for_visitor", "sent_by_letter"];

function State(props: { message: MessageView }) {
  const status = () => props.message.state.status;
  const text = () => [t(`state.${status()}` satisfies WordKey), reasonText(props.message.state.reason)].filter(Boolean).join(". ");
  return <span class={`state ${status()}`} role="img" aria-label={text()} title={text()}><Icon name={MARKS[status()] ?? "clock"} small /></span>;
}

/** The message this one answers, if it is on screen; a click leads to it. */
function Quote(props: { id: string; jump: (id: string) => void }) {
  const { thread } = useThread();
  const quoted = () => thread.messages().find((message) => message.id === props.id);
  return (
    <Show when={quoted()}>
      {(message) => (
        <button type="button" class="quote" title={t("message.quote")} onClick={() => props.jump(props.id)}>
          <b>{message().author.name || t("thread.customer")}</b>
          <span>{message().text || message().attachments[0]?.name}</span>
        </button>
      )}
    </Show>
  );
}

export function Bubble(props: { row: Row; jump: (id: string) => void }) {
  const { conversation } = useThread();
  const message = () => props.row.message;
  const name = () => message().author.name || (message().author.kind === "customer" ? conversation()?.title || t("thread.customer") : "");
  const origin = () => t(`message.by.${message().author.kind}` satisfies WordKey);
  const ours = () => message().direction === "outbound";
  const why = () => (ours() && (message().state.status === "failed" || message().state.status === "unknown") ? [t(`state.${message().state.status}` satisfies WordKey), reasonText(message().state.reason)].filter(Boolean).join(". ") : "");
  /** Whether the answer reached a visitor who had left. */
  const gone = () => (ours() && message().state.status !== "read" && GONE.includes(message().state.reason?.code ?? "") ? reasonText(message().state.reason) : "");
  return (
    <Show when={message().direction !== "system"} fallback={<p class="system" data-message={message().id}>{message().text}</p>}>
      <article class={`msg ${message().direction}`} classList={{ first: props.row.first, last: props.row.last }} data-message={message().id} data-client={message().client_id}>
        <Show when={props.row.first} fallback={<span class="sr">{name()}</span>}>
          <p class="author"><b>{name()}</b><Show when={origin()}><span class="origin">{origin()}</span></Show></p>
        </Show>
        <div class="bubble">
          <Show when={message().direction === "note"}><p class="lock"><Icon name="lock" small />{t("message.note")}</p></Show>
          <Show when={message().reply_to}>{(id) => <Quote id={id()} jump={props.jump} />}</Show>
          <Attachments files={message().attachments} />
          <Show when={!message().deleted_at} fallback={<p class="text gone">{t("message.deleted")}</p>}>
            <Show when={message().text}><p class="text"><Show when={message().mentions} fallback={<LinkedText text={message().text} />}>{(mentions) => <Mentioned text={message().text} mentions={mentions()} />}</Show></p></Show>
          </Show>
          <span class="meta">
            <Show when={message().edited_at}><span>{t("message.edited")}</span></Show>
            <time datetime={message().written_at} title={dateTime(locale(), message().written_at)}>{time(locale(), message().written_at)}</time>
            <Show when={ours()}><State message={message()} /></Show>
          </span>
          <Reactions message={message()} />
          <MessageMenu message={message()} />
        </div>
        <Show when={gone()}><div class="gone">{gone()}</div></Show>
        <Show when={why()}><div class="why">{why()} <Retry message={message()} /></div></Show>
      </article>
    </Show>
  );
}
