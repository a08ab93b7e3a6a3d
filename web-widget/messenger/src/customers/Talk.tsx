import { Show } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { brief } from "@kommutator/shared/format.ts";
import { locale, t } from "../i18n.ts";
import { previewText } from "../list/Row.tsx";
import { chatPath, follow } from "../route.ts";
import { now } from "../state/clock.ts";
import { Avatar } from "../ui/Avatar.tsx";

/** A conversation of a customer: where it is, and what was said last. */
export function Talk(props: { one: ConversationView; seed: string }) {
  return (
    <a class="row" classList={{ closed: props.one.status === "closed" }} href={chatPath(props.one.id)} onClick={follow}>
      <Avatar name={props.one.title} seed={props.seed} kind={props.one.channel_kind} picture={props.one.picture_url} />
      <span class="body">
        <span class="line"><span class="name">{props.one.channel_name}</span><time datetime={props.one.active_at}>{brief(locale(), props.one.active_at, now())}</time></span>
        <span class="line"><span class="words"><Show when={props.one.status === "closed"}>{t("thread.closed")} · </Show>{previewText(props.one)}</span></span>
      </span>
    </a>
  );
}
