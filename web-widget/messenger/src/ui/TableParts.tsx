import { For, Show } from "solid-js";
import { t } from "../i18n.ts";
import { Icon } from "./Icon.tsx";
import type { Deed, TableProps } from "./Table.tsx";

const handed = <Item,>(table: TableProps<Item>) => table.edit !== undefined || table.remove !== undefined || table.hands !== undefined;

export function Heads<Item>(props: { table: TableProps<Item>; boxes: boolean; sort: { id: string; falling: boolean } | null; turn: (id: string) => void; all: boolean; pickAll: (on: boolean) => void }) {
  const turned = (id: string) => (props.sort?.id === id ? (props.sort.falling ? "descending" : "ascending") : undefined);
  return (
    <thead>
      <tr>
        <Show when={props.boxes}><th class="box"><label><input type="checkbox" aria-label={t("table.pickAll")} checked={props.all} onChange={(event) => props.pickAll(event.currentTarget.checked)} /></label></th></Show>
        <For each={props.table.columns}>
          {(column) => (
            <th aria-sort={turned(column.id)} classList={{ narrow: !!column.narrow }}>
              <Show when={column.sort} fallback={column.title}>
                <button type="button" onClick={() => props.turn(column.id)}>{column.title}<i class="arrow" classList={{ on: turned(column.id) !== undefined, falling: turned(column.id) === "descending" }} aria-hidden="true" /></button>
              </Show>
            </th>
          )}
        </For>
        <Show when={handed(props.table)}><th class="hands"><span class="sr">{t("table.actions")}</span></th></Show>
      </tr>
    </thead>
  );
}

export function Row<Item>(props: { table: TableProps<Item>; row: Item; boxes: boolean; may: boolean; picked: boolean; pick: (on: boolean) => void }) {
  const name = () => props.table.name(props.row);
  const binText = () => props.table.removeText ?? t("common.delete");
  return (
    <tr classList={{ picked: props.picked }}>
      <Show when={props.boxes}>
        <td class="box"><label><input type="checkbox" disabled={!props.may} aria-label={t("bulk.pick", { name: name() })} checked={props.picked} onChange={(event) => props.pick(event.currentTarget.checked)} /></label></td>
      </Show>
      <For each={props.table.columns}>{(column) => <td classList={{ narrow: !!column.narrow }} data-title={column.title}>{column.cell(props.row)}</td>}</For>
      <Show when={handed(props.table)}>
        <td class="hands">
          {props.table.hands?.(props.row)}
          <Show when={props.may}>
            <Show when={props.table.edit}>{(edit) => <button type="button" class="ghost" aria-label={`${t("common.edit")}: ${name()}`} title={t("common.edit")} onClick={() => edit()(props.row)}><Icon name="edit" small /></button>}</Show>
            <Show when={props.table.remove}>{(remove) => <button type="button" class="ghost bin" classList={{ kept: !!props.table.keeps?.(props.row) }} aria-label={`${binText()}: ${name()}`} title={binText()} onClick={() => remove()([props.row])}><Icon name="trash" small /></button>}</Show>
          </Show>
        </td>
      </Show>
    </tr>
  );
}

type FootProps<Item> = { from: number; to: number; all: number; more: boolean; picked: Item[]; deeds: Deed<Item>[]; act: (deed: Deed<Item>) => void; first: boolean; last: boolean; go: (step: number) => void };

/** The counter, or what can be done with what is ticked; and the way to other pages. */
export function Foot<Item>(props: FootProps<Item>) {
  const counted = () => (props.all === 0 ? "" : t(props.more ? "table.shownSome" : "table.shown", { from: props.from, to: props.to, all: props.all }));
  return (
    <footer>
      <span role="status">{counted()}</span>
      <Show when={props.picked.length > 0}>
        <span class="deeds-of">
          <b>{t("table.picked", { n: props.picked.length })}</b>
          <For each={props.deeds.filter((deed) => props.picked.some((row) => deed.fits?.(row) ?? true))}>
            {(deed) => <button type="button" class="button" classList={{ danger: !!deed.danger }} onClick={() => props.act(deed)}>{deed.text}</button>}
          </For>
        </span>
      </Show>
      <Show when={!(props.first && props.last)}>
        <span class="pages-of">
          <button type="button" class="ghost" disabled={props.first} aria-label={t("table.before")} onClick={() => props.go(-1)}><Icon name="left" small /></button>
          <button type="button" class="ghost" disabled={props.last} aria-label={t("table.after")} onClick={() => props.go(1)}><Icon name="right" small /></button>
        </span>
      </Show>
    </footer>
  );
}
