import { createSignal, For, Match, onCleanup, Show, Switch } from "solid-js";
import { t, type WordKey } from "../i18n.ts";
import { follow, navigate, route, setGuard } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Confirm } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { Footnote } from "../ui/footnote.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Audit } from "./Audit.tsx";
import { Channel } from "./Channel.tsx";
import { Channels } from "./Channels.tsx";
import { NewChannel } from "./NewChannel.tsx";
import { dirty, setDirty } from "./form.ts";
import { People } from "./People.tsx";
import { Notifications } from "./Notifications.tsx";
import { Connection } from "./outgoing/Connection.tsx";
import { NewOutgoing } from "./outgoing/NewOutgoing.tsx";
import { Outgoing } from "./outgoing/Outgoing.tsx";
import { PAGES, pagesFor } from "./pages.ts";
import { Profile } from "./Profile.tsx";
import { Quarantine } from "./Quarantine.tsx";
import { Replies } from "./Replies.tsx";
import { Tags } from "./Tags.tsx";
import { Tokens } from "./Tokens.tsx";
import { Wizard } from "./Wizard.tsx";
import { NewWebhook, Webhook } from "./webhooks/Webhook.tsx";
import { Webhooks } from "./webhooks/Webhooks.tsx";
import { Workspace } from "./Workspace.tsx";

export function Settings() {
  const desk = useDesk();
  const [leaving, setLeaving] = createSignal<(() => void) | null>(null);
  const pages = () => pagesFor(desk.isAdmin());
  const page = () => {
    const now = route();
    return now.name === "settings" ? now.page : null;
  };
  const item = () => {
    const now = route();
    return now.name === "settings" ? now.item : null;
  };
  // On a wide screen some page is always open; a phone shows the list first.
  const shown = () => page() ?? (matchMedia("(min-width: 761px)").matches ? (desk.isAdmin() ? "channels" : "profile") : null);
  const denied = () => PAGES.some((one) => one.page === page() && one.admin && !desk.isAdmin());
  const title = () => {
    const now = shown();
    return now ? t(`settings.${now}` satisfies WordKey) : t("settings.title");
  };

  setGuard({ blocks: dirty, ask: (go) => setLeaving(() => go) });
  onCleanup(() => setGuard(null));

  return (
    <div class="settings" classList={{ chosen: page() !== null }}>
      <nav class="pages" aria-label={t("settings.title")}>
        <h1>{t("settings.title")}</h1>
        <For each={pages()}>
          {(one, at) => (
            <>
              <Show when={one.own && !pages()[at() - 1]?.own}><h2>{t("settings.own")}</h2></Show>
              <a href={`/settings/${one.page}`} onClick={follow} aria-current={shown() === one.page ? "page" : undefined}><Icon name={one.icon} small />{t(`settings.${one.page}` satisfies WordKey)}</a>
            </>
          )}
        </For>
      </nav>
      <main class="page">
        <a class="ghost back" href="/settings" onClick={follow} aria-label={t("settings.title")}><Icon name="back" /></a>
        <Show when={!denied()} fallback={<Empty icon="lock" title={t("settings.denied")} text={t("settings.denied.text")} />}>
          <Switch>
            <Match when={shown() === "profile"}><Profile /></Match>
            <Match when={shown() === "notifications"}><Notifications /></Match>
            <Match when={shown() === "workspace"}><Workspace /></Match>
            <Match when={shown() === "setup"}><Wizard /></Match>
            <Match when={shown() === "channels" && item() === "new"}><NewChannel /></Match>
            <Match when={shown() === "channels" && item()} keyed>{(id) => <Channel id={id} />}</Match>
            <Match when={shown() === "channels"}><Channels /></Match>
            <Match when={shown() === "outgoing" && item() === "new"}><NewOutgoing /></Match>
            <Match when={shown() === "outgoing" && item()} keyed>{(id) => <Connection id={id} />}</Match>
            <Match when={shown() === "outgoing"}><Outgoing /></Match>
            <Match when={shown() === "people"}><People /></Match>
            <Match when={shown() === "replies"}><Replies /></Match>
            <Match when={shown() === "tags"}><Tags /></Match>
            <Match when={shown() === "tokens"}><Tokens /></Match>
            <Match when={shown() === "webhooks" && item() === "new"}><NewWebhook /></Match>
            <Match when={shown() === "webhooks" && item()} keyed>{(id) => <Webhook id={id} />}</Match>
            <Match when={shown() === "webhooks"}><Webhooks /></Match>
            <Match when={shown() === "audit"}><Audit /></Match>
            <Match when={shown() === "quarantine"}><Quarantine /></Match>
          </Switch>
        </Show>
        <Footnote />
      </main>
      <Show when={leaving()}>
        <Confirm title={title()} text={t("common.unsaved")} action={t("common.leave")} stay={t("common.stay")} danger
          done={(yes) => {
            const go = leaving();
            setLeaving(null);
            if (!yes) return;
            setDirty(false);
            if (go) go();
            else navigate("/settings");
          }} />
      </Show>
    </div>
  );
}
