import { createEffect, createMemo, createSignal, For, type JSX, onCleanup, onMount, Show } from "solid-js";
import { Icon } from "./Icon.tsx";
import type { IconName } from "./paths.ts";

/** A line of a menu; `checked` makes it one of several to choose from. */
type Line = { text: string; act: () => void; /** Its name, where the text is only a sign. */ name?: string; icon?: IconName; face?: JSX.Element; checked?: boolean; hint?: string | undefined; danger?: boolean; line?: boolean };
export type Item = Line | false | undefined;

type Props = {
  label: string;
  items: () => Item[];
  class?: string;
  title?: string;
  /** Whether the words on the button are its name; else it is the label. */
  named?: boolean;
  on?: boolean;
  /** Whether it stands under the button's beginning; else under its end. */
  start?: boolean;
  opened?: () => void;
  children: JSX.Element;
  ref?: (button: HTMLButtonElement) => void;
};

const GAP = 6;

/** A button with a menu. Arrows walk it, letters of the page's shortcuts mean nothing meanwhile, Escape leaves it and gives the focus back. */
export function Menu(props: Props) {
  const [open, setOpen] = createSignal(false);
  let box!: HTMLDivElement;
  let button!: HTMLButtonElement;
  let menu: HTMLDivElement | undefined;
  const lines = () => [...box.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  /** Over everything, wherever the button stands: below it, or above where there is no room; never out of the window. */
  const place = () => {
    if (!menu) return;
    const [at, own] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
    const below = at.bottom + GAP + own.height <= innerHeight - GAP;
    menu.style.top = `${Math.max(GAP, below ? at.bottom + GAP : at.top - GAP - own.height)}px`;
    const left = props.start ? at.left : at.right - own.width;
    menu.style.left = `${Math.max(GAP, Math.min(left, innerWidth - own.width - GAP))}px`;
  };
  const shut = (back: boolean) => {
    setOpen(false);
    if (back) button.focus();
  };
  const outside = (event: Event) => {
    if (!box.contains(event.target as Node)) setOpen(false);
  };
  onMount(() => document.addEventListener("pointerdown", outside));
  onCleanup(() => document.removeEventListener("pointerdown", outside));
  createEffect(() => {
    if (!open()) return;
    props.opened?.();
    const leave = () => setOpen(false);
    window.addEventListener("resize", leave);
    onCleanup(() => window.removeEventListener("resize", leave));
    queueMicrotask(place);
    queueMicrotask(() => (lines().find((line) => line.getAttribute("aria-checked") === "true") ?? lines()[0])?.focus());
  });
  /** Lines stand by what they say: one whose count changes, or that moves, between a press and its release is still the one that was pressed. */
  const byText = createMemo<ReadonlyMap<string, Line>>(() => {
    const lines = new Map<string, Line>();
    for (const item of open() ? props.items() : []) {
      if (!item) continue;
      let key = item.text;
      while (lines.has(key)) key += " ";
      lines.set(key, item);
    }
    return lines;
  });
  // What the menu lists may change while it is open: it may need another place, and the focused line may be gone.
  let at = 0;
  createEffect(() => {
    if (!open()) return;
    byText();
    queueMicrotask(() => {
      place();
      if (document.activeElement === document.body) lines()[at]?.focus();
    });
  });
  const key = (event: KeyboardEvent) => {
    if (!open()) return;
    const all = lines();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const next = to[event.key];
    if (event.key === "Escape") shut(true);
    else if (next !== undefined) all[next % all.length]?.focus();
    else {
      if (event.key === "Tab") setOpen(false);
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const pick = (act: () => void) => {
    shut(true);
    act();
  };
  return (
    <div class="menu-box" ref={(made) => (box = made)} onKeyDown={key}>
      <button type="button" class={props.class ?? "ghost"} classList={{ on: !!props.on }} ref={(made) => { button = made; props.ref?.(made); }} title={props.title ?? props.label} aria-label={props.named ? undefined : props.label} aria-haspopup="menu" aria-expanded={open()}
        onClick={(event) => { event.preventDefault(); event.stopPropagation(); setOpen(!open()); }}>{props.children}</button>
      <Show when={open()}>
        <div class="menu" ref={(made) => (menu = made)} role="menu" aria-label={props.label} onFocusIn={(event) => (at = lines().indexOf(event.target as HTMLElement))}>
          <For each={[...byText().keys()]}>
            {(key) => (
              <Show when={byText().get(key)}>
                {(line) => (
                  <>
                    <Show when={line().line}><hr /></Show>
                    <button type="button" tabindex="-1" classList={{ danger: !!line().danger }} role={line().checked === undefined ? "menuitem" : "menuitemradio"} aria-checked={line().checked} aria-label={line().name} title={line().name}
                      onClick={(event) => { event.preventDefault(); event.stopPropagation(); pick(line().act); }}>
                      <Show when={line().face} fallback={<Show when={line().icon}>{(icon) => <Icon name={icon()} small />}</Show>}>{line().face}</Show>
                      <span class="name">{line().text}</span>
                      <Show when={line().hint}><small>{line().hint}</small></Show>
                      <Show when={line().checked}><Icon name="check" small /></Show>
                    </button>
                  </>
                )}
              </Show>
            )}
          </For>
        </div>
      </Show>
    </div>
  );
}
