import { createMemo, createSignal, createUniqueId, For, onMount, Show } from "solid-js";
import { kindText, t, titleOf, type WordKey } from "../i18n.ts";
import { chatPath, navigate, route } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { writeFirst } from "../state/first.ts";
import { VIEWS } from "../state/query.ts";
import { setTheme } from "../state/theme.ts";
import { pagesFor } from "../settings/pages.ts";
import { otherLayout } from "../thread/canned.ts";
import { Icon } from "../ui/Icon.tsx";
import type { IconName } from "../ui/paths.ts";

type Line = { text: string; hint?: string; icon: IconName; act: () => void };
const MOST = 12;

const fitsIn = (text: string, words: string) => [words.toLowerCase(), otherLayout(words)].some((way) => text.toLowerCase().includes(way));

/** Everything by a few letters (Ctrl+K): what can be done here, where one can go, and who wrote. */
export function Palette(props: { close: () => void; help: () => void }) {
  const desk = useDesk();
  const [asked, setAsked] = createSignal("");
  const [at, setAt] = createSignal(0);
  const id = createUniqueId();
  let box!: HTMLDialogElement;
  onMount(() => box.showModal());
  const open = () => {
    const now = route();
    return now.name === "chats" ? desk.conversations.get(now.conversation ?? "") : undefined;
  };
  const here = (): Line[] => {
    const one = open();
    if (!one) return [];
    const closed = one.status === "closed";
    return [
      { text: t(closed ? "thread.reopen" : "thread.close"), hint: "E", icon: closed ? "reopen" : "done", act: () => void desk.perform([one.id], { do: closed ? "reopen" : "close" }) },
      { text: t(one.assignee === desk.me().id ? "thread.drop" : "thread.take"), hint: "A", icon: "mine", act: () => void desk.perform([one.id], { do: "assign", user: one.assignee === desk.me().id ? null : desk.me().id }) },
      { text: t(desk.marks.of(one.id).pinned ? "row.unpin" : "row.pin"), icon: "pin", act: () => void desk.marks.change(one.id, { pinned: !desk.marks.of(one.id).pinned }) },
    ];
  };
  const places = (): Line[] => [
    { text: t("first.title"), hint: "C", icon: "plus", act: () => writeFirst("") },
    { text: t("rail.customers"), icon: "people", act: () => navigate("/customers") },
    ...VIEWS.map((view): Line => ({ text: `${t("rail.chats")}: ${t(`view.${view}` satisfies WordKey)}`, icon: "inbox", act: () => { desk.setQuery({ ...desk.query(), view }); navigate("/"); } })),
    ...pagesFor(desk.isAdmin()).map((one): Line => ({ text: t(`settings.${one.page}` satisfies WordKey), hint: t("settings.title"), icon: one.icon, act: () => navigate(`/settings/${one.page}`) })),
    ...(["auto", "light", "dark"] as const).map((one): Line => ({ text: `${t("profile.theme")}: ${t(`profile.theme.${one}` satisfies WordKey)}`, icon: "settings", act: () => setTheme(one) })),
    { text: t("help.title"), hint: "?", icon: "keyboard", act: () => props.help() },
  ];
  const people = (): Line[] => desk.conversations.known().map((one): Line => ({ text: titleOf(one.title), hint: `${kindText(one.channel_kind)} · ${one.preview?.text ?? ""}`, icon: "message", act: () => navigate(chatPath(one.id)) }));
  const all = () => [...here(), ...places(), ...(asked().trim() ? people() : [])];
  const found = createMemo(() => all().filter((line) => fitsIn(line.text, asked().trim())).slice(0, MOST));
  const go = (line: Line | undefined) => {
    if (!line) return;
    box.close();
    line.act();
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    const most = found().length;
    if (event.key === "ArrowDown") setAt((at() + 1) % Math.max(1, most));
    else if (event.key === "ArrowUp") setAt((at() - 1 + most) % Math.max(1, most));
    else if (event.key === "Enter") go(found()[at()]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={(made) => (box = made)} class="palette" aria-label={t("palette.label")} onClose={() => props.close()} onClick={(event) => { if (event.target === box) box.close(); }} onKeyDown={key}>
      <div class="search"><Icon name="search" small />
        <input type="text" placeholder={t("palette.placeholder")} aria-label={t("palette.placeholder")} role="combobox" aria-expanded="true" aria-controls={id} aria-activedescendant={`${id}-${at()}`} value={asked()} maxLength="100"
          onInput={(event) => { setAsked(event.currentTarget.value); setAt(0); }} /></div>
      <div role="listbox" id={id} class="lines" aria-label={t("palette.label")}>
        <For each={found()} fallback={<p>{t("search.none")}</p>}>
          {(line, index) => (
            <div role="option" class="option" id={`${id}-${index()}`} aria-selected={index() === at()} onPointerMove={() => setAt(index())} onClick={() => go(line)}>
              <Icon name={line.icon} small /><span>{line.text}</span><Show when={line.hint}><small>{line.hint}</small></Show>
            </div>
          )}
        </For>
      </div>
    </dialog>
  );
}
