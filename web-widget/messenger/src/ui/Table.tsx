import { createMemo, createSignal, For, type JSX, Show } from "solid-js";
import { locale, t } from "../i18n.ts";
import { Icon } from "./Icon.tsx";
import { Foot, Heads, Row } from "./TableParts.tsx";

/** `sort`: what its rows are ordered by; without it the head is no button. `narrow`: as wide as its words, and not on a phone. */
export type Column<Item> = { id: string; title: string; cell: (row: Item) => JSX.Element; sort?: (row: Item) => string | number; narrow?: boolean };
/** What can be done with the rows whose boxes are ticked, as far as it fits them. */
export type Deed<Item> = { text: string; act: (rows: Item[]) => void; fits?: (row: Item) => boolean; danger?: boolean };

export type TableProps<Item> = {
  label: string;
  rows: readonly Item[];
  id: (row: Item) => string;
  /** What a row is called, for who hears the screen. */
  name: (row: Item) => string;
  columns: Column<Item>[];
  /** What the search field looks in; without it there is none. */
  words?: (row: Item) => string;
  edit?: (row: Item) => void;
  /** The bin of one row, and of all that are ticked. */
  remove?: (rows: Item[]) => void;
  /** A row that nobody can remove. */
  keeps?: (row: Item) => boolean;
  /** What the bin is called where it does not delete. */
  removeText?: string;
  deeds?: Deed<Item>[];
  /** Further buttons of a row. */
  hands?: (row: Item) => JSX.Element;
  /** Whether a row may be changed by who looks. */
  mayChange?: (row: Item) => boolean;
  /** Asks for the rows that come after these; null: these are all. Settles once they are there. */
  more?: (() => Promise<void>) | null;
};

export const PAGE = 20;

/** The one table of the settings: sortable heads, a counter, boxes with bulk actions, pencil and bin. */
export function Table<Item>(props: TableProps<Item>) {
  const [sort, setSort] = createSignal<{ id: string; falling: boolean } | null>(null);
  const [page, setPage] = createSignal(0);
  const [asked, setAsked] = createSignal("");
  const [picked, setPicked] = createSignal<ReadonlySet<string>>(new Set());
  const may = (row: Item) => props.mayChange?.(row) ?? true;
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
  const shown = createMemo(() => found().slice(at() * PAGE, (at() + 1) * PAGE));
  /** Rows stand by their ids, and what is read anew and says the same stays: so do the focus and the button that is being pressed. */
  const byId = createMemo<ReadonlyMap<string, Item>>((before) => new Map(shown().map((row) => {
    const id = props.id(row);
    const was = before.get(id);
    return [id, was !== undefined && JSON.stringify(was) === JSON.stringify(row) ? was : row];
  })), new Map());
  const turn = (id: string) => setSort((now) => (now?.id === id ? (now.falling ? null : { id, falling: true }) : { id, falling: false }));
  const deeds = (): Deed<Item>[] => [...(props.deeds ?? []), ...(props.remove ? [{ text: props.removeText ?? t("common.delete"), danger: true, act: props.remove, fits: (row: Item) => !props.keeps?.(row) }] : [])];
  const boxes = () => deeds().length > 0;
  const changeable = () => shown().filter(may);
  const allPicked = () => changeable().length > 0 && changeable().every((row) => picked().has(props.id(row)));
  const pick = (rows: Item[], on: boolean) => setPicked((now) => {
    const next = new Set(now);
    for (const row of rows) if (on) next.add(props.id(row)); else next.delete(props.id(row));
    return next;
  });
  /** What is gone meanwhile is ticked no more. */
  const chosen = createMemo(() => props.rows.filter((row) => picked().has(props.id(row)) && may(row)));
  const act = (deed: Deed<Item>) => {
    const rows = chosen().filter((row) => deed.fits?.(row) ?? true);
    setPicked(new Set<string>());
    deed.act(rows);
  };
  const go = async (to: number) => {
    if (to > last() && props.more) await props.more();
    setPage(Math.max(0, to));
  };
  return (
    <div class="records">
      <Show when={props.words && (props.rows.length > PAGE || asked() !== "")}>
        <div class="search" role="search"><Icon name="search" small /><input type="search" aria-label={t("table.search")} placeholder={t("table.search")} value={asked()} onInput={(event) => { setAsked(event.currentTarget.value); setPage(0); }} /></div>
      </Show>
      <div class="records-frame" tabindex="0" role="region" aria-label={props.label}>
        <table>
          <Heads table={props} boxes={boxes()} sort={sort()} turn={turn} all={allPicked()} pickAll={(on) => pick(changeable(), on)} />
          <tbody>
            <For each={[...byId().keys()]} fallback={<tr><td colspan={props.columns.length + 2} class="none">{t("search.none")}</td></tr>}>
              {(id) => (
                <Show when={byId().get(id)}>
                  {(row) => <Row table={props} row={row()} boxes={boxes()} may={may(row())} picked={picked().has(id)} pick={(on) => pick([row()], on)} />}
                </Show>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <Foot from={at() * PAGE + 1} to={at() * PAGE + shown().length} all={found().length} more={!!props.more} picked={chosen()} deeds={deeds()} act={act} first={at() === 0} last={at() === last() && !props.more} go={(step) => void go(at() + step)} />
    </div>
  );
}
