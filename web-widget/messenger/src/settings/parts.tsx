import { createEffect, createResource, For, type JSX, Match, onCleanup, Show, Switch } from "solid-js";
import { problemText, t } from "../i18n.ts";
import { follow } from "../route.ts";
import { titled } from "../state/title.ts";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";

/** A step of the way to a page; the last one is where one is. */
export type Crumb = { text: string; href?: string };

/** A page's title, the way to it, and what can be done first. */
export function Head(props: { title: string; lead?: string; crumbs?: Crumb[]; children?: JSX.Element }) {
  createEffect(() => titled(props.title));
  onCleanup(() => titled(""));
  return (
    <>
      <Show when={props.crumbs}>
        {(crumbs) => (
          <nav class="crumbs" aria-label={t("crumbs.label")}>
            <ol><For each={crumbs()}>{(one) => <li><Show when={one.href} fallback={<span aria-current="page">{one.text}</span>}>{(href) => <a href={href()} onClick={follow}>{one.text}</a>}</Show></li>}</For></ol>
          </nav>
        )}
      </Show>
      <header class="page-head"><div><h2>{props.title}</h2><Show when={props.lead}><p>{props.lead}</p></Show></div>{props.children}</header>
    </>
  );
}

export function ErrorLine(props: { text: string | null }) {
  return <Show when={props.text}><p class="alert" role="alert"><Icon name="alert" small />{props.text}</p></Show>;
}

/** What is loaded once and asked for again after a change. */
export function createLoaded<Value>(load: () => Promise<Value>) {
  const [value, { refetch }] = createResource(load);
  return { value: () => (value.error ? undefined : value.latest), error: () => value.error as unknown, again: () => void refetch(), loading: () => value.loading };
}

export function Loaded<Value>(props: { from: ReturnType<typeof createLoaded<Value>>; empty?: JSX.Element; isEmpty?: (value: Value) => boolean; children: (value: () => Value) => JSX.Element }) {
  return (
    <Switch fallback={<div class="loading" role="status" aria-label={t("app.loading")}><i class="spinner" /></div>}>
      <Match when={props.from.error()}>
        <Empty icon="offline" title={problemText(props.from.error())}><button type="button" class="button" onClick={() => props.from.again()}>{t("common.retry")}</button></Empty>
      </Match>
      <Match when={props.from.value()}>
        {(value) => <Show when={!props.isEmpty?.(value())} fallback={props.empty}>{props.children(() => value())}</Show>}
      </Match>
    </Switch>
  );
}

export function CopyButton(props: { text: string }) {
  let done!: HTMLSpanElement;
  const copy = async () => {
    await navigator.clipboard.writeText(props.text).catch(() => undefined);
    done.textContent = t("common.copied");
  };
  return <button type="button" class="button" onClick={() => void copy()}><Icon name="copy" small /><span ref={(made) => (done = made)} role="status">{t("common.copy")}</span></button>;
}

export function Copy(props: { text: string; label: string }) {
  return (
    <div class="copy">
      <code tabindex="0" aria-label={props.label}>{props.text}</code>
      <CopyButton text={props.text} />
    </div>
  );
}
