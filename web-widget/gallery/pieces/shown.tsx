/** What is looked at. */
import { For } from "solid-js";
import { Problem } from "../../messenger/src/http.ts";
import { Avatar } from "../../messenger/src/ui/Avatar.tsx";
import { Empty } from "../../messenger/src/ui/Empty.tsx";
import { Footnote, marked } from "../../messenger/src/ui/footnote.tsx";
import { Icon } from "../../messenger/src/ui/Icon.tsx";
import { later } from "../../messenger/src/ui/Later.tsx";
import { LinkedText } from "../../messenger/src/ui/LinkedText.tsx";
import { type IconName, PATHS } from "../../messenger/src/ui/paths.ts";
import { LONG, type Piece } from "../piece.ts";

const Coming = later(() => new Promise<never>(() => undefined));
const Lost = later(() => Promise.reject(new Problem(0, "network", "")));

const BUTTONS = [["button", "Отмена"], ["button main", "Сохранить"], ["button danger", "Удалить"]] as const;
const buttons = (more: { disabled?: boolean } = {}) => <div class="row-of"><For each={BUTTONS}>{([style, text]) => <button type="button" class={style} {...more}>{text}</button>}</For><button type="button" class="ghost" aria-label="Закрыть" {...more}><Icon name="close" /></button></div>;

const FACE = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#7a9" d="M0 0h8v8H0z"/><circle cx="4" cy="3" r="1.6" fill="#fdc"/><path fill="#446" d="M1 8a3 3 0 0 1 6 0z"/></svg>')}`;

export const shown: Piece[] = [
  {
    file: "buttons",
    states: [
      { name: "rest", show: () => buttons() },
      ...BUTTONS.flatMap(([style, text]) => (["hover", "focus"] as const).map((force) => ({ name: `${text}, ${force}`, show: () => <button type="button" class={style}>{text}</button>, force }))),
      { name: "disabled", show: () => buttons({ disabled: true }) },
      { name: "with an icon", show: () => <button type="button" class="button main"><Icon name="plus" small />Создать канал</button> },
      { name: "long text", show: () => <button type="button" class="button">Отправить и закрыть переписку</button> },
      { name: "marks", show: () => <div class="row-of"><span class="tag owner">Владелец</span><span class="tag posted">Активный</span><span class="tag waiting">Ждёт</span><span class="tag undeliverable">Не ушло</span><span class="health connected"><i />Подключён</span><span class="health access_lost"><i />Нет доступа</span></div> },
      { name: "switch", show: () => <div class="row-of"><label class="switch"><input type="checkbox" role="switch" checked /><span>Канал включён</span></label><label class="switch"><input type="checkbox" role="switch" /><span>Звук</span></label><label class="switch"><input type="checkbox" role="switch" disabled /><span>Недоступно</span></label></div> },
      { name: "trouble", show: () => <p class="alert" role="alert"><Icon name="alert" small />Название уже занято.</p> },
    ],
  },
  {
    file: "Avatar.tsx",
    states: [
      { name: "letters", show: () => <div class="row-of"><Avatar name="Анна Петрова" seed="1" /><Avatar name="Борис" seed="2" /><Avatar name="محمد بن عبد" seed="3" /><Avatar name="李小龙" seed="4" /></div> },
      { name: "empty", show: () => <Avatar name="" seed="5" /> },
      { name: "channel", show: () => <div class="row-of"><Avatar name="Вера" seed="6" kind="site_widget" /><Avatar name="Вера" seed="7" kind="telegram_bot" /></div> },
      { name: "large", show: () => <Avatar name="Анна Петрова" seed="1" large /> },
      { name: "picture", show: () => <div class="row-of"><Avatar name="Вера" seed="6" kind="avito" picture={FACE} /><Avatar name="Вера" seed="6" picture={FACE} large /><Avatar name="Вера" seed="6" kind="avito" picture="data:image/png;base64,AAAA" /></div> },
    ],
  },
  { file: "Icon.tsx", states: [{ name: "all", wide: true, show: () => <div class="icons"><For each={Object.keys(PATHS) as IconName[]}>{(name) => <span><Icon name={name} /><Icon name={name} small /><small>{name}</small></span>}</For></div> }] },
  {
    file: "Empty.tsx",
    states: [
      { name: "with an action", show: () => <Empty icon="tag" title="Меток нет" text="Метки помогают находить переписки."><button type="button" class="button main">Новая метка</button></Empty> },
      { name: "error", show: () => <Empty icon="offline" title="Нет связи с сервером"><button type="button" class="button">Повторить</button></Empty> },
      { name: "long text", show: () => <Empty icon="lock" title={LONG} text={LONG} /> },
    ],
  },
  { file: "Later.tsx", states: [{ name: "busy", show: () => <Coming /> }, { name: "error", show: () => <Lost /> }] },
  {
    file: "LinkedText.tsx",
    states: [
      { name: "rest", show: () => <p><LinkedText text="Смотрите https://shop.example/dostavka и пишите." /></p> },
      { name: "hover", show: () => <p><LinkedText text="Смотрите https://shop.example/dostavka и пишите." /></p>, force: "hover", on: "a" },
      { name: "focus", show: () => <p><LinkedText text="Смотрите https://shop.example/dostavka и пишите." /></p>, force: "focus", on: "a" },
      { name: "found words", show: () => <p><LinkedText text="Доставка завтра, доставим до двери" marks="достав" /></p> },
      { name: "long text", show: () => <p style={{ "overflow-wrap": "anywhere" }}><LinkedText text={`https://shop.example/${"очень-длинный-адрес/".repeat(8)} ${LONG}`} /></p> },
    ],
  },
  { file: "footnote.tsx", states: [{ name: "rest", show: () => <><p>{marked("Instagram")}</p><Footnote /></> }] },
];
