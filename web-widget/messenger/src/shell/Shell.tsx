import { createEffect, createSignal, Match, on, onCleanup, onMount, Show, Switch } from "solid-js";
import { locale, t } from "../i18n.ts";
import { List } from "../list/List.tsx";
import { route, navigate } from "../route.ts";
import { isAway } from "../state/absence.ts";
import { setAway } from "../state/away.ts";
import { useDesk } from "../state/desk.ts";
import { loadKinds } from "../state/kinds.ts";
import { page, titleOf } from "../state/title.ts";
import { firstTo, writeFirst } from "../state/first.ts";
import { ThreadPane } from "../thread/ThreadPane.tsx";
import { Empty } from "../ui/Empty.tsx";
import { later } from "../ui/Later.tsx";
import { Help } from "./Help.tsx";
import { LinkBar } from "./LinkBar.tsx";
import { NotifyBar } from "./NotifyBar.tsx";
import { Palette } from "./Palette.tsx";
import { Rail } from "./Rail.tsx";

const Home = later(() => import("../home/Home.tsx").then((file) => file.Home));
const Customers = later(() => import("../customers/Customers.tsx").then((file) => file.Customers));
const WriteFirst = later(() => import("../customers/WriteFirst.tsx").then((file) => file.WriteFirst));
const Settings = later(() => import("../settings/Settings.tsx").then((file) => file.Settings));

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function Shell() {
  const desk = useDesk();
  const [help, setHelp] = createSignal(false);
  const [palette, setPalette] = createSignal(false);
  const open = () => {
    const now = route();
    return now.name === "chats" ? now.conversation : null;
  };

  const inCustomer = () => {
    const now = route();
    return now.name === "customers" && now.id !== null;
  };

  createEffect(() => {
    const waiting = desk.conversations.counters()?.unanswered ?? 0;
    document.title = titleOf(page(), t("app.name"), waiting);
  });

  // What channels are called, in another language.
  createEffect(on(locale, () => void loadKinds().catch(() => undefined), { defer: true }));

  const key = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      setPalette(true);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && open() && !inField(event.target) && !document.querySelector("dialog[open]")) navigate("/");
    if (inField(event.target)) return;
    if (event.code === "KeyO" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      void setAway(!isAway(desk.self()), null);
    }
    if (event.code === "KeyC" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      writeFirst("");
    }
    if (event.key === "?") {
      event.preventDefault();
      setHelp(true);
    }
  };
  onMount(() => window.addEventListener("keydown", key));
  onCleanup(() => window.removeEventListener("keydown", key));

  return (
    <div class="shell" classList={{ "in-thread": open() !== null || inCustomer(), "in-settings": route().name === "settings" }}>
      <Rail help={() => setHelp(true)} />
      <div class="stage">
        <div class="bars"><LinkBar /><NotifyBar /></div>
        <Switch>
          <Match when={route().name === "settings"}><Settings /></Match>
          <Match when={route().name === "home" && desk.isAdmin()}><Home /></Match>
          <Match when={route().name === "home"}><Empty icon="lock" title={t("settings.denied")} text={t("settings.denied.text")} /></Match>
          <Match when={route().name === "customers"}><Customers /></Match>
          <Match when={route().name === "chats"}>
            <div class="chats">
              <List selected={open()} />
              <main class="pane" id="thread">
                <Show when={open()} keyed fallback={<><h1 class="sr">{t("rail.chats")}</h1><Empty icon="message" title={t("thread.pick")} text={t("thread.pick.text")} /></>}>
                  {(id) => <ThreadPane id={id} />}
                </Show>
              </main>
            </div>
          </Match>
        </Switch>
      </div>
      <Show when={palette()}><Palette close={() => setPalette(false)} help={() => setHelp(true)} /></Show>
      <Show when={firstTo() !== null}><div class="float"><WriteFirst /></div></Show>
      <Show when={help()}><Help close={() => setHelp(false)} /></Show>
    </div>
  );
}
