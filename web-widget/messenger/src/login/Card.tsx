import { createEffect, For, type JSX, Show } from "solid-js";
import { LOCALES } from "@kommutator/shared/i18n.ts";
import { locale, setLocale, t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import type { IconName } from "../ui/paths.ts";
import logo from "../icon.svg?url";

/** What every page before the messenger looks like. */
export function Card(props: { title: string; lead?: string | undefined; wide?: boolean; icon?: IconName; children?: JSX.Element }) {
  createEffect(() => (document.title = `${props.title} · ${t("app.name")}`));
  return (
    <main class="login">
      <div class="login-card" classList={{ wide: !!props.wide }}>
        <Show when={props.icon} fallback={<img class="logo" src={logo} alt="" width="44" height="44" />}>{(icon) => <span class="disc"><Icon name={icon()} /></span>}</Show>
        <h1>{props.title}</h1>
        <Show when={props.lead}><p class="lead">{props.lead}</p></Show>
        {props.children}
      </div>
      <nav class="locales" aria-label={t("profile.locale")}>
        <For each={LOCALES}>{(one) => <button type="button" aria-pressed={locale() === one} onClick={() => void setLocale(one)}>{one.toUpperCase()}</button>}</For>
      </nav>
    </main>
  );
}

/** A form of such a page: one send at a time. */
export function CardForm(props: { send: () => void; error: string | null; busy: boolean; action: string; children: JSX.Element }) {
  return (
    <form novalidate onSubmit={(event) => { event.preventDefault(); props.send(); }}>
      {props.children}
      <Show when={props.error}><p class="alert" role="alert"><Icon name="alert" small />{props.error}</p></Show>
      <button class="button main wide" disabled={props.busy}>{props.action}</button>
    </form>
  );
}
