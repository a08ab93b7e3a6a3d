import { createEffect, createResource, For, Show, untrack } from "solid-js";
import { api } from "../../api.ts";
import { problemText, t } from "../../i18n.ts";
import type { DataField as FieldData, Spoken } from "../../types.ts";
import { Field, SelectField, TextField } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { askSure } from "../../ui/ask.tsx";
import { Copy } from "../parts.tsx";
import { said } from "./kinds.ts";
import { Filled, type Offers, Pick, type Row, Rows, Several, Tags } from "./Lists.tsx";

export type Value = string | number | boolean | string[] | Record<string, string> | { field: string; value: string }[] | null | undefined;
type FieldProps = { kind: Spoken; field: FieldData; value: Value; set: (value: Value) => void; error: string | null; channel?: string; offers?: Offers; kept?: boolean };

const TYPES = { text: "text", secret: "password", url: "url", phone: "tel" } as const;
const asList = (value: Value) => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);
const asText = (value: Value) => (Array.isArray(value) ? asList(value).join("\n") : typeof value === "object" ? "" : String(value ?? ""));
const asRows = (value: Value): Record<string, string> => (typeof value === "object" && value !== null && !Array.isArray(value) ? value : {});
const asFillings = (value: Value) => (Array.isArray(value) ? value.filter((one) => typeof one === "object") : []);
/** The lines that are the channels that feed a connection. */
const ACCOUNTS = "accounts";

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
  const hint = () => (props.kept ? t("out.app.kept") : said(props.kind, `field.${props.field.name}.hint`) || (props.field.optional ? t("field.optional") : undefined));
  const line = (type: keyof typeof TYPES) => (
    <TextField label={label()} help={hint()} error={props.error} type={TYPES[type]} max={2_000} autocomplete={type === "secret" ? "new-password" : "off"} value={asText(props.value)} set={props.set} />
  );
  const choices = () => {
    const kind = about();
    const values = kind.kind === "choice" ? kind.values : [];
    return [...(props.field.optional ? [{ value: "", text: t("field.choose") }] : []), ...values.map((value) => ({ value, text: said(props.kind, `field.${props.field.name}.${value}`) || value }))];
  };
  const rows = (list: string): readonly Row[] => props.offers?.lists[list] ?? [];
  const lines = (list: string): readonly Row[] => (list === ACCOUNTS ? (props.offers?.feeds ?? []).filter((one) => one.feeds).map((one) => ({ value: one.channel, label: one.name })) : rows(list));
  const common = () => ({ label: label(), help: hint(), error: props.error });
  /** Some changes are asked about first (B-44). */
  const flip = async (box: HTMLInputElement) => {
    const on = box.checked;
    if (props.field.warns && !(await askSure(t("common.sure"), said(props.kind, `field.${props.field.name}.warning`), t("out.ok")))) {
      box.checked = !on;
      return;
    }
    props.set(on);
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
        return (
          <>
            <SelectField label={label()} help={hint()} error={props.error} value={asText(props.value)} options={choices()} set={props.set} />
            <Show when={props.field.advice?.of === asText(props.value) ? props.field.advice : undefined}>
              {(advice) => (
                <p class="alert" role="status">
                  <Icon name="warning" small />
                  <span>{said(props.kind, `field.${props.field.name}.advice`)}</span>
                  <button type="button" class="button" onClick={() => props.set(advice().instead)}>{said(props.kind, `field.${props.field.name}.${advice().instead}`)}</button>
                </p>
              )}
            </Show>
          </>
        );
      case "live":
        return <Live {...props} />;
      case "pick":
        return <Pick {...common()} rows={rows(kind.list)} value={asText(props.value)} none={t(props.field.optional ? "out.default" : "field.choose")} set={props.set} />;
      case "several":
        return <Several {...common()} rows={rows(kind.list)} value={asList(props.value)} set={props.set} />;
      case "rows":
        return <Rows {...common()} rows={lines(kind.rows)} list={kind.list === null ? null : rows(kind.list)} value={asRows(props.value)} set={props.set} />;
      case "filled":
        return <Filled {...common()} rows={rows(kind.list)} most={kind.most} value={asFillings(props.value)} set={props.set} />;
      case "tags":
        return <Tags {...common()} value={asList(props.value)} set={props.set} />;
      case "copy":
        return (
          <div class="field">
            <p class="label">{label()}</p>
            <Copy text={kind.value} label={label()} />
            <p class="about">{said(props.kind, `field.${props.field.name}.hint`)}</p>
          </div>
        );
      case "switch":
        return (
          <div class="field">
            <label class="switch"><input type="checkbox" role="switch" checked={props.value === true} onChange={(event) => void flip(event.currentTarget)} /><span>{label()}</span></label>
            <p class="about" role={props.error ? "alert" : undefined}>{props.error ?? hint() ?? ""}</p>
          </div>
        );
    }
  };
  return <>{drawn()}</>;
}

/** Fields in their order; the rarely used behind one line; those that depend on another only while it says so. */
export function DataFields(props: { kind: Spoken; fields: FieldData[]; values: Record<string, Value>; set: (name: string, value: Value) => void; at: (name: string) => string | null; channel?: string; offers?: Offers; kept?: readonly string[] }) {
  const shown = (field: FieldData) => !field.only_if || field.only_if.is.includes(asText(props.values[field.only_if.field]));
  const of = (advanced: boolean) => props.fields.filter((field) => !!field.advanced === advanced && shown(field));
  const draw = (fields: FieldData[]) => (
    <For each={fields}>{(field) => <DataField kind={props.kind} field={field} value={props.values[field.name]} set={(value) => props.set(field.name, value)} error={props.at(field.name)} {...(props.channel ? { channel: props.channel } : {})} {...(props.offers ? { offers: props.offers } : {})} kept={props.kept?.includes(field.name) === true} />}</For>
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
