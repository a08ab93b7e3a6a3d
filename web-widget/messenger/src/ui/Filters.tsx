import { createSignal, type JSX, Show } from "solid-js";
import { t } from "../i18n.ts";
import { Field } from "./Field.tsx";
import { Icon } from "./Icon.tsx";

/** Filters above a table, folded away until somebody wants them (F-12). `on`: how many are set. */
export function Filters(props: { on: number; clear: () => void; children: JSX.Element }) {
  const [open, setOpen] = createSignal(false);
  return (
    <div class="filters" classList={{ open: open() }}>
      <button type="button" class="button" aria-expanded={open()} onClick={() => setOpen(!open())}>
        <Icon name="filter" small />{t(open() ? "filters.hide" : "filters.show")}<Show when={props.on > 0}><span class="count">{props.on}</span></Show>
      </button>
      <Show when={open()}>
        <div class="fields">
          {props.children}
          <Show when={props.on > 0}><button type="button" class="button" onClick={() => props.clear()}>{t("filters.clear")}</button></Show>
        </div>
      </Show>
    </div>
  );
}

/** A day of the reader's own calendar; empty: any. */
export function DayField(props: { label: string; value: string; set: (day: string) => void }) {
  return <Field label={props.label}>{(field) => <input id={field.id} class="input" type="date" value={props.value} onChange={(event) => props.set(event.currentTarget.value)} />}</Field>;
}
