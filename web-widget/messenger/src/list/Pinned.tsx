import { For, Show } from "solid-js";
import { t, titleOf } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Avatar } from "../ui/Avatar.tsx";

/** The conversations this manager keeps at hand, whatever the list shows. */
export function Pinned(props: { selected: string | null }) {
  const desk = useDesk();
  const all = () => desk.marks.pinned().flatMap((id) => desk.conversations.get(id) ?? []);
  return (
    <Show when={all().length > 0}>
      <ul class="pinned" aria-label={t("list.pinned")}>
        <For each={all()}>
          {(one) => (
            <li>
              <a href={chatPath(one.id)} onClick={follow} title={titleOf(one.title)} aria-current={one.id === props.selected ? "true" : undefined} classList={{ fresh: one.unread > 0 || one.marked_unread }}>
                <Avatar name={one.title} seed={one.identity ?? one.id} kind={one.channel_kind} picture={one.picture_url} />
                <span>{titleOf(one.title)}</span>
              </a>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
