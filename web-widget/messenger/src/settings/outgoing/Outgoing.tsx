import { createEffect, on, onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../../api.ts";
import { locale, reasonText, t, type WordKey } from "../../i18n.ts";
import { follow, navigate } from "../../route.ts";
import { useDesk } from "../../state/desk.ts";
import { loadCrms } from "../../state/kinds.ts";
import type { ConnectionView, CrmKind } from "../../types.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Table } from "../../ui/Table.tsx";
import { said } from "../connect/kinds.ts";
import { each, told } from "../deeds.ts";
import { createLoaded, Head, Loaded } from "../parts.tsx";
import { left, named, removeLater } from "../removals.ts";

/** Numbers are looked at anew this long after something moved. */
const LOOK_MS = 1_000;

export const activity = (on: boolean) => t(on ? "channels.status.on" : "channels.status.off");
const crmOf = (one: ConnectionView, crms: readonly CrmKind[]) => crms.find((crm) => crm.kind === one.kind);
export const crmText = (crm: CrmKind | undefined, kind: string) => said(crm, `name.${kind}`) || kind;
export const connectionKind = (one: ConnectionView, crms: readonly CrmKind[]) => (one.fixed ? t("crm.messenger") : crmText(crmOf(one, crms), one.kind));
export const modeText = (one: ConnectionView, crms: readonly CrmKind[]) => (one.fixed ? t("out.mode.create") : said(crmOf(one, crms), `mode.${one.mode}`));

/** Calls it a moment after messages or connections moved, once however many did. */
export function whenMoved(again: () => void) {
  const desk = useDesk();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      again();
    }, LOOK_MS);
  };
  onCleanup(() => clearTimeout(timer));
  onCleanup(desk.listen({ message: soon, connection: again, reload: again }));
}

export function Health(props: { connection: ConnectionView }) {
  const health = () => props.connection.health;
  const text = () => (props.connection.active ? t(`health.${health().status}` satisfies WordKey) : activity(false));
  return <span class={`health ${props.connection.active ? health().status : "off"}`} title={reasonText(health().reason)}><i />{text()}</span>;
}

/** What waits and what did not get there. */
export function Queue(props: { of: ConnectionView; open?: string }) {
  return (
    <Show when={!props.of.fixed} fallback="—">
      <span class="two">
        <Show when={props.of.failed > 0} fallback={<span class="calm">{props.of.waiting > 0 ? t("out.waits", { n: props.of.waiting }) : t("out.allThere")}</span>}>
          <Show when={props.open} fallback={<b class="bad">{t("out.failed", { n: props.of.failed })}</b>}>{(href) => <a class="bad" href={href()} onClick={follow}>{t("out.failed", { n: props.of.failed })}</a>}</Show>
        </Show>
        <Show when={props.of.waiting > 0 && props.of.oldest}>{(at) => <span>{t("out.waitsSince", { time: dateTime(locale(), at()) })}</span>}</Show>
      </span>
    </Show>
  );
}

function Key(props: { of: ConnectionView }) {
  return <code class="key" title={props.of.api_key}>{props.of.api_key?.slice(0, 8)}…</code>;
}

/** «Исходящие каналы» (B-32 … B-42). */
export function Outgoing() {
  const desk = useDesk();
  const list = createLoaded(async () => {
    const [rows, crms] = await Promise.all([api.connections(), loadCrms()]);
    return { rows: rows.items, crms };
  });
  // The desk hears of it first, and has the names.
  createEffect(on(desk.connections, () => list.again(), { defer: true }));
  whenMoved(() => list.again());
  const flip = async (rows: ConnectionView[], active: boolean) => {
    if (await each(rows, (one) => api.changeConnection(one.id, { active }))) told(t(active ? "channels.didOn" : "channels.didOff", { n: rows.length }), () => void each(rows, (one) => api.changeConnection(one.id, { active: !active })).then(() => list.again()));
    list.again();
  };
  const remove = (rows: ConnectionView[]) => removeLater(rows, t("out.gone", { n: rows.length, names: named(rows.map((one) => one.name)) }), (one) => api.deleteConnection(one.id));
  const open = (one: ConnectionView) => `/settings/outgoing/${one.id}`;
  return (
    <>
      <Head title={t("settings.outgoing")} lead={t("out.lead")}><a class="button main" href="/settings/outgoing/new" onClick={follow}><Icon name="plus" small />{t("channels.create.add")}</a></Head>
      <Loaded from={list}>
        {(all) => (
          <Table label={t("settings.outgoing")} rows={left(all().rows)} id={(one) => one.id} name={(one) => one.name} words={(one) => one.name} edit={(one) => navigate(open(one))} remove={remove} keeps={(one) => one.fixed}
            deeds={[
              { text: t("channels.activate"), fits: (one) => !one.fixed && !one.active, act: (rows) => void flip(rows, true) },
              { text: t("channels.deactivate"), fits: (one) => !one.fixed && one.active, act: (rows) => void flip(rows, false) },
            ]}
            columns={[
              { id: "name", title: t("channels.name"), sort: (one) => one.name, cell: (one) => <span class="two"><a href={open(one)} onClick={follow}>{one.name}</a><span class="on-phones">{[connectionKind(one, all().crms), modeText(one, all().crms)].filter(Boolean).join(" · ")}</span></span> },
              { id: "kind", title: t("channels.kind"), narrow: true, sort: (one) => connectionKind(one, all().crms), cell: (one) => connectionKind(one, all().crms) },
              { id: "key", title: t("out.key"), narrow: true, cell: (one) => <Key of={one} /> },
              { id: "mode", title: t("out.mode"), narrow: true, sort: (one) => modeText(one, all().crms), cell: (one) => modeText(one, all().crms) },
              { id: "queue", title: t("out.queue"), sort: (one) => one.failed * 1e9 + one.waiting, cell: (one) => <Queue of={one} open={open(one)} /> },
              { id: "status", title: t("channels.status"), sort: (one) => Number(!one.active), cell: (one) => <Show when={one.active && one.health.status !== "connected"} fallback={<span class="tag" classList={{ posted: one.active }}>{activity(one.active)}</span>}><Health connection={one} /></Show> },
            ]} />
        )}
      </Loaded>
    </>
  );
}
