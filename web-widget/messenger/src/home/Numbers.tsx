import { createMemo, createSignal, For, Show } from "solid-js";
import { locale, t } from "../i18n.ts";
import type { Overview } from "../types.ts";
import { Card, Quiet } from "./lists.tsx";
import { clockIn, columns, length, SERIES, type Series, sum } from "./numbers.ts";

const SLOT = 10;
const HIGH = 100;
/** An hour with one message is seen beside one with a thousand. */
const LEAST = 2;

/** Today over yesterday, hour by hour. Who hears the screen gets the table. */
function Chart(props: { found: Overview; series: Series; name: string; now: number }) {
  const all = createMemo(() => columns(props.found.today, props.found.yesterday, props.series, clockIn(locale(), props.found.time_zone), props.now));
  const most = () => Math.max(1, ...all().map((one) => Math.max(one.today, one.yesterday)));
  const high = (value: number) => (value === 0 ? 0 : Math.max(LEAST, (value / most()) * HIGH));
  const words = (clock: string, today: number, yesterday: number) => t("home.day.hour", { clock, today, yesterday });
  return (
    <>
      <svg class="chart-of" viewBox={`0 0 ${all().length * SLOT} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true">
        <For each={all()}>
          {(one, at) => (
            <g>
              <title>{words(one.clock, one.today, one.yesterday)}</title>
              <rect class="slot" x={at() * SLOT} y="0" width={SLOT} height={HIGH} />
              <rect class="before" x={at() * SLOT + 1} y={HIGH - high(one.yesterday)} width={SLOT - 2} height={high(one.yesterday)} />
              <Show when={!one.ahead}><rect class="now" x={at() * SLOT + 3} y={HIGH - high(one.today)} width={SLOT - 6} height={high(one.today)} /></Show>
            </g>
          )}
        </For>
      </svg>
      <div class="clocks-of" aria-hidden="true"><For each={all()}>{(one, at) => <span><Show when={at() % 6 === 0}>{one.clock}</Show></span>}</For></div>
      <p class="legend-of" aria-hidden="true"><i class="now" />{t("home.day.today")}<i class="before" />{t("home.day.yesterday")}</p>
      <div class="sr">
        <table>
          <caption>{t("home.day.table", { name: props.name })}</caption>
          <thead><tr><th scope="col">{t("home.day.clock")}</th><th scope="col">{t("home.day.today")}</th><th scope="col">{t("home.day.yesterday")}</th></tr></thead>
          <tbody><For each={all()}>{(one) => <tr><th scope="row">{one.clock}</th><td>{one.ahead ? "—" : one.today}</td><td>{one.yesterday}</td></tr>}</For></tbody>
        </table>
      </div>
    </>
  );
}

/** «Сегодня»: how many messages came and went, how many conversations began, how soon people answered. */
export function Numbers(props: { found: Overview; now: number }) {
  const [series, setSeries] = createSignal<Series>("inbound");
  const none = () => SERIES.every((one) => sum(props.found.today, one) + sum(props.found.yesterday, one) === 0);
  const half = () => props.found.today.half_within_seconds;
  return (
    <Card title={t("home.day")}>
      <Show when={!none()} fallback={<Quiet text={t("home.day.none")} />}>
        <div class="series-of" role="group" aria-label={t("home.day.pick")}>
          <For each={SERIES}>
            {(one) => (
              <button type="button" aria-pressed={series() === one} data-testid={`day-${one}`} onClick={() => setSeries(one)}>
                <b>{sum(props.found.today, one)}</b><span>{t(`home.day.${one}`)}</span><small>{t("home.day.was", { n: sum(props.found.yesterday, one) })}</small>
              </button>
            )}
          </For>
        </div>
        <Chart found={props.found} series={series()} name={t(`home.day.${series()}`)} now={props.now} />
        <Show when={half()}>{(seconds) => <p class="answered-of" data-testid="day-answer">{t("home.day.half", { time: length(locale(), seconds()), n: props.found.today.answered })}</p>}</Show>
      </Show>
    </Card>
  );
}
