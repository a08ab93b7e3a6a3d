import { createSignal, onCleanup, onMount, Show } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { follow, navigate, route } from "../route.ts";
import { inAnHour, isAway, tomorrow } from "../state/absence.ts";
import { settleRemovals } from "../settings/removals.ts";
import { moment, setAway } from "../state/away.ts";
import { useDesk } from "../state/desk.ts";
import { dropPushes } from "../state/push.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import logo from "../icon.svg?url";

function UserMenu(props: { help: () => void }) {
  const desk = useDesk();
  const [open, setOpen] = createSignal(false);
  let box!: HTMLDivElement;
  const outside = (event: Event) => {
    if (!box.contains(event.target as Node)) setOpen(false);
  };
  onMount(() => document.addEventListener("pointerdown", outside));
  onCleanup(() => document.removeEventListener("pointerdown", outside));
  const away = () => isAway(desk.self());
  const awayNow = () => { const until = desk.self()?.away_until; return until ? t("away.until", { time: moment(until) }) : t("away.now"); };
  const pick = (act: () => void) => () => {
    setOpen(false);
    act();
  };
  const leave = async () => {
    await settleRemovals().catch(() => undefined);
    await dropPushes().catch(() => undefined);
    await api.logout().catch(() => undefined);
    desk.end();
    navigate("/");
  };
  return (
    <div class="user" ref={(made) => (box = made)} onKeyDown={(event) => { if (event.key === "Escape" && open()) { event.stopPropagation(); setOpen(false); } }}>
      <button type="button" class="face" aria-haspopup="true" aria-expanded={open()} aria-label={t("rail.user", { name: desk.me().name })} onClick={() => setOpen(!open())}>
        <Avatar name={desk.me().name} seed={desk.me().id} />
        <span class="dot" classList={{ on: desk.status().kind === "ready", away: away() }} />
      </button>
      <Show when={open()}>
        <div class="menu">
          <p><b>{desk.me().name}</b><span>{desk.me().email}</span><Show when={away()}><em>{awayNow()}</em></Show></p>
          <Show when={away()} fallback={
            <>
              <button type="button" onClick={pick(() => void setAway(true, null))}><Icon name="away" small />{t("away.on")}<kbd>O</kbd></button>
              <button type="button" onClick={pick(() => void setAway(true, inAnHour(new Date())))}><Icon name="clock" small />{t("away.for")}</button>
              <button type="button" onClick={pick(() => void setAway(true, tomorrow(new Date())))}><Icon name="snooze" small />{t("away.today")}</button>
            </>
          }>
            <button type="button" onClick={pick(() => void setAway(false, null))}><Icon name="again" small />{t("away.off")}<kbd>O</kbd></button>
          </Show>
          <hr />
          <button type="button" onClick={pick(() => navigate("/settings/profile"))}><Icon name="user" small />{t("rail.profile")}</button>
          <button type="button" onClick={pick(() => navigate("/settings/notifications"))}><Icon name="sound" small />{t("rail.notices")}</button>
          <button type="button" onClick={pick(() => props.help())}><Icon name="keyboard" small />{t("rail.help")}</button>
          <button type="button" onClick={pick(() => void leave())}><Icon name="logout" small />{t("rail.logout")}</button>
        </div>
      </Show>
    </div>
  );
}

export function Rail(props: { help: () => void }) {
  const desk = useDesk();
  const waiting = () => desk.conversations.counters()?.unanswered ?? 0;
  return (
    <nav class="rail" aria-label={t("rail.main")}>
      <img class="logo" src={logo} alt={t("app.name")} width="32" height="32" />
      <Show when={desk.isAdmin()}>
        <a href="/home" onClick={follow} title={t("rail.home")} aria-current={route().name === "home" ? "page" : undefined}>
          <Icon name="home" /><span class="text">{t("rail.home")}</span>
        </a>
      </Show>
      <a href="/" onClick={follow} title={t("rail.chats")} aria-current={route().name === "chats" ? "page" : undefined}>
        <Icon name="chats" /><span class="text">{t("rail.chats")}</span>
        <Show when={waiting() > 0}><span class="count" data-testid="unanswered">{waiting() > 99 ? "99+" : waiting()}</span></Show>
      </a>
      <a href="/customers" onClick={follow} title={t("rail.customers")} aria-current={route().name === "customers" ? "page" : undefined}>
        <Icon name="people" /><span class="text">{t("rail.customers")}</span>
      </a>
      <a href="/settings" onClick={follow} title={t("rail.settings")} aria-current={route().name === "settings" ? "page" : undefined}>
        <Icon name="settings" /><span class="text">{t("rail.settings")}</span>
      </a>
      <UserMenu help={() => props.help()} />
    </nav>
  );
}
