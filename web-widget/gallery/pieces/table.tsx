/** The one table of the settings. */
import { Table } from "../../messenger/src/ui/Table.tsx";
import { click, LONG, type Piece, type } from "../piece.ts";

type Line = { id: string; name: string; state: string; at: string };

const nothing = () => undefined;
const lines = (many: number): Line[] => Array.from({ length: many }, (_, at) => ({ id: String(at), name: `Канал ${at + 1}`, state: at % 3 === 0 ? "Неактивный" : "Активный", at: `2${at % 10} нояб. 2026 г.` }));

function Some(props: { rows: Line[]; words?: boolean; locked?: boolean }) {
  return (
    <Table label="Каналы" rows={props.rows} id={(one) => one.id} name={(one) => one.name} {...(props.words && { words: (one: Line) => one.name })} edit={nothing} remove={nothing} mayChange={() => !props.locked}
      deeds={[{ text: "Активировать", act: nothing, fits: (one) => one.state === "Неактивный" }]}
      columns={[
        { id: "name", title: "Имя", sort: (one) => one.name, cell: (one) => <b>{one.name}</b> },
        { id: "state", title: "Статус", sort: (one) => one.state, cell: (one) => <span class={`tag ${one.state === "Активный" ? "posted" : ""}`}>{one.state}</span> },
        { id: "at", title: "Создан", narrow: true, cell: (one) => one.at },
      ]} />
  );
}

const states: Piece["states"] = [
  { name: "rest", show: () => <Some rows={lines(4)} />, wide: true },
  { name: "hover on a row", show: () => <Some rows={lines(2)} />, force: "hover", on: "tbody tr", wide: true },
  { name: "focus on a head", show: () => <Some rows={lines(2)} />, force: "focus", on: "th button", wide: true },
  { name: "sorted", show: () => <Some rows={lines(3)} />, act: (box) => { click("th button")(box); click("th button")(box); }, wide: true },
  { name: "ticked", show: () => <Some rows={lines(3)} />, act: (box) => { box.querySelectorAll<HTMLInputElement>("tbody input").forEach((one, at) => { if (at < 2) one.click(); }); }, wide: true },
  { name: "not to be changed", show: () => <Some rows={lines(2)} locked />, wide: true },
  { name: "several pages", show: () => <Some rows={lines(23)} words />, act: click(".pages-of button:last-child"), wide: true },
  { name: "nothing found", show: () => <Some rows={lines(23)} words />, act: type("[type=search]", "нет такого"), wide: true },
  { name: "long text", show: () => <Some rows={lines(2).map((one) => ({ ...one, name: LONG }))} />, wide: true },
];

export const table: Piece[] = [{ file: "Table.tsx", states }, { file: "TableParts.tsx", states: [{ name: "heads, rows and foot stand in Table.tsx", show: () => <Some rows={lines(1)} />, wide: true }] }];
