import { type Component, createSignal, type JSX, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import { problemText, t } from "../i18n.ts";
import { Empty } from "./Empty.tsx";

/**
 * Makes a component of one that is fetched when it is first shown: what few open is in nobody's first load. `quiet`: meanwhile nothing
 * stands in its place.
 */
export function later<Props extends object = object>(fetch: () => Promise<Component<Props>>, quiet = false): (props: Props) => JSX.Element {
  const [made, setMade] = createSignal<Component<Props>>();
  const [failed, setFailed] = createSignal<unknown>(null);
  const ask = () => {
    setFailed(null);
    fetch().then((component) => setMade(() => component), setFailed);
  };
  return (props: Props) => {
    if (!made()) ask();
    return (
      <Show when={made()} fallback={
        <Show when={failed()} fallback={<Show when={!quiet}><div class="loading" role="status" aria-label={t("app.loading")}><i class="spinner" /></div></Show>}>
          {(why) => <Empty icon="offline" title={problemText(why())}><button type="button" class="button" onClick={() => location.reload()}>{t("common.retry")}</button></Empty>}
        </Show>
      }>
        {(component) => <Dynamic component={component()} {...props} />}
      </Show>
    );
  };
}
