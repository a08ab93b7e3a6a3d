import { createSignal, For, onCleanup, Show } from "solid-js";
import { dateTime, waiting } from "@kommutator/shared/format.ts";
import { locale, reasonText, t } from "../i18n.ts";
import { chatPath } from "../route.ts";
import { Health } from "../settings/Channels.tsx";
import { createLoaded, Head, Loaded } from "../settings/parts.tsx";
import { State } from "../settings/webhooks/Webhooks.tsx";
import { useDesk } from "../state/desk.ts";
import { Failures } from "./Failures.tsx";
import { Card, Line, Quiet } from "./lists.tsx";
import { isOverdue, look, type Looked } from "./look.ts";
import { Numbers } from "./Numbers.tsx";
import { Path } from "./Path.tsx";
import { People } from "./People.tsx";

/** What came meanwhile is told at once; all else is looked at so often. */
const LOOK_MS = 20_000;
const SOON_MS = 700;

function Waits(props: { found: Looked; now: number }) {
  const late = () => props.found.waiting.filter((one) => isOverdue(one.unanswered_since, props.now)).length;
  return (
    <Card title={t("home.waits")} href="/">
      <ul class="numbers-of">
        <li data-testid="home-unanswered"><b>{props.found.counters.unanswered}</b><span>{t("home.unanswered")}</span></li>
        <li><b>{props.found.counters.unassigned}</b><span>{t("home.unassigned")}</span></li>
        <li classList={{ bad: late() > 0 }}><b>{late() === props.found.waiting.length && late() > 0 && props.found.counters.unanswered > late() ? `${late()}+` : late()}</b><span>{t("home.overdue")}</span></li>
      </ul>
      <Show when={props.found.waiting.length > 0} fallback={<Quiet text={t("home.waits.none")} />}>
        <ul class="lines-of">
          <For each={props.found.waiting}>
            {(one) => <Line icon="clock" href={chatPath(one.id)} title={one.title || t("list.noName")} about={one.preview?.text ?? ""} bad={isOverdue(one.unanswered_since, props.now)}><Show when={one.unanswered_since}>{(since) => <small class="time">{waiting(locale(), since(), props.now)}</small>}</Show></Line>}
          </For>
        </ul>
      </Show>
    </Card>
  );
}

function Stuck(props: { found: Looked }) {
  const none = () => props.found.quarantine + props.found.letters.length + props.found.webhooks.failing.length === 0;
  return (
    <Card title={t("home.stuck")}>
      <Show when={!none()} fallback={<Quiet text={t("home.stuck.none")} />}>
        <ul class="lines-of">
          <Show when={props.found.quarantine > 0}><Line icon="quarantine" bad href="/settings/quarantine" title={t("home.quarantine", { n: props.found.quarantine })} /></Show>
          <Show when={props.found.letters[0]}>{(letter) => <Line icon="mail" bad href="/settings/workspace" title={t("home.letters", { n: props.found.letters.length })} about={reasonText(letter().reason)} />}</Show>
          <For each={props.found.webhooks.failing}>{(one) => <Line icon="send" bad href={`/settings/webhooks/${one.id}`} title={one.name} about={reasonText(one.reason)}><State webhook={one} /></Line>}</For>
        </ul>
      </Show>
    </Card>
  );
}

function Channels(props: { found: Looked }) {
  return (
    <Card title={t("settings.channels")} href="/settings/channels">
      <Show when={props.found.channels.length > 0} fallback={<p class="help">{t("channels.empty")}</p>}>
        <ul class="lines-of"><For each={props.found.channels.slice(0, 8)}>{(one) => <Line icon={one.kind === "site_widget" ? "globe" : "channel"} href={`/settings/channels/${one.id}`} title={one.name} about={reasonText(one.health.reason)}><Health channel={one} /></Line>}</For></ul>
      </Show>
    </Card>
  );
}

function Steps(props: { found: Looked }) {
  const steps = () => [
    { done: !!props.found.setup.widget, text: t("wizard.widget") },
    { done: !!props.found.setup.first, text: t("wizard.message") },
    { done: props.found.setup.invited, text: t("wizard.people") },
  ];
  return (
    <Show when={steps().some((one) => !one.done)}>
      <Card title={t("home.steps")} href="/settings/setup">
        <ul class="lines-of"><For each={steps()}>{(one) => <Line icon={one.done ? "check" : "right"} href="/settings/setup" title={<span classList={{ done: one.done }}>{one.text}</span>} />}</For></ul>
      </Card>
    </Show>
  );
}

/** «Обзор»: what waits, how the day goes, what did not go out, what is stuck, how the channels are, who is here. */
export function Home() {
  const desk = useDesk();
  let many = 0;
  const found = createLoaded(() => look(many));
  const [now, setNow] = createSignal(Date.now());
  let soon: ReturnType<typeof setTimeout> | undefined;
  const again = () => {
    clearTimeout(soon);
    soon = setTimeout(() => { setNow(Date.now()); found.again(); }, SOON_MS);
  };
  onCleanup(desk.listen({ message: again, reload: again }));
  const timer = setInterval(() => { if (!document.hidden) again(); }, LOOK_MS);
  onCleanup(() => { clearInterval(timer); clearTimeout(soon); });
  return (
    <main class="page home">
      <h1 class="sr">{t("home.title")}</h1>
      <Head title={t("home.title")} lead={t("home.lead", { time: dateTime(locale(), now()) })} />
      <Loaded from={found}>
        {(all) => (
          <>
            <Path found={all()} />
            <div class="cards-of"><Steps found={all()} /><Waits found={all()} now={now()} /><Numbers found={all().overview} now={now()} /><Failures found={all().failed} shown={(wanted) => { many = wanted; again(); }} /><Stuck found={all()} /><Channels found={all()} /><People /></div>
          </>
        )}
      </Loaded>
    </main>
  );
}
