import { createSignal, For, onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../../api.ts";
import { Problem } from "../../http.ts";
import { locale, problemText, reasonText, t } from "../../i18n.ts";
import { navigate } from "../../route.ts";
import { loadCrms } from "../../state/kinds.ts";
import type { ConnectionView, CrmKind } from "../../types.ts";
import { askSure } from "../../ui/ask.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { Connect } from "../connect/Connect.tsx";
import { said } from "../connect/kinds.ts";
import { setDirty } from "../form.ts";
import { createLoaded, Head, Loaded } from "../parts.tsx";
import { removeLater } from "../removals.ts";
import { connectionKind, Health, modeText, whenMoved } from "./Outgoing.tsx";
import { App } from "./App.tsx";
import { Feeds } from "./Feeds.tsx";
import { Name, SettingsOf } from "./SettingsOf.tsx";
import { Undelivered } from "./Undelivered.tsx";
import { Widget } from "./Widget.tsx";

/** Whether it was done; the trouble is told. */
const done = async (work: Promise<unknown>) => {
  try {
    await work;
    return true;
  } catch (error) {
    toast(problemText(error), true);
    return false;
  }
};

/** What is to be chosen anew, as its form calls it. */
const goneFields = (one: ConnectionView, crm: CrmKind | undefined) => (one.gone ?? []).map((field) => said(crm, `field.${field}`)).filter((name) => name).map((name) => t("out.chooseAnew.field", { name })).join(", ");

/** What it is, its key, connecting it anew. */
function Summary(props: { of: ConnectionView; crm: CrmKind | undefined; changed: () => void }) {
  const [again, setAgain] = createSignal(false);
  const facts = () => Object.entries(props.of.facts ?? {}).map(([name, value]) => ({ name: said(props.crm, `fact.${name}`), value: said(props.crm, `fact.${name}.${value}`) || value })).filter((fact) => fact.name && fact.value);
  const newKey = async () => {
    if (!(await askSure(t("out.key.new"), t("out.key.sure"), t("out.key.new"), true))) return;
    if (await done(api.newConnectionKey(props.of.id))) toast(t("out.key.done"));
    props.changed();
  };
  const connected = () => {
    setAgain(false);
    toast(t("channels.connectedAgain"));
    props.changed();
  };
  return (
    <>
      <section class="block">
        <h3>{t("channels.summary")}</h3>
        <dl class="facts">
          <div><dt>{t("channels.kind")}</dt><dd>{connectionKind(props.of, props.crm ? [props.crm] : [])}</dd></div>
          <div><dt>{t("out.mode")}</dt><dd>{modeText(props.of, props.crm ? [props.crm] : [])}</dd></div>
          <For each={facts()}>{(fact) => <div><dt>{fact.name}</dt><dd>{fact.value}</dd></div>}</For>
          <div><dt>{t("channels.createdAt")}</dt><dd>{dateTime(locale(), props.of.created_at)}</dd></div>
        </dl>
        <Show when={props.crm?.connect && !again()}><div class="actions start"><button type="button" class="button" classList={{ main: props.of.health.status === "access_lost" }} onClick={() => setAgain(true)}>{t("channels.connectAgain")}</button></div></Show>
      </section>
      <Show when={again() && props.crm}>{(crm) => <Connect kind={crm()} begin={{ connection: props.of.id }} onDone={connected} cancel={() => setAgain(false)} />}</Show>
      <Widget of={props.of} crm={props.crm} newKey={newKey} />
    </>
  );
}

/** One outgoing channel: switch, summary, key, settings, which channels feed it, what did not get there. */
export function Connection(props: { id: string }) {
  const gone = (error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  };
  const found = createLoaded(async () => {
    const [one, crms] = await Promise.all([api.connection(props.id).catch(gone), loadCrms()]);
    return { one, crms, crm: crms.find((crm) => crm.kind === one?.kind) };
  });
  const again = () => found.again();
  whenMoved(again);
  onCleanup(() => setDirty(false));
  const flip = async (active: boolean) => {
    await done(api.changeConnection(props.id, { active }));
    again();
  };
  const remove = (one: ConnectionView) => {
    setDirty(false);
    navigate("/settings/outgoing");
    removeLater([one], t("out.gone", { n: 1, names: one.name }), (row) => api.deleteConnection(row.id));
  };
  return (
    <Loaded from={found}>
      {(value) => (
        <Show when={value().one} fallback={<Head title={t("error.missing")} />}>
          {(one) => (
            <>
              <Head title={t("channels.editing", { name: one().name })} crumbs={[{ text: t("settings.outgoing"), href: "/settings/outgoing" }, { text: connectionKind(one(), value().crms) }, { text: t("channels.editing.short") }]}><Health connection={one()} /></Head>
              <Show when={reasonText(one().health.reason)}>{(text) => <p class="alert"><Icon name="warning" small />{text()}</p>}</Show>
              <Show when={goneFields(one(), value().crm)}>{(fields) => <p class="alert"><Icon name="warning" small />{t("out.chooseAnew", { fields: fields() })}</p>}</Show>
              <Show when={one().fixed} fallback={
                <section class="block">
                  <h3>{t("channels.general")}</h3>
                  <label class="switch"><input type="checkbox" role="switch" checked={one().active} onChange={(event) => void flip(event.currentTarget.checked)} /><span>{t("channels.active")}</span></label>
                  <p class="help after">{t("out.active.text")}</p>
                </section>
              }><p class="help">{t("out.fixed")}</p></Show>
              <Show when={one().failed > 0}><Undelivered of={one()} changed={again} /></Show>
              <Summary of={one()} crm={value().crm} changed={again} />
              <Name of={one()} saved={again} />
              <Show when={value().crm}>{(crm) => <><SettingsOf of={one()} crm={crm()} saved={again} /><Feeds of={one()} /><App of={one()} crm={crm()} saved={again} /></>}</Show>
              <Show when={!one().fixed}>
                <section class="block">
                  <h3>{t("channels.danger")}</h3>
                  <p class="help">{t("out.remove")}</p>
                  <button type="button" class="button danger" onClick={() => remove(one())}><Icon name="trash" small />{t("common.delete")}</button>
                </section>
              </Show>
            </>
          )}
        </Show>
      )}
    </Loaded>
  );
}
