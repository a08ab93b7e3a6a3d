/** What is filled in. */
import { createSignal } from "solid-js";
import { Problem } from "../../messenger/src/http.ts";
import { EditLine } from "../../messenger/src/ui/EditLine.tsx";
import { SelectField, TextField } from "../../messenger/src/ui/Field.tsx";
import { DayField, Filters } from "../../messenger/src/ui/Filters.tsx";
import { FormDialog } from "../../messenger/src/ui/FormDialog.tsx";
import { SearchField } from "../../messenger/src/ui/SearchField.tsx";
import { click, LONG, type Piece, type } from "../piece.ts";

const nothing = () => undefined;
const never = () => new Promise<void>(nothing);
const refuse = (field?: string) => () => Promise.reject(new Problem(422, "required", "", field ? { field } : {}));

function Text(props: { value?: string; error?: string; help?: string; rows?: number; readonly?: boolean; label?: string }) {
  // eslint-disable-next-line solid/reactivity -- a field of the gallery starts from what it is given
  const [value, setValue] = createSignal(props.value ?? "");
  return <TextField label={props.label ?? "Название"} value={value()} set={setValue} error={props.error ?? null} {...(props.help && { help: props.help })} {...(props.rows && { rows: props.rows })} {...(props.readonly && { readonly: true })} />;
}

const form = (save: () => Promise<unknown>) => () => (
  <FormDialog title="Новая метка" narrow fields={["name"]} save={save} close={nothing}>{(at) => <TextField label="Название метки" value="Опт" set={nothing} error={at("name")} help="До 40 знаков." />}</FormDialog>
);
const submit = () => document.querySelector<HTMLButtonElement>("dialog .button.main")?.click();

export const forms: Piece[] = [
  {
    file: "Field.tsx",
    states: [
      { name: "rest", show: () => <Text help="Видят только сотрудники." /> },
      { name: "hover", show: () => <Text value="Лавка" />, force: "hover", on: "input" },
      { name: "focus", show: () => <Text value="Лавка" />, force: "focus", on: "input" },
      { name: "error", show: () => <Text value="Лавка" error="Такое название уже есть." /> },
      { name: "read only", show: () => <Text value="№ 12" readonly /> },
      { name: "long text", show: () => <Text label={LONG} value={LONG} help={LONG} /> },
      { name: "several lines", show: () => <Text rows={4} value={"Здравствуйте!\nЧем помочь?"} /> },
      { name: "select", show: () => <SelectField label="Роль" help="Отвечает клиентам." value="a" set={nothing} options={[{ value: "a", text: "Менеджер" }, { value: "b", text: LONG }]} /> },
      { name: "select, error", show: () => <SelectField label="Роль" error="Выберите роль." value="a" set={nothing} options={[{ value: "a", text: "Менеджер" }]} /> },
    ],
  },
  {
    file: "EditLine.tsx",
    states: [
      { name: "rest", show: () => <EditLine label="Телефон" value="+7 999 000-00-00" empty="Добавить телефон" save={() => Promise.resolve()} max={40} /> },
      { name: "empty", show: () => <EditLine label="Телефон" value="" empty="Добавить телефон" save={() => Promise.resolve()} max={40} /> },
      { name: "hover", show: () => <EditLine label="Телефон" value="+7 999 000-00-00" empty="" save={() => Promise.resolve()} max={40} />, force: "hover" },
      { name: "focus", show: () => <EditLine label="Телефон" value="+7 999 000-00-00" empty="" save={() => Promise.resolve()} max={40} />, force: "focus" },
      { name: "long text", show: () => <EditLine label="Компания" value={LONG} empty="" save={() => Promise.resolve()} max={400} /> },
      { name: "changed in place", show: () => <EditLine label="Телефон" value="+7 999 000-00-00" empty="" save={never} max={40} />, act: click("button"), alone: true },
      { name: "error", show: () => <EditLine label="E-mail" value="anna@shop.example" empty="" save={refuse()} max={40} />, act: (box) => { click("button")(box); type("input", "anna")(box); box.querySelector("input")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })); }, alone: true },
    ],
  },
  {
    file: "SearchField.tsx",
    states: [
      { name: "rest", show: () => <SearchField label="Поиск" hint="/" ask={nothing} /> },
      { name: "focus", show: () => <SearchField label="Поиск" hint="/" ask={nothing} />, force: "focus", on: "input" },
      { name: "with words", show: () => <SearchField label="Поиск" ask={nothing} />, act: type("input", "доставка") },
      { name: "long text", show: () => <SearchField label={LONG} ask={nothing} />, act: type("input", LONG) },
    ],
  },
  {
    file: "Filters.tsx",
    states: [
      { name: "folded", show: () => <Filters on={0} clear={nothing}><DayField label="С" value="" set={nothing} /></Filters> },
      { name: "folded, two set", show: () => <Filters on={2} clear={nothing}><DayField label="С" value="" set={nothing} /></Filters> },
      { name: "open", show: () => <Filters on={2} clear={nothing}><DayField label="С" value="2026-11-21" set={nothing} /><DayField label="По" value="" set={nothing} /></Filters>, act: click("button"), wide: true },
    ],
  },
  {
    file: "FormDialog.tsx",
    states: [
      { name: "rest", show: form(never), alone: true },
      { name: "busy", show: form(never), act: submit, alone: true },
      { name: "error at its field", show: form(refuse("name")), act: submit, alone: true },
      { name: "error of the whole", show: form(() => Promise.reject(new Problem(0, "network", ""))), act: submit, alone: true },
    ],
  },
];
