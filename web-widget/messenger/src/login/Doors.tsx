import { createSignal, type JSX, lazy, Match, onCleanup, onMount, Show, Suspense, Switch } from "solid-js";
import type { Me } from "@kommutator/shared/generated/protocol.ts";
import { Problem } from "../http.ts";
import { problemText, t } from "../i18n.ts";
import { type Door, follow, secretOfLink } from "../route.ts";
import { createLoaded } from "../settings/parts.tsx";
import { Card } from "./Card.tsx";

const Forgot = lazy(() => import("./Forgot.tsx").then((file) => ({ default: file.Forgot })));
const Invite = lazy(() => import("./Invite.tsx").then((file) => ({ default: file.Invite })));
const Reset = lazy(() => import("./Reset.tsx").then((file) => ({ default: file.Reset })));
const Setup = lazy(() => import("./Setup.tsx").then((file) => ({ default: file.Setup })));

/** Called with who came in, and where they go first. */
export type CameIn = (me: Me, path: string) => void;

export function Wait() {
  return <div class="splash" role="status" aria-label={t("app.loading")}><i class="spinner" /></div>;
}

/** A link that opens nothing any more. */
export function Over(props: { text: string }) {
  return (
    <Card title={t("over.title")} lead={props.text} icon="warning">
      <a class="button main wide" href="/" onClick={follow}>{t("forgot.back")}</a>
    </Card>
  );
}

const isOver = (error: unknown) => error instanceof Problem && error.status === 409;

/** What a link is about, asked once; one that is over says so. */
export function Linked<Value>(props: { look: (secret: string) => Promise<Value>; over: string; children: (value: Value, secret: string) => JSX.Element }) {
  const secret = secretOfLink();
  const found = createLoaded(() => props.look(secret));
  return (
    <Switch fallback={<Wait />}>
      <Match when={found.error()}>
        {(error) => (
          <Show when={isOver(error())} fallback={<Card title={problemText(error())} icon="offline"><button type="button" class="button main wide" onClick={() => found.again()}>{t("common.retry")}</button></Card>}>
            <Over text={props.over} />
          </Show>
        )}
      </Match>
      <Match when={found.value()} keyed>{(value) => props.children(value, secret)}</Match>
    </Switch>
  );
}

export function Doors(props: { page: Door; entered: CameIn }) {
  // A link pasted into a page that is open changes only what stands behind `#`.
  const [links, setLinks] = createSignal(0);
  const changed = () => setLinks(links() + 1);
  onMount(() => window.addEventListener("hashchange", changed));
  onCleanup(() => window.removeEventListener("hashchange", changed));
  return (
    <Suspense fallback={<Wait />}>
      <Show when={links() + 1} keyed>
        <Switch>
          <Match when={props.page === "forgot"}><Forgot /></Match>
          <Match when={props.page === "reset"}><Reset /></Match>
          <Match when={props.page === "invite"}><Invite entered={(me, path) => props.entered(me, path)} /></Match>
          <Match when={props.page === "setup"}><Setup entered={(me, path) => props.entered(me, path)} /></Match>
        </Switch>
      </Show>
    </Suspense>
  );
}
