/** What lies over the page. */
import { onMount } from "solid-js";
import { Asks, askSure, askText } from "../../messenger/src/ui/ask.tsx";
import { Confirm, Dialog } from "../../messenger/src/ui/Dialog.tsx";
import { Icon } from "../../messenger/src/ui/Icon.tsx";
import { type Item, Menu } from "../../messenger/src/ui/Menu.tsx";
import { toast, Toasts } from "../../messenger/src/ui/toast.tsx";
import { click, LONG, type Piece } from "../piece.ts";

const nothing = () => undefined;

function Ask(props: { ask: () => Promise<unknown> }) {
  onMount(() => void props.ask());
  return <Asks />;
}

function Told(props: { tell: () => void }) {
  onMount(() => props.tell());
  return <Toasts />;
}

const items = (): Item[] => [
  { text: "Закрыть", icon: "check", hint: "E", act: nothing },
  { text: "Назначить", icon: "user", act: nothing },
  { text: "Анна", checked: true, act: nothing, line: true },
  { text: LONG, checked: false, act: nothing },
  { text: "Удалить", icon: "trash", danger: true, act: nothing, line: true },
];
const menu = () => <Menu label="Действия" items={items}><Icon name="more" /></Menu>;

export const over: Piece[] = [
  {
    file: "Dialog.tsx",
    states: [
      { name: "rest", show: () => <Dialog title="О программе" close={nothing}><p class="words">Kommutator собирает переписки в одном месте.</p></Dialog>, alone: true },
      { name: "question", show: () => <Confirm title="Повторить отправку?" text="Мессенджер не подтвердил отправку. Клиент может получить сообщение дважды." action="Повторить" done={nothing} />, alone: true },
      { name: "danger", show: () => <Confirm title="Точно удалить?" text="Канал «Сайт» перестанет принимать сообщения. Переписки останутся." action="Удалить" danger done={nothing} />, alone: true },
      { name: "hover on danger", show: () => <Confirm title="Точно удалить?" text="Переписки останутся." action="Удалить" danger done={nothing} />, alone: true, force: "hover", on: ".danger" },
      { name: "long text", show: () => <Confirm title={LONG} text={`${LONG}. `.repeat(6)} action="Отправить и закрыть переписку" done={nothing} />, alone: true },
    ],
  },
  {
    file: "ask.tsx",
    states: [
      { name: "a text", show: () => <Ask ask={() => askText("Новая метка", "Название метки", "Создать", "Опт")} />, alone: true },
      { name: "a text, empty", show: () => <Ask ask={() => askText("Новая метка", "Название метки", "Создать")} />, alone: true },
      { name: "sure", show: () => <Ask ask={() => askSure("Отозвать?", "Программы с этими токенами потеряют доступ сразу: Бот.", "Отозвать", true)} />, alone: true },
    ],
  },
  {
    file: "toast.tsx",
    states: [
      { name: "done, undone, trouble", show: () => <Told tell={() => { toast("Сохранено"); toast("Метка «Опт» удалена со всех переписок", false, { text: "Отменить", act: nothing }); toast("Нет связи с сервером. Попробуйте ещё раз.", true); }} />, alone: true },
      { name: "long text", show: () => <Told tell={() => toast(LONG, false, { text: "Отменить", act: nothing })} />, alone: true },
    ],
  },
  {
    file: "Menu.tsx",
    states: [
      { name: "rest", show: menu },
      { name: "hover", show: menu, force: "hover" },
      { name: "focus", show: menu, force: "focus" },
      { name: "open", show: () => <div style={{ padding: "24px", "margin-left": "50%" }}>{menu()}</div>, // A phone resizes its window once the page is laid out, and that closes a menu.
        act: (box) => setTimeout(() => click("button")(box), 150), alone: true },
    ],
  },
];
