import { createEffect, createResource, For, Show, untrack } from "solid-js";
import { api } from "../../api.ts";
import { problemText, t } from "../../i18n.ts";
import type { ChannelKind, DataField as FieldData } from "../../types.ts";
import { Field, SelectField, TextField } from "../../ui/Field.tsx";
import { said } from "./kinds.ts";

export type Value = string | number | boolean | string[] | null | undefined;
type FieldProps = { kind: ChannelKind; field: FieldData; value: Value; set: (value: Value) => void; error: string | null; channel?: string };

const TYPES = { text: "text", secret: "password", url: "url", phone: "tel" } as const;
const asText = (value: Value) => (Array.isArray(value) ? value.join("\n") : String(value ?? ""));

/** Choices only the provider knows: asked for when the form opens. */
function Live(props: FieldProps) {
  const [found] = createResource(() => props.channel, async (channel) => (await api.choices(channel, props.field.name)).items);
  const options = () => (found.error ? [] : found.latest ?? []);
  const now = () => asText(props.value);
  const all = () => [
    ...(props.field.optional || now() === "" ? [{ value: "", text: t("field.choose") }] : []),
    ...(now() !== "" && !options().some((one) => one.value === now()) ? [{ value: now(), text: now() }] : []),
    ...options(),
  ];
  return <SelectField label={said(props.kind, `field.${props.field.name}`)} help={found.loading ? t("app.loading") : said(props.kind, `field.${props.field.name}.hint`)} error={props.error ?? (found.error ? problemText(found.error) : null)} value={now()} options={all()} set={props.set} />;
}

/** One field of a step or of a channel's settings, drawn from what the channel says of it. */
export function DataField(props: FieldProps) {
  const about = () => props.field.kind;
  const label = () => said(props.kind, `field.${props.field.name}`) || props.field.name;
  const hint = () => said(props.kind, `field.${props.field.name}.hint`) || (props.field.optional ? t("field.optional") : undefined);
  const line = (type: keyof typeof TYPES) => (
    <TextField label={label()} help={hint()} error={props.error} type={TYPES[type]} max={2_000} autocomplete={type === "secret" ? "new-password" : "off"} value={asText(props.value)} set={props.set} />
  );
  const choices = () => {
    const kind = about();
    const values = kind.kind === "choice" ? kind.values : [];
    return [...(props.field.optional ? [{ value: "", text: t("field.choose") }] : []), ...values.map((value) => ({ value, text: said(props.kind, `field.${props.field.name}.${value}`) || value }))];
  };
  // A field's kind never changes.
  const initialKind = untrack(about);
  const drawn = () => {
    const kind = initialKind;
    switch (kind.kind) {
      case "text":
      case "secret":
      case "url":
      case "phone":
        return line(kind.kind);
      case "lines":
        return <TextField label={label()} help={hint()} error={props.error} rows={4} max={20_000} value={asText(props.value)} set={(text) => props.set(text.split("\n"))} />;
      case "number":
        return (
          <Field label={label()} help={hint()} error={props.error}>
            {(field) => <input id={field.id} class="input" type="number" min={kind.min} max={kind.max} value={asText(props.value)} aria-describedby={field.described} aria-invalid={field.invalid} onInput={(event) => props.set(Number.isNaN(event.currentTarget.valueAsNumber) ? null : event.currentTarget.valueAsNumber)} />}
          </Field>
        );
      case "choice":
        return <SelectField label={label()} help={hint()} error={props.error} value={asText(props.value)} options={choices()} set={props.set} />;
      case "live":
        return <Live {...props} />;
      case "switch":
        return (
          <div class="field">
            <label class="switch"><input type="checkbox" role="switch" checked={props.value === true} onChange={(event) => props.set(event.currentTarget.checked)} /><span>{label()}</span></label>
            <p class="about" role={props.error ? "alert" : undefined}>{props.error ?? hint() ?? ""}</p>
          </div>
        );
    }
  };
  return <>{drawn()}</>;
}

/** Fields in their order; the rarely used behind one line; those that depend on another only while it says so. */
export function DataFields(props: { kind: ChannelKind; fields: FieldData[]; values: Record<string, Value>; set: (name: string, value: Value) => void; at: (name: string) => string | null; channel?: string }) {
  const shown = (field: FieldData) => !field.only_if || field.only_if.is.includes(asText(props.values[field.only_if.field]));
  const of = (advanced: boolean) => props.fields.filter((field) => !!field.advanced === advanced && shown(field));
  const draw = (fields: FieldData[]) => (
    <For each={fields}>{(field) => <DataField kind={props.kind} field={field} value={props.values[field.name]} set={(value) => props.set(field.name, value)} error={props.at(field.name)} {...(props.channel ? { channel: props.channel } : {})} />}</For>
  );
  return (
    <>
      {draw(of(false))}
      <Show when={of(true).length > 0}>
        <details class="advanced" ref={(made) => createEffect(() => { if (of(true).some((field) => props.at(field.name) !== null)) made.open = true; })}><summary>{t("channels.advanced")}</summary>{draw(of(true))}</details>
      </Show>
    </>
  );
}
