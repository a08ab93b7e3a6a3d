import { For, type JSX, Show } from "solid-js";
import { t } from "../../i18n.ts";
import type { CrmLists, FeedView } from "../../types.ts";
import { Field, TextField } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";

/** What settings of a CRM choose among: its lists, and the channels that feed it. */
export type Offers = { lists: CrmLists; feeds: FeedView[] };
export type Row = { value: string; label: string; group?: string };
type Common = { label: string; help?: string | undefined; error?: string | null | undefined };

/** Lines under their groups, in the order of the list. */
export function grouped(rows: readonly Row[]): { group: string; rows: Row[] }[] {
  const groups: { group: string; rows: Row[] }[] = [];
  for (const row of rows) {
    const known = groups.find((one) => one.group === (row.group ?? ""));
    if (known) known.rows.push(row);
    else groups.push({ group: row.group ?? "", rows: [row] });
  }
  return groups;
}

/** The lines, and what is chosen though the list no longer has it: it shows by its value until somebody takes it off. */
export const withGone = (rows: readonly Row[], chosen: readonly string[]): Row[] => [...rows, ...chosen.filter((value) => value !== "" && !rows.some((row) => row.value === value)).map((value) => ({ value, label: value }))];

/** The options of a select, grouped. */
export function Options(props: { rows: readonly Row[]; value: string; none: string }) {
  return (
    <>
      <option value="" selected={props.value === ""}>{props.none}</option>
      <For each={grouped(withGone(props.rows, [props.value]))}>
        {(one) => {
          const lines = () => <For each={one.rows}>{(row) => <option value={row.value} selected={row.value === props.value}>{row.label}</option>}</For>;
          return <Show when={one.group} fallback={lines()}><optgroup label={one.group}>{lines()}</optgroup></Show>;
        }}
      </For>
    </>
  );
}

export function Pick(props: Common & { rows: readonly Row[]; value: string; none: string; set: (value: string) => void }) {
  return (
    <Field label={props.label} help={props.help} error={props.error}>
      {(field) => <select id={field.id} class="input" aria-describedby={field.described} aria-invalid={field.invalid} onChange={(event) => props.set(event.currentTarget.value)}><Options rows={props.rows} value={props.value} none={props.none} /></select>}
    </Field>
  );
}

/** A group of inputs under one name. */
function Group(props: Common & { children: JSX.Element; class: string }) {
  return (
    <fieldset class={`field several ${props.class}`} classList={{ bad: !!props.error }}>
      <legend>{props.label}</legend>
      {props.children}
      <p class="about" role={props.error ? "alert" : undefined}>{props.error ?? props.help ?? ""}</p>
    </fieldset>
  );
}

export function Several(props: Common & { rows: readonly Row[]; value: readonly string[]; set: (value: string[]) => void }) {
  const flip = (value: string, on: boolean) => props.set(on ? [...props.value, value] : props.value.filter((one) => one !== value));
  return (
    <Group label={props.label} help={props.help ?? t("out.chosen", { n: props.value.length })} error={props.error} class="ticks">
      <div class="ticks-list">
        <For each={grouped(withGone(props.rows, props.value))}>
          {(one) => (
            <div>
              <Show when={one.group}><b>{one.group}</b></Show>
              <For each={one.rows}>{(row) => <label class="choice-tick"><input type="checkbox" checked={props.value.includes(row.value)} onChange={(event) => flip(row.value, event.currentTarget.checked)} /><span>{row.label}</span></label>}</For>
            </div>
          )}
        </For>
      </div>
    </Group>
  );
}

/** A choice, or a line of text, for each line of a list. */
export function Rows(props: Common & { rows: readonly Row[]; list: readonly Row[] | null; value: Record<string, string>; set: (value: Record<string, string>) => void }) {
  const put = (row: string, value: string) => props.set(Object.fromEntries([...Object.entries(props.value).filter(([one]) => one !== row), ...(value === "" ? [] : [[row, value]])]) as Record<string, string>);
  return (
    <Group label={props.label} help={props.help} error={props.error} class="lines">
      <For each={props.rows}>
        {(row) => {
          const now = () => props.value[row.value] ?? "";
          return (
            <label class="line"><span>{row.label}</span>
              <Show when={props.list} fallback={<input class="input" maxLength={2_000} autocomplete="off" value={now()} onInput={(event) => put(row.value, event.currentTarget.value)} />}>
                {(list) => <select class="input" onChange={(event) => put(row.value, event.currentTarget.value)}><Options rows={list()} value={now()} none={t("out.default")} /></select>}
              </Show>
            </label>
          );
        }}
      </For>
    </Group>
  );
}

type Filling = { field: string; value: string };

/** Fields of the CRM, each with what it is filled with. */
export function Filled(props: Common & { rows: readonly Row[]; most: number; value: readonly Filling[]; set: (value: Filling[]) => void }) {
  const put = (at: number, change: Partial<Filling>) => props.set(props.value.map((one, number) => (number === at ? { ...one, ...change } : one)));
  return (
    <Group label={props.label} help={props.help} error={props.error} class="lines">
      <For each={props.value.map((_, at) => at)}>
        {(at) => (
          <div class="line filling">
            <select class="input" aria-label={props.label} onChange={(event) => put(at, { field: event.currentTarget.value })}><Options rows={props.rows} value={props.value[at]?.field ?? ""} none={t("field.choose")} /></select>
            <input class="input" aria-label={t("out.value")} placeholder={t("out.value")} maxLength={2_000} autocomplete="off" value={props.value[at]?.value ?? ""} onInput={(event) => put(at, { value: event.currentTarget.value })} />
            <button type="button" class="ghost" aria-label={t("common.delete")} onClick={() => props.set(props.value.filter((_, number) => number !== at))}><Icon name="close" small /></button>
          </div>
        )}
      </For>
      <Show when={props.value.length < props.most}><button type="button" class="button" onClick={() => props.set([...props.value, { field: "", value: "" }])}><Icon name="plus" small />{t("out.add")}</button></Show>
    </Group>
  );
}

/** Words with commas between. What is typed stays as it is typed; what it means goes to the form. */
export function Tags(props: Common & { value: readonly string[]; set: (value: string[]) => void }) {
  // The line is its own until the form is drawn anew.
  // eslint-disable-next-line solid/reactivity
  let line = props.value.join(", ");
  const set = (text: string) => {
    line = text;
    props.set(text.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""));
  };
  const shown = () => (props.value.join() === line.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "").join() ? line : (line = props.value.join(", ")));
  return <TextField label={props.label} help={props.help ?? t("out.tags.hint")} error={props.error} max={2_000} value={shown()} set={set} />;
}

