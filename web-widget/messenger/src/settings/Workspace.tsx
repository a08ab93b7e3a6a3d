import { createSignal } from "solid-js";
import type { Locale } from "@kommutator/shared/i18n.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { Workspace as Known } from "../types.ts";
import { SelectField, TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { EscalationForm } from "./Escalation.tsx";
import { createSubmit, dirty, setDirty } from "./form.ts";
import { Mail } from "./Mail.tsx";
import { createLoaded, ErrorLine, Head, Loaded } from "./parts.tsx";
import { languages } from "./Profile.tsx";
import { ZoneField } from "./ZoneField.tsx";

function Form(props: { known: Known }) {
  const desk = useDesk();
  /* eslint-disable solid/reactivity -- the form starts from what was loaded and is then the reader's own */
  const [name, setName] = createSignal(props.known.name);
  const [speech, setSpeech] = createSignal(props.known.locale as Locale);
  const [zone, setZone] = createSignal(props.known.time_zone);
  /* eslint-enable solid/reactivity */
  const submit = createSubmit();
  const set = <Value,>(change: (value: Value) => void) => (value: Value) => {
    change(value);
    setDirty(true);
  };
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!name().trim()) return;
    const change = { name: name().trim(), locale: speech(), time_zone: zone() };
    if (!(await submit.run(() => api.changeWorkspace(change)))) return;
    desk.setMe({ ...desk.me(), workspace_name: change.name });
    toast(t("common.saved"));
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <TextField label={t("common.name")} max={100} value={name()} set={set(setName)} error={name().trim() ? null : t("login.fill")} />
      <div class="halves tight">
        <SelectField label={t("profile.locale")} help={t("workspace.locale.help")} value={speech()} options={languages()} set={set(setSpeech)} />
        <ZoneField value={zone()} set={set(setZone)} />
      </div>
      <ErrorLine text={submit.error()} />
      <button class="button main" disabled={submit.busy() || !dirty()}>{t("common.save")}</button>
    </form>
  );
}

export function Workspace() {
  const known = createLoaded(api.workspace);
  return (
    <>
      <Head title={t("settings.workspace")} lead={t("workspace.lead")} />
      <Loaded from={known}>{(value) => <><Form known={value()} /><EscalationForm known={value().escalation} /><Mail /></>}</Loaded>
    </>
  );
}
