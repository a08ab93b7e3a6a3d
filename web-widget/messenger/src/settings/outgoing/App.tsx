import { createSignal, Show, untrack } from "solid-js";
import { api } from "../../api.ts";
import { t } from "../../i18n.ts";
import type { ConnectionApp, ConnectionView, CrmKind } from "../../types.ts";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { DataFields, type Value } from "../connect/DataField.tsx";
import { refusal, said } from "../connect/kinds.ts";
import { setDirty } from "../form.ts";
import { createLoaded, Loaded } from "../parts.tsx";

function Form(props: { of: ConnectionView; crm: CrmKind; app: ConnectionApp; saved: () => void }) {
  const [values, setValues] = createSignal<Record<string, Value>>(untrack(() => ({ ...(props.app.values as Record<string, Value>) })));
  const [wrong, setWrong] = createSignal<{ field: string; text: string } | null>(null);
  const [busy, setBusy] = createSignal(false);
  const at = (field: string) => (wrong()?.field === field ? (wrong()?.text ?? null) : null);
  const stray = () => (wrong() && !props.app.fields.some((field) => field.name === wrong()?.field) ? wrong()?.text : null);
  const put = (field: string, value: Value) => {
    setValues((before) => ({ ...before, [field]: value }));
    setWrong(null);
    setDirty(true);
  };
  const save = async () => {
    setBusy(true);
    try {
      await api.setConnectionApp(props.of.id, values());
      setDirty(false);
      // What is secret stays with the server only.
      const secrets = props.app.fields.filter((field) => field.kind.kind === "secret").map((field) => field.name);
      setValues((before) => Object.fromEntries(Object.entries(before).filter(([name]) => !secrets.includes(name))));
      toast(t("out.app.saved"));
      props.saved();
    } catch (error) {
      setWrong(refusal(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="block" novalidate onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <h3>{said(props.crm, "app.title")}</h3>
      <p class="help">{said(props.crm, "app.text")}</p>
      <Show when={props.app.shared_with > 0}><p class="help">{t("out.app.shared", { n: props.app.shared_with })}</p></Show>
      <DataFields kind={props.crm} fields={props.app.fields} values={values()} set={put} at={at} kept={props.app.kept} />
      <Show when={stray()}>{(text) => <p class="alert" role="alert"><Icon name="alert" small />{text()}</p>}</Show>
      <div class="actions start"><button class="button main" disabled={busy()}>{t("common.save")}</button></div>
    </form>
  );
}

/** What this installation is at the CRM: its keys there, and what is to be copied into it. */
export function App(props: { of: ConnectionView; crm: CrmKind; saved: () => void }) {
  const found = createLoaded(() => api.connectionApp(props.of.id));
  const saved = () => {
    found.again();
    props.saved();
  };
  return <Loaded from={found}>{(app) => <Show when={app().fields.length > 0}><Form of={props.of} crm={props.crm} app={app()} saved={saved} /></Show>}</Loaded>;
}
