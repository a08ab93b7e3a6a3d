import { Show } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { brief, waiting } from "@kommutator/shared/format.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { now } from "../state/clock.ts";
import { useDesk } from "../state/desk.ts";
import { draftOf } from "../state/drafts.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";

const ATTACHMENTS: Record<string, WordKey> = { image: "preview.image", audio: "preview.audio", video: "preview.video", file: "preview.file" };

/** Who said it, what kind of file, the words. */
export function previewText(one: ConversationView): string {
  const preview = one.preview;
  if (!preview) return t("list.noMessages");
  const kind = preview.attachment ? ATTACHMENTS[preview.attachment] : undefined;
  return [kind && t(kind), preview.text].filter(Boolean).join(" · ");
}

export function Row(props: { conversation: ConversationView; top: number; selected: boolean; position: number; total: number }) {
  const desk = useDesk();
  const one = () => props.conversation;
  const name = () => one().title || t("list.noName");
  const typing = () => desk.typing().get(one().id);
  const draft = () => (props.selected ? "" : draftOf(one().id));
  const who = () => (one().preview && one().preview?.direction !== "inbound" ? `${one().preview?.author === desk.me().name ? t("list.you") : one().preview?.author}: ` : "");
  return (
    <li class="place" style={{ transform: `translateY(${props.top}px)` }} aria-posinset={props.position} aria-setsize={props.total}>
      <a class="row" classList={{ selected: props.selected, closed: one().status === "closed", fresh: one().unread > 0 }} href={chatPath(one().id)} onClick={follow}
        aria-current={props.selected ? "true" : undefined} data-id={one().id}>
        <Avatar name={one().title} seed={one().identity ?? one().id} kind={one().channel_kind} />
        <span class="body">
          <span class="line">
            <span class="name">{name()}</span>
            <Show when={one().preview?.direction === "note"}><Icon name="lock" small /></Show>
            <time datetime={one().active_at}>{brief(locale(), one().active_at, now())}</time>
          </span>
          <span class="line">
            <Show when={typing() === undefined} fallback={<span class="words typing">{t("thread.typing", { name: typing() || t("thread.customer") })}</span>}>
              <span class="words">
                <Show when={one().place_title}><b>{one().place_title} · </b></Show>
                <Show when={draft()} fallback={<>{who()}{previewText(one())}</>}><em>{t("list.draft")}: </em>{draft()}</Show>
              </span>
            </Show>
            <Show when={one().unanswered_since}>
              {(since) => <span class="wait" title={t("list.waits", { time: waiting(locale(), since(), now()) })}><Icon name="clock" small />{waiting(locale(), since(), now())}</span>}
            </Show>
            <Show when={one().unread > 0}><span class="pill" aria-label={t("list.unread", { n: one().unread })}>{one().unread > 99 ? "99+" : one().unread}</span></Show>
          </span>
        </span>
      </a>
    </li>
  );
}
