import { createEffect, createSignal, For, onCleanup, onMount, Show } from "solid-js";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useThread } from "./context.ts";

/** Who answers: take it, give it back, or hand it to a colleague. Arrows walk the menu, Escape leaves it. */
export function Assign(props: { assign: (user: string | null) => void }) {
  const desk = useDesk();
  const { conversation } = useThread();
  const [open, setOpen] = createSignal(false);
  let box!: HTMLDivElement;
  let button!: HTMLButtonElement;
  const assignee = () => conversation()?.assignee ?? null;
  const mine = () => assignee() === desk.me().id;
  const others = () => desk.colleagues().filter((one) => one.id !== desk.me().id);
  const items = () => [...box.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const shut = (back: boolean) => {
    setOpen(false);
    if (back) button.focus();
  };
  const pick = (user: string | null) => {
    shut(true);
    props.assign(user);
  };
  const outside = (event: Event) => {
    if (!box.contains(event.target as Node)) setOpen(false);
  };
  onMount(() => document.addEventListener("pointerdown", outside));
  onCleanup(() => document.removeEventListener("pointerdown", outside));
  createEffect(() => {
    if (!open()) return;
    void desk.loadColleagues();
    queueMicrotask(() => items()[0]?.focus());
  });
  const key = (event: KeyboardEvent) => {
    if (!open()) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const next = to[event.key];
    if (event.key === "Escape") shut(true);
    else if (next !== undefined) all[next % all.length]?.focus();
    else {
      if (event.key === "Tab") setOpen(false);
      // Letters of the page's shortcuts mean nothing while the menu is open.
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="assign" ref={(made) => (box = made)} onKeyDown={key}>
      <button type="button" class="ghost" ref={(made) => (button = made)} classList={{ on: assignee() !== null }} title={`${t("assign.label")} (A)`} aria-label={t("assign.label")} aria-haspopup="menu" aria-expanded={open()} onClick={() => setOpen(!open())}><Icon name="mine" /></button>
      <Show when={open()}>
        <div class="menu" role="menu" aria-label={t("assign.label")}>
          <Show when={!mine()}><button type="button" role="menuitem" tabindex="-1" onClick={() => pick(desk.me().id)}><Icon name="mine" small />{t("thread.take")}</button></Show>
          <Show when={assignee() !== null}><button type="button" role="menuitem" tabindex="-1" onClick={() => pick(null)}><Icon name="close" small />{mine() ? t("thread.drop") : t("assign.nobody")}</button></Show>
          <Show when={others().length > 0}><hr /></Show>
          <For each={others()}>
            {(one) => (
              <button type="button" role="menuitemradio" tabindex="-1" aria-checked={assignee() === one.id} onClick={() => pick(one.id)}>
                <Avatar name={one.name} seed={one.id} /><span class="name">{one.name}</span><Show when={assignee() === one.id}><Icon name="check" small /></Show>
              </button>
            )}
          </For>
        </div>
      </Show>
    </div>
  );
}
