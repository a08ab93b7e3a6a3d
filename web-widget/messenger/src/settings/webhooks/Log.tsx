import { createEffect, createSignal, on, onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { locale, reasonText, t } from "../../i18n.ts";
import { createPaged } from "../../state/paged.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Empty } from "../../ui/Empty.tsx";
import { SelectField } from "../../ui/Field.tsx";
import { Filters } from "../../ui/Filters.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Table } from "../../ui/Table.tsx";
import { each } from "../deeds.ts";
import { createLoaded, Loaded } from "../parts.tsx";
import { readable } from "../payload.ts";
import { type DeliveryView, EVENTS, type LogAsk, STATUSES, webhooks } from "./api.ts";

/** The log is looked at so often: deliveries and tries are the server's. Who reads older pages is not disturbed. */
const LOOK_MS = 2_000;
/** Rows of a page, as the server gives them. */
const ROWS = 20;
const TONES = { waiting: "waiting", delivered: "posted", failed: "undeliverable" } as const;

const laid = (text: string) => readable(new TextEncoder().encode(text));

function Whole(props: { webhook: string; delivery: DeliveryView; close: () => void }) {
  const found = createLoaded(() => webhooks.delivery(props.webhook, props.delivery.id));
  return (
    <Dialog title={t("webhooks.delivery")} close={() => props.close()}>
      <Loaded from={found}>
        {(one) => (
          <>
            <dl class="facts">
              <div><dt>{t("webhooks.id")}</dt><dd><code>{one().id}</code></dd></div>
              <div><dt>{t("webhooks.tries")}</dt><dd>{one().tries}</dd></div>
              <div><dt>{t("webhooks.code")}</dt><dd>{one().code ?? t("webhooks.noAnswer")}</dd></div>
              <div><dt>{t("webhooks.took")}</dt><dd>{one().took_ms === null ? "—" : t("webhooks.ms", { n: one().took_ms ?? 0 })}</dd></div>
            </dl>
            <Show when={reasonText(one().reason)}>{(text) => <p class="alert"><Icon name="warning" small />{text()}</p>}</Show>
            <h4>{t("webhooks.request")}</h4>
            <pre class="payload" tabindex="0" aria-label={t("webhooks.request")}>{laid(one().request)}</pre>
            <Show when={one().response !== ""}>
              <h4>{t("webhooks.response")}</h4>
              <pre class="payload" tabindex="0" aria-label={t("webhooks.response")}>{laid(one().response)}</pre>
            </Show>
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

/** What was told to a webhook and how that fared. `rung`: a test was sent. */
export function Log(props: { id: string; rung: number; on: boolean; changed: () => void }) {
  const [asked, setAsked] = createSignal<LogAsk>({});
  const [shown, setShown] = createSignal<DeliveryView | null>(null);
  const list = createPaged<DeliveryView>((cursor) => webhooks.log(props.id, asked(), cursor));
  createEffect(on(() => props.rung, () => list.again(), { defer: true }));
  const timer = setInterval(() => {
    if (document.hidden) return;
    // How the webhook fares changes with its deliveries.
    props.changed();
    if ((list.value()?.length ?? 0) <= ROWS) list.again();
  }, LOOK_MS);
  onCleanup(() => clearInterval(timer));
  const put = (part: LogAsk) => {
    setAsked((now) => ({ ...now, ...part }));
    list.anew();
  };
  const again = async (rows: DeliveryView[]) => {
    const webhook = props.id;
    await each(rows, (one) => webhooks.again(webhook, one.id));
    list.again();
  };
  const filtered = () => Object.values(asked()).filter(Boolean).length;
  const any = { value: "", text: t("filters.any") };
  const button = (icon: "file" | "again", text: string, one: DeliveryView, act: () => void) => <button type="button" class="ghost" title={text} aria-label={`${text}: ${one.event}`} onClick={act}><Icon name={icon} small /></button>;
  return (
    <section class="under log-of" data-testid="log">
      <h3>{t("webhooks.log")}</h3>
      <Filters on={filtered()} clear={() => put({ status: "", event: "" })}>
        <SelectField label={t("channels.status")} value={asked().status ?? ""} options={[any, ...STATUSES.map((one) => ({ value: one, text: t(`webhooks.status.${one}`) }))]} set={(status) => put({ status })} />
        <SelectField label={t("webhooks.event")} value={asked().event ?? ""} options={[any, ...EVENTS.map((one) => ({ value: one, text: t(`webhooks.event.${one}`) })), { value: "test", text: t("webhooks.event.test") }]} set={(event) => put({ event })} />
      </Filters>
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="send" title={filtered() > 0 ? t("filters.none") : t("webhooks.log.empty")} text={filtered() > 0 ? t("filters.none.text") : t("webhooks.log.empty.text")} />}>
        {(all) => (
          <Table label={t("webhooks.log")} rows={all()} id={(one) => one.id} name={(one) => `${one.event} ${dateTime(locale(), one.created_at)}`} mayChange={() => props.on} more={list.next() === null ? null : list.more}
            deeds={[{ text: t("webhooks.again"), act: (rows) => void again(rows) }]}
            hands={(one) => <>{button("file", t("webhooks.show"), one, () => setShown(one))}<Show when={props.on}>{button("again", t("webhooks.again"), one, () => void again([one]))}</Show></>}
            columns={[
              { id: "event", title: t("webhooks.event"), sort: (one) => one.event, cell: (one) => <span class="two"><b>{t(`webhooks.event.${one.event}`)}</b><span>{dateTime(locale(), one.created_at)}</span></span> },
              { id: "tries", title: t("webhooks.tries"), narrow: true, sort: (one) => one.tries, cell: (one) => one.tries },
              { id: "code", title: t("webhooks.code"), narrow: true, sort: (one) => one.code ?? 0, cell: (one) => one.code ?? "—" },
              { id: "status", title: t("channels.status"), sort: (one) => one.status, cell: (one) => <span class="two"><span class={`tag ${TONES[one.status]}`}>{t(`webhooks.status.${one.status}`)}</span><Show when={one.next_at !== null && one.tries > 0 ? one.next_at : null}>{(at) => <span>{t("webhooks.next", { time: dateTime(locale(), at()) })}</span>}</Show></span> },
            ]} />
        )}
      </Loaded>
      <Show when={shown()}>{(one) => <Whole webhook={props.id} delivery={one()} close={() => setShown(null)} />}</Show>
    </section>
  );
}
