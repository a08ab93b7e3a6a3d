import { Show } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { dateTime, time } from "@kommutator/shared/format.ts";
import { locale, reasonText, t, type WordKey } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import { LinkedText } from "../ui/LinkedText.tsx";
import type { IconName } from "../ui/paths.ts";
import { toast } from "../ui/toast.tsx";
import { Attachments } from "./Attachments.tsx";
import { Cards } from "./Cards.tsx";
import { useThread } from "./context.ts";
import { Mentioned } from "./Mentions.tsx";
import { MessageMenu, Reactions } from "./MessageMenu.tsx";
import { MOST_PICKED } from "./picks.ts";
import { Retry } from "./Retry.tsx";
import { isAlive } from "./rights.ts";
import type { Row } from "./rows.ts";

const MARKS: Record<string, IconName> = { queued: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert", unknown: "warning" };

const GONE: readonly string[] = ["waits_for_visitor", "sent_by_letter", "letter_failed"];

function State(props: { message: MessageView }) {
  const status = () => props.message.state.status;
  const text = () => [t(`state.${status()}` satisfies WordKey), reasonText(props.message.state.reason)].filter(Boolean).join(". ");
  return <span class={`state ${status()}`} role="img" aria-label={text()} title={text()}><Icon name={MARKS[status()] ?? "clock"} small /></span>;
}

/** The message this one answers, wherever it stands; a click leads to it. */
function Quote(props: { id: string }) {
  const { message, goTo } = useThread();
  const quoted = () => message(props.id);
  const words = () => (quoted()?.deleted_at ? t("message.deleted") : quoted()?.text || quoted()?.attachments[0]?.name);
  return (
    <button type="button" class="quote" title={t("message.quote")} disabled={!quoted()} onClick={() => goTo({ id: props.id })}>
      <b>{quoted() === null ? t("message.quoteGone") : quoted() === undefined ? "\u00a0" : quoted()?.author.name || t("thread.customer")}</b>
      <span>{words() ?? "\u00a0"}</span>
    </button>
  );
}

/** A message is picked by its box, by the keyboard too, or by a click anywhere in its line. */
function Box(props: { message: MessageView; name: string }) {
  const { picks } = useThread();
  return (
    <Show when={isAlive(props.message)}>
      <input type="checkbox" class="box" checked={picks.has(props.message.id)} aria-label={t("pick.one", { name: props.name, words: props.message.text.slice(0, 60) || (props.message.attachments[0]?.name ?? "") })} />
    </Show>
  );
}

export function Bubble(props: { row: Row }) {
  const { conversation, find, picks } = useThread();
  const message = () => props.row.message;
  const name = () => message().author.name.trim() || (message().author.kind === "customer" ? conversation()?.title.trim() || t("thread.customer") : "");
  const origin = () => t(`message.by.${message().author.kind}` satisfies WordKey);
  const ours = () => message().direction === "outbound";
  const why = () => (ours() && (message().state.status === "failed" || message().state.status === "unknown") ? [t(`state.${message().state.status}` satisfies WordKey), reasonText(message().state.reason)].filter(Boolean).join(". ") : "");
  /** Why it waits, unless only for a moment; and whether the answer reached a visitor who had left. */
  const aside = () => {
    const { status, reason } = message().state;
    const waits = status === "queued" && (reason?.code !== "flood_limit" || Number(reason.params?.seconds) >= 5);
    return ours() && (waits || (status !== "read" && GONE.includes(reason?.code ?? ""))) ? reasonText(reason) : "";
  };
  const pick = (event: MouseEvent & { currentTarget: HTMLElement }) => {
    if (!picks.on() || !isAlive(message())) return;
    if (!picks.toggle(message(), event.shiftKey)) toast(t("pick.tooMany", { n: MOST_PICKED }), true);
    const box = event.currentTarget.querySelector<HTMLInputElement>(".box");
    if (!box) return;
    // It shows what is picked, whatever the browser thought of the click.
    box.checked = picks.has(message().id);
    box.focus();
  };
  return (
    <Show when={message().direction !== "system"} fallback={<p class="system" data-message={message().id}>{message().text}</p>}>
      <article class={`msg ${message().direction}`} classList={{ first: props.row.first, last: props.row.last, hit: find.current() === message().id, picked: picks.has(message().id) }} data-message={message().id} data-client={message().client_id} onClick={pick}>
        <Show when={picks.on()}><Box message={message()} name={name()} /></Show>
        <Show when={props.row.first} fallback={<span class="sr">{name()}</span>}>
          <p class="author"><b>{name()}</b><Show when={origin()}><span class="origin">{origin()}</span></Show></p>
        </Show>
        <div class="bubble" inert={picks.on() || undefined}>
          <Show when={message().direction === "note"}><p class="lock"><Icon name="lock" small />{t("message.note")}</p></Show>
          <Show when={message().reply_to}>{(id) => <Quote id={id()} />}</Show>
          <Attachments files={message().attachments} />
          <Show when={!message().deleted_at} fallback={<p class="text gone">{t("message.deleted")}</p>}>
            <Cards cards={message().cards ?? []} />
            <Show when={message().words ?? message().text}><p class="text"><Show when={message().mentions} fallback={<LinkedText text={message().words ?? message().text} marks={find.marksOf(message().id)} />}>{(mentions) => <Mentioned text={message().text} mentions={mentions()} marks={find.marksOf(message().id)} />}</Show></p></Show>
          </Show>
          <span class="meta">
            <Show when={message().edited_at}><span>{t("message.edited")}</span></Show>
            <time datetime={message().written_at} title={dateTime(locale(), message().written_at)}>{time(locale(), message().written_at)}</time>
            <Show when={ours()}><State message={message()} /></Show>
          </span>
          <Reactions message={message()} />
          <MessageMenu message={message()} />
        </div>
        <Show when={aside()}><div class="reached">{aside()}</div></Show>
        <Show when={why()}><div class="why">{why()} <Retry message={message()} /></div></Show>
      </article>
    </Show>
  );
}
