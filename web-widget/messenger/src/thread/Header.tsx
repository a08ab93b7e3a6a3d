import { Show } from "solid-js";
import { t } from "../i18n.ts";
import { follow } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Assign } from "./Assign.tsx";
import { useThread } from "./context.ts";

export function Header(props: { toggle: () => void; assign: (user: string | null) => void; card: boolean; setCard: (on: boolean) => void }) {
  const desk = useDesk();
  const { conversation } = useThread();
  const closed = () => conversation()?.status === "closed";
  const mine = () => conversation()?.assignee === desk.me().id;
  const answers = (user: string) => {
    const name = desk.colleagues().find((one) => one.id === user)?.name;
    return name ? t("thread.takenBy", { name }) : t("thread.taken");
  };
  const about = () => {
    const one = conversation();
    if (!one) return "";
    const typing = desk.typing().get(one.id);
    if (typing !== undefined) return t("thread.typing", { name: typing || t("thread.customer") });
    const who = mine() ? t("thread.mine") : one.assignee ? answers(one.assignee) : "";
    return [one.channel_name, one.place_title, closed() ? t("thread.closed") : "", who].filter(Boolean).join(" · ");
  };
  return (
    <header class="head">
      <a class="ghost back" href="/" onClick={follow} aria-label={t("thread.back")}><Icon name="back" /></a>
      <Show when={conversation()} fallback={<div class="who" />}>
        {(one) => (
          <>
            <Avatar name={one().title} seed={one().identity ?? one().id} kind={one().channel_kind} />
            <div class="who"><h1>{one().title || t("list.noName")}</h1><p>{about()}</p></div>
            <Assign assign={props.assign} />
            <button type="button" class="ghost" title={`${closed() ? t("thread.reopen") : t("thread.close")} (E)`} aria-label={closed() ? t("thread.reopen") : t("thread.close")} onClick={() => props.toggle()}><Icon name={closed() ? "reopen" : "done"} /></button>
            <button type="button" class="ghost" classList={{ on: props.card }} title={t("thread.card")} aria-label={t("thread.card")} aria-expanded={props.card} onClick={() => props.setCard(!props.card)}><Icon name="panel" /></button>
          </>
        )}
      </Show>
    </header>
  );
}
