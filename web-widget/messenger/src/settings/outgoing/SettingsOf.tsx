import { createSignal, Show, untrack } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../../api.ts";
import { locale, t } from "../../i18n.ts";
import type { ConnectionSettings, ConnectionView, CrmKind } from "../../types.ts";
import { TextField } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { DataFields, type Value } from "../connect/DataField.tsx";
import { refusal } from "../connect/kinds.ts";
import { setDirty } from "../form.ts";
import { createLoaded, Loaded } from "../parts.tsx";

const PAUSE_MS = 500;
const TRIES = 30;

/** The name, which is the connection's own. */
export function Name(props: { of: ConnectionView; saved: () => void }) {
  const [name, setName] = createSignal(untrack(() => props.of.name));
  const [wrong, setWrong] = createSignal<string | null>(null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!name().trim()) return setWrong(t("login.fill"));
    try {
      await api.changeConnection(props.of.id, { name: name().trim() });
      setDirty(false);
      toast(t("channels.saved"));
      props.saved();
    } catch (error) {
      setWrong(refusal(error).text);
    }
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <h3>{t("channels.name")}</h3>
      <TextField label={t("channels.name")} help={t("channels.name.help")} max={100} value={name()} set={(value) => { setName(value); setWrong(null); setDirty(true); }} error={wrong()} />
      <div class="actions start"><button class="button main">{t("common.save")}</button></div>
    </form>
  );
}

function Form(props: { of: ConnectionView; crm: CrmKind; settings: ConnectionSettings; saved: () => void; refresh: () => Promise<void> }) {
  const [values, setValues] = createSignal<Record<string, Value>>(untrack(() => ({ ...(props.settings.values as Record<string, Value>) })));
  const [wrong, setWrong] = createSignal<{ field: string; text: string } | null>(null);
  const [busy, setBusy] = createSignal(false);
  const at = (field: string) => (wrong()?.field === field ? (wrong()?.text ?? null) : null);
  const stray = () => (wrong() && !props.settings.fields.some((field) => field.name === wrong()?.field) ? wrong()?.text : null);
  const put = (field: string, value: Value) => {
    setValues((before) => ({ ...before, [field]: value }));
    setWrong(null);
    setDirty(true);
  };
  const settled = async (work: Promise<unknown>) => {
    setBusy(true);
    try {
      await work;
    } catch (error) {
      setWrong(refusal(error));
    } finally {
      setBusy(false);
    }
  };
  const save = async () => {
    const { values: stored } = await api.setConnection(props.of.id, values());
    setValues({ ...(stored as Record<string, Value>) });
    setDirty(false);
    toast(t("channels.saved"));
    props.saved();
  };
  return (
    <form class="block" novalidate onSubmit={(event) => { event.preventDefault(); void settled(save()); }}>
      <h3>{t("out.settings")}</h3>
      <div class="lists-bar">
        <p class="help">{props.settings.read_at ? t("out.readAt", { time: dateTime(locale(), props.settings.read_at) }) : t("out.notRead")}</p>
        <button type="button" class="button" disabled={busy()} onClick={() => void settled(props.refresh())}><Icon name="reopen" small />{t("out.refresh")}</button>
      </div>
      <DataFields kind={props.crm} fields={props.settings.fields} values={values()} set={put} at={at} offers={{ lists: props.settings.lists, feeds: props.settings.channels }} />
      <Show when={stray()}>{(text) => <p class="alert" role="alert"><Icon name="alert" small />{text()}</p>}</Show>
      <div class="actions start"><button class="button main" disabled={busy()}>{t("common.save")}</button></div>
    </form>
  );
}

/** What the CRM lets one set, with what there is to choose from. */
export function SettingsOf(props: { of: ConnectionView; crm: CrmKind; saved: () => void }) {
  const found = createLoaded(() => api.connectionSettings(props.of.id));
  const refresh = async () => {
    const before = found.value()?.read_at;
    await api.refreshConnection(props.of.id);
    for (let tried = 0; tried < TRIES; tried++) {
      const { read_at } = await api.connectionSettings(props.of.id);
      if (read_at !== before) {
        found.again();
        toast(t("out.refreshed"));
        return;
      }
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
    toast(t("out.refreshLater"));
  };
  return (
    <Loaded from={found}>
      {(settings) => <Show when={settings().fields.length > 0}><Form of={props.of} crm={props.crm} settings={settings()} saved={() => props.saved()} refresh={refresh} /></Show>}
    </Loaded>
  );
}
