import { For, Show } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { brief, dateTime, waiting } from "@kommutator/shared/format.ts";
import { locale, t, titleOf, type WordKey } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { now } from "../state/clock.ts";
import { useDesk } from "../state/desk.ts";
import { draftOf } from "../state/drafts.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import type { Deed } from "../types.ts";
import type { Picking } from "./Rows.tsx";

const ATTACHMENTS: Record<string, WordKey> = { image: "preview.image", audio: "preview.audio", video: "preview.video", file: "preview.file", contact: "preview.contact", location: "preview.location", post: "preview.post", call: "preview.call", unknown: "preview.unknown" };

/** Who said it, what kind of file, the words. */
export function previewText(one: ConversationView): string {
  const preview = one.preview;
  if (!preview) return t("list.noMessages");
  const kind = preview.attachment ? ATTACHMENTS[preview.attachment] : undefined;
  return [kind && t(kind), preview.text].filter(Boolean).join(" · ") || t("message.deleted");
}

/** What one does without opening it. */
function Quick(props: { one: ConversationView }) {
  const desk = useDesk();
  const unread = () => props.one.unread > 0 || props.one.marked_unread;
  const closed = () => props.one.status === "closed";
  const perform = (event: MouseEvent, deed: Deed) => {
    event.preventDefault();
    event.stopPropagation();
    void desk.perform([props.one.id], deed);
  };
  return (
    <span class="quick">
      <Show when={props.one.assignee === null && !closed()}>
        <button type="button" tabindex="-1" aria-label={t("thread.take")} title={t("thread.take")} onClick={(event) => perform(event, { do: "assign", user: desk.me().id })}><Icon name="mine" small /></button>
      </Show>
      <button type="button" tabindex="-1" aria-label={t(unread() ? "bulk.read" : "row.unread")} title={t(unread() ? "bulk.read" : "row.unread")} onClick={(event) => perform(event, { do: unread() ? "read" : "unread" })}><Icon name={unread() ? "checks" : "unread"} small /></button>
      <button type="button" tabindex="-1" aria-label={t(closed() ? "thread.reopen" : "thread.close")} title={t(closed() ? "thread.reopen" : "thread.close")} onClick={(event) => perform(event, { do: closed() ? "reopen" : "close" })}><Icon name={closed() ? "reopen" : "done"} small /></button>
    </span>
  );
}

type Props = { conversation: ConversationView; top: number; selected: boolean; position: number; total: number; picking: Picking };

export function Row(props: Props) {
  const desk = useDesk();
  const one = () => props.conversation;
  const name = () => titleOf(one().title);
  const typing = () => desk.typing().get(one().id);
  const draft = () => (props.selected ? "" : draftOf(one().id));
  /** Who wrote it, where it is not the customer; of what was written outside nobody may know. */
  const who = () => {
    const { author, direction } = one().preview ?? {};
    return author && direction !== "inbound" ? `${author === desk.me().name ? t("list.you") : author}: ` : "";
  };
  const picked = () => props.picking.picked().has(one().id);
  const mark = () => desk.marks.of(one().id);
  let shift = false;
  const tags = () => desk.tags().filter((tag) => one().tags.includes(tag.id));
  return (
    <li class="place" style={{ transform: `translateY(${props.top}px)` }} aria-posinset={props.position} aria-setsize={props.total}>
      <a class="row" classList={{ selected: props.selected, closed: one().status === "closed", fresh: one().unread > 0 || one().marked_unread, picked: picked() }} href={chatPath(one().id)} onClick={follow}
        aria-current={props.selected ? "true" : undefined} data-id={one().id}>
        <span class="face">
          <Avatar name={one().title} seed={one().identity ?? one().id} kind={one().channel_kind} picture={one().picture_url} />
          <input type="checkbox" tabindex="-1" checked={picked()} aria-label={t("bulk.pick", { name: name() })}
            onClick={(event) => { event.stopPropagation(); shift = event.shiftKey; }} onChange={() => props.picking.pick(one().id, shift)} />
        </span>
        <span class="body">
          <span class="line">
            <span class="name">{name()}</span>
            <For each={tags().slice(0, 3)}>{(tag) => <i class={`tag-dot colour-${tag.colour}`} title={tag.name} role="img" aria-label={tag.name} />}</For>
            <Show when={mark().pinned}><Icon name="pin" small /></Show>
            <Show when={mark().muted}><Icon name="mute" small /></Show>
            <Show when={one().preview?.direction === "note"}><Icon name="lock" small /></Show>
            <Show when={one().snoozed_until} fallback={<time datetime={one().active_at}>{brief(locale(), one().active_at, now())}</time>}>
              {(until) => <time datetime={until()} class="until" title={t("snooze.until", { time: dateTime(locale(), until()) })}><Icon name="snooze" small />{dateTime(locale(), until())}</time>}
            </Show>
          </span>
          <span class="line">
            <Show when={typing() === undefined} fallback={<span class="words typing">{t("thread.typing", { name: typing() || t("thread.customer") })}</span>}>
              <span class="words">
                <Show when={one().place_title !== one().title && one().place_title}><b>{one().place_title} · </b></Show>
                <Show when={draft()} fallback={<>{who()}{previewText(one())}</>}><em>{t("list.draft")}: </em>{draft()}</Show>
              </span>
            </Show>
            <Show when={one().unanswered_since}>
              {(since) => <span class="wait" classList={{ overdue: one().overdue }} title={`${one().overdue ? `${t("row.overdue")}. ` : ""}${t("list.waits", { time: waiting(locale(), since(), now()) })}`}><Icon name="clock" small />{waiting(locale(), since(), now())}</span>}
            </Show>
            <Show when={one().unread > 0} fallback={<Show when={one().marked_unread}><span class="pill dot" role="img" aria-label={t("row.marked")} title={t("row.marked")} /></Show>}>
              <span class="pill" aria-label={t("list.unread", { n: one().unread })}>{one().unread > 99 ? "99+" : one().unread}</span>
            </Show>
          </span>
        </span>
        <Quick one={one()} />
      </a>
    </li>
  );
}
