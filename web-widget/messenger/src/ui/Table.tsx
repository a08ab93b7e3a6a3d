import { createMemo, createSignal, For, type JSX, Show } from "solid-js";
import { locale, t } from "../i18n.ts";
import { Icon } from "./Icon.tsx";

/** `sort`: what its rows are ordered by; without it the head is no button. */
export type Column<Row> = { id: string; title: string; cell: (row: Row) => JSX.Element; sort?: (row: Row) => string | number; narrow?: boolean };

type Props<Row> = {
  label: string;
  rows: readonly Row[];
  id: (row: Row) => string;
  /** What a row is called, for who hears the screen. */
  name: (row: Row) => string;
  columns: Column<Row>[];
  /** What the search field looks in; without it there is none. */
  words?: (row: Row) => string;
  edit?: (row: Row) => void;
  remove?: (row: Row) => void;
  removeMany?: (ids: string[]) => void;
  /** Whether a row may be changed by who looks. */
  mayChange?: (row: Row) => boolean;
};

const PAGE = 20;

/** The one table of the settings: sortable heads, a counter, boxes with bulk actions, pencil and bin. */
export function Table<Row>(props: Props<Row>) {
  const [sort, setSort] = createSignal<{ id: string; falling: boolean } | null>(null);
  const [page, setPage] = createSignal(0);
  const [asked, setAsked] = createSignal("");
  const [picked, setPicked] = createSignal<ReadonlySet<string>>(new Set());
  const may = (row: Row) => props.mayChange?.(row) ?? true;
  const found = createMemo(() => {
    const words = asked().trim().toLowerCase();
    const rows = words && props.words ? props.rows.filter((row) => props.words?.(row).toLowerCase().includes(words)) : [...props.rows];
    const by = props.columns.find((column) => column.id === sort()?.id)?.sort;
    if (!by) return rows;
    const order = new Intl.Collator(locale(), { numeric: true });
    const sign = sort()?.falling ? -1 : 1;
    return rows.sort((a, b) => sign * order.compare(String(by(a)), String(by(b))));
  });
  const last = () => Math.max(0, Math.ceil(found().length / PAGE) - 1);
  const at = () => Math.min(page(), last());
  const shown = () => found().slice(at() * PAGE, (at() + 1) * PAGE);
  const turn = (id: string) => setSort((now) => (now?.id === id ? (now.falling ? null : { id, falling: true }) : { id, falling: false }));
  const changeable = () => shown().filter(may);
  const allPicked = () => changeable().length > 0 && changeable().every((row) => picked().has(props.id(row)));
  const pick = (id: string, on: boolean) => setPicked((now) => { const next = new Set(now); if (on) next.add(id); else next.delete(id); return next; });
  const pickAll = (on: boolean) => changeable().forEach((row) => pick(props.id(row), on));
  const removeMany = () => {
    const there = new Set(props.rows.map(props.id));
    props.removeMany?.([...picked()].filter((id) => there.has(id)));
    setPicked(new Set<string>());
  };
  return (
    <div class="records">
      <Show when={props.words && (props.rows.length > PAGE || asked() !== "")}>
        <div class="search" role="search"><Icon name="search" small /><input type="search" aria-label={t("table.search")} placeholder={t("table.search")} value={asked()} onInput={(event) => { setAsked(event.currentTarget.value); setPage(0); }} /></div>
      </Show>
      <div class="records-frame" tabindex="0" role="region" aria-label={props.label}>
        <table>
          <thead>
            <tr>
              <Show when={props.removeMany}><th class="box"><input type="checkbox" aria-label={t("table.pickAll")} checked={allPicked()} onChange={(event) => pickAll(event.currentTarget.checked)} /></th></Show>
              <For each={props.columns}>
                {(column) => (
                  <th aria-sort={sort()?.id === column.id ? (sort()?.falling ? "descending" : "ascending") : undefined} classList={{ narrow: !!column.narrow }}>
                    <Show when={column.sort} fallback={column.title}>
                      <button type="button" onClick={() => turn(column.id)}>{column.title}<i class="arrow" classList={{ on: sort()?.id === column.id, falling: sort()?.falling === true }} aria-hidden="true" /></button>
                    </Show>
                  </th>
                )}
              </For>
              <Show when={props.edit ?? props.remove}><th class="hands"><span class="sr">{t("table.actions")}</span></th></Show>
            </tr>
          </thead>
          <tbody>
            <For each={shown()} fallback={<tr><td colspan={props.columns.length + 2} class="none">{t("search.none")}</td></tr>}>
              {(row) => (
                <tr classList={{ picked: picked().has(props.id(row)) }}>
                  <Show when={props.removeMany}>
                    <td class="box"><input type="checkbox" disabled={!may(row)} aria-label={t("bulk.pick", { name: props.name(row) })} checked={picked().has(props.id(row))} onChange={(event) => pick(props.id(row), event.currentTarget.checked)} /></td>
                  </Show>
                  <For each={props.columns}>{(column) => <td classList={{ narrow: !!column.narrow }} data-title={column.title}>{column.cell(row)}</td>}</For>
                  <Show when={props.edit ?? props.remove}>
                    <td class="hands">
                      <Show when={may(row)}>
                        <Show when={props.edit}>{(edit) => <button type="button" class="ghost" aria-label={`${t("common.edit")}: ${props.name(row)}`} title={t("common.edit")} onClick={() => edit()(row)}><Icon name="edit" small /></button>}</Show>
                        <Show when={props.remove}>{(remove) => <button type="button" class="ghost" aria-label={`${t("common.delete")}: ${props.name(row)}`} title={t("common.delete")} onClick={() => remove()(row)}><Icon name="trash" small /></button>}</Show>
                      </Show>
                    </td>
                  </Show>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <footer>
        <span role="status">{found().length === 0 ? "" : t("table.shown", { from: at() * PAGE + 1, to: at() * PAGE + shown().length, all: found().length })}</span>
        <Show when={picked().size > 0}><button type="button" class="button danger" onClick={removeMany}>{t("table.removePicked", { n: picked().size })}</button></Show>
        <Show when={last() > 0}>
          <span class="pages-of">
            <button type="button" class="ghost" disabled={at() === 0} aria-label={t("table.before")} onClick={() => setPage(at() - 1)}><Icon name="left" small /></button>
            <button type="button" class="ghost" disabled={at() === last()} aria-label={t("table.after")} onClick={() => setPage(at() + 1)}><Icon name="right" small /></button>
          </span>
        </Show>
      </footer>
    </div>
  );
}
