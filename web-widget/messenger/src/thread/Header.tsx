import { createSignal, For, Show } from "solid-js";
import { t, titleOf } from "../i18n.ts";
import { follow } from "../route.ts";
import { awayText } from "../state/away.ts";
import { useDesk } from "../state/desk.ts";
import type { Deed } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { later } from "../ui/Later.tsx";
import { Menu } from "../ui/Menu.tsx";
import type { Actions } from "./actions.ts";
import { useThread } from "./context.ts";
import { Listing } from "./Listing.tsx";
import { assignItems, snoozeItems, tagItems } from "./items.tsx";

const GoToDate = later(() => import("./GoToDate.tsx").then((file) => file.GoToDate), true);

/** Colleagues who look at this conversation too. */
function Lookers() {
  const desk = useDesk();
  const { id } = useThread();
  const others = () => desk.lookers.of(id);
  const names = () => others().map((one) => one.name).join(", ");
  return (
    <Show when={others().length > 0}>
      <span class="lookers" role="img" aria-label={t("thread.lookers", { names: names() })} title={t("thread.lookers", { names: names() })}>
        <For each={others().slice(0, 3)}>{(one) => <Avatar name={one.name} seed={one.id} />}</For>
      </span>
    </Show>
  );
}

export function Header(props: { actions: Actions; card: boolean; setCard: (on: boolean) => void }) {
  const desk = useDesk();
  const { id, conversation, find, fresh, goTo } = useThread();
  const [dating, setDating] = createSignal(false);
  const perform = (deed: Deed) => props.actions.perform(deed);
  const give = (user: string | null) => perform({ do: "assign", user });
  const putAside = (until: string | null) => perform({ do: "snooze", until });
  const closed = () => conversation()?.status === "closed";
  const mine = () => conversation()?.assignee === desk.me().id;
  const mark = () => desk.marks.of(id);
  const answers = (user: string) => {
    const name = desk.colleagues().find((one) => one.id === user)?.name;
    const away = awayText(desk.colleagues().find((one) => one.id === user));
    return name ? t("thread.takenBy", { name: away ? `${name} (${away})` : name }) : t("thread.taken");
  };
  const about = () => {
    const one = conversation();
    if (!one) return "";
    const typing = desk.typing().get(one.id);
    if (typing !== undefined) return t("thread.typing", { name: typing || t("thread.customer") });
    const who = mine() ? t("thread.mine") : one.assignee ? answers(one.assignee) : "";
    return [one.blocked ? t("thread.blocked") : "", one.channel_name, one.place_title === one.title ? "" : one.place_title, closed() ? t("thread.closed") : "", who].filter(Boolean).join(" · ");
  };
  return (
    <>
    <header class="head">
      <a class="ghost back" href="/" onClick={follow} aria-label={t("thread.back")}><Icon name="back" /></a>
      <Show when={conversation()} fallback={<><div class="who" /><div class="actions-bar" /></>}>
        {(one) => (
          <>
            <Avatar name={one().title} seed={one().identity ?? one().id} kind={one().channel_kind} picture={one().picture_url} />
            <Listing of={one()} />
            <div class="who"><h1>{titleOf(one().title)}</h1><p>{about()}</p></div>
            <Lookers />
            <div class="actions-bar">
              <Menu label={t("assign.label")} title={`${t("assign.label")} (A)`} on={one().assignee !== null} opened={() => void desk.loadColleagues()} items={() => assignItems(desk, one().assignee, give)}><Icon name="mine" /></Menu>
              <Menu label={t("snooze.label")} title={`${t("snooze.label")} (H)`} on={one().snoozed_until !== undefined} items={() => snoozeItems(one().snoozed_until, putAside)} ref={(made) => props.actions.menus.set("snooze", made)}><Icon name="snooze" /></Menu>
              <button type="button" class="ghost" title={`${closed() ? t("thread.reopen") : t("thread.close")} (E)`} aria-label={closed() ? t("thread.reopen") : t("thread.close")} onClick={() => props.actions.toggle()}><Icon name={closed() ? "reopen" : "done"} /></button>
              <Menu label={t("tags.put")} title={`${t("tags.put")} (T)`} on={one().tags.length > 0} items={() => tagItems(desk, one().tags, perform)} ref={(made) => props.actions.menus.set("tags", made)}><Icon name="tag" /></Menu>
              <Menu label={t("thread.more")} items={() => [
                { text: t("find.label"), icon: "search", hint: "Ctrl+F", act: () => find.start() },
                { text: t("thread.toDate"), icon: "calendar", act: () => setDating(true) },
                fresh() !== null && { text: t("thread.toUnread"), icon: "unread", act: () => goTo({ id: fresh() ?? "", block: "start" }) },
                { text: t(mark().pinned ? "row.unpin" : "row.pin"), icon: "pin", line: true, act: () => void desk.marks.change(id, { pinned: !mark().pinned }) },
                { text: t(mark().muted ? "row.unmute" : "row.mute"), icon: mark().muted ? "sound" : "mute", act: () => void desk.marks.change(id, { muted: !mark().muted }) },
                { text: t("row.unread"), icon: "unread", hint: "U", act: () => props.actions.unread() },
                { text: t("thread.link"), icon: "copy", act: () => props.actions.copyLink() },
                { text: t(one().blocked ? "thread.unblock" : "thread.block"), icon: "lock", line: true, danger: !one().blocked, act: () => void props.actions.block() },
              ]}><Icon name="dots" /></Menu>
              <button type="button" class="ghost" classList={{ on: props.card }} title={t("thread.card")} aria-label={t("thread.card")} aria-expanded={props.card} onClick={() => props.setCard(!props.card)}><Icon name="panel" /></button>
            </div>
          </>
        )}
      </Show>
    </header>
    <Show when={dating()}><GoToDate close={() => setDating(false)} /></Show>
    </>
  );
}
