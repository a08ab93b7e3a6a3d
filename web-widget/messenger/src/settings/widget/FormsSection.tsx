import { For, Show } from "solid-js";
import type { Ask, Form } from "@kommutator/shared/generated/protocol.ts";
import { t } from "../../i18n.ts";
import { SelectField } from "../../ui/Field.tsx";
import { Toggle } from "./LookSection.tsx";
import type { WidgetState } from "./state.ts";

/** Minutes after which a letter goes out; none: at once. */
const PAUSES = [0, 1, 5, 10, 30, 60];
const FIELDS = ["name", "phone", "email"] as const;

function FormFields(props: { title: string; help: string; form: Form; set: (form: Form) => void }) {
  const asks = (): { value: Ask; text: string }[] => [{ value: "off", text: t("widget.ask.off") }, { value: "optional", text: t("widget.ask.optional") }, { value: "required", text: t("widget.ask.required") }];
  return (
    <fieldset class="list">
      <legend>{props.title}</legend>
      <p class="help">{props.help}</p>
      <Toggle label={t("widget.form.on")} value={props.form.on} set={(on) => props.set({ ...props.form, on })} />
      <Show when={props.form.on}>
        <div class="thirds">
          <For each={FIELDS}>{(field) => <SelectField label={t(`widget.ask.${field}`)} value={props.form[field]} options={asks()} set={(ask) => props.set({ ...props.form, [field]: ask })} />}</For>
        </div>
        <Toggle label={t("widget.form.consent")} value={props.form.consent} set={(consent) => props.set({ ...props.form, consent })} />
      </Show>
    </fieldset>
  );
}

export function FormsSection(props: { state: WidgetState }) {
  const options = () => props.state.options();
  const minutes = () => [...new Set([...PAUSES, options().letters.minutes])].sort((a, b) => a - b).map((n) => ({ value: String(n), text: n === 0 ? t("widget.letters.atOnce") : t("widget.letters.after", { n }) }));
  return (
    <>
      <FormFields title={t("widget.before")} help={t("widget.before.help")} form={options().before} set={(before) => props.state.change({ before })} />
      <FormFields title={t("widget.offline")} help={t("widget.offline.help")} form={options().offline} set={(offline) => props.state.change({ offline })} />
      <fieldset class="list">
        <legend>{t("widget.letters")}</legend>
        <p class="help">{t("widget.letters.help")}</p>
        <Toggle label={t("widget.letters.on")} value={options().letters.on} set={(on) => props.state.change({ letters: { ...options().letters, on } })} />
        <Show when={options().letters.on}>
          <SelectField label={t("widget.letters.minutes")} value={String(options().letters.minutes)} options={minutes()} set={(value) => props.state.change({ letters: { ...options().letters, minutes: Number(value) } })} />
        </Show>
      </fieldset>
    </>
  );
}
