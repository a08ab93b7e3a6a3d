import { batch, createEffect, createSignal, on, onCleanup, onMount, Show } from "solid-js";
import { t } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { writeFirst } from "../state/first.ts";
import { Icon } from "../ui/Icon.tsx";
import { SearchField } from "../ui/SearchField.tsx";
import { Bulk } from "./Bulk.tsx";
import { Pinned } from "./Pinned.tsx";
import { Rows } from "./Rows.tsx";
import { SearchResults } from "./SearchResults.tsx";
import { Views } from "./Views.tsx";

/** Keys that come faster than this (a held one does) move the selection only. */
const REST_MS = 80;
const STEPS = new Set(["KeyJ", "KeyK", "ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"]);

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function List(props: { selected: string | null }) {
  const desk = useDesk();
  const [asked, setAsked] = createSignal("");
  let field!: HTMLInputElement;
  /** Where the keys stand ahead of the open conversation: what they pass is neither opened nor read, only where they come to rest. */
  const [ahead, setAhead] = createSignal<string | null>(null);
  const selected = () => ahead() ?? props.selected;
  createEffect(() => desk.conversations.keep(selected()));
  createEffect(on(() => props.selected, () => setAhead(null), { defer: true }));
  let resting: ReturnType<typeof setTimeout> | undefined;
  const arrive = () => {
    clearTimeout(resting);
    resting = undefined;
    const id = ahead();
    if (id === null) return;
    batch(() => {
      setAhead(null);
      navigate(chatPath(id), true);
    });
  };
  let stepped = -Infinity;
  const select = (id: string) => {
    const now = performance.now();
    // Also the first of a run opens in a task of its own: drawing the list and the conversation in one would stutter.
    const wait = now - stepped < REST_MS ? REST_MS : 0;
    stepped = now;
    setAhead(id);
    clearTimeout(resting);
    resting = setTimeout(arrive, wait);
  };
  /** Any other key is meant for what is selected: it is opened first. */
  const early = (event: KeyboardEvent) => {
    if (!STEPS.has(event.code)) arrive();
  };

  const [picked, setPicked] = createSignal<ReadonlySet<string>>(new Set());
  let lastPicked: string | null = null;
  const list = () => desk.conversations.list(desk.query());
  /** With Shift everything between the last one and this. */
  const pick = (id: string, range: boolean) => {
    const next = new Set(picked());
    const [from, to] = [lastPicked === null ? -1 : list().indexOf(lastPicked), list().indexOf(id)];
    if (range && from >= 0 && to >= 0) {
      for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
        const one = list().at(index);
        if (one !== undefined) next.add(one);
      }
    } else if (!next.delete(id)) next.add(id);
    lastPicked = id;
    setPicked(next);
  };
  createEffect(on(desk.query, () => setPicked(new Set<string>()), { defer: true }));

  let jump: (index: number) => void = () => undefined;
  /** Where the keys stand while what lies there is still on its way. */
  let wanted: number | null = null;
  const open = (index: number) => {
    const to = Math.max(0, Math.min(list().length - 1, index));
    const id = list().at(to);
    if (document.activeElement instanceof HTMLElement && document.activeElement.classList.contains("row")) document.activeElement.blur();
    wanted = id === undefined && list().length > 0 ? to : null;
    if (id !== undefined) select(id);
    else jump(to);
  };
  createEffect(() => {
    const now = list();
    // It may have got shorter meanwhile.
    const id = wanted === null ? undefined : now.at(Math.min(wanted, now.length - 1));
    if (id === undefined) return;
    wanted = null;
    select(id);
  });
  const here = () => list().indexOf(selected() ?? "");
  const step = (by: number) => open((wanted ?? here()) + by);
  /** The next one that waits for an answer, from here on and round again. */
  const nextWaiting = () => {
    const from = here();
    for (let by = 1; by <= list().length; by += 1) {
      const at = (from + by) % list().length;
      const one = desk.conversations.get(list().at(at) ?? "");
      if (one?.unanswered_since === undefined || one.id === props.selected) continue;
      open(at);
      return;
    }
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target) || document.querySelector("dialog[open]")) return;
    const down = event.code === "KeyJ" || event.key === "ArrowDown";
    const up = event.code === "KeyK" || event.key === "ArrowUp";
    if (event.key === "/") field.focus();
    else if (down || up) step(down ? 1 : -1);
    else if (event.key === "Home" || event.key === "End") open(event.key === "Home" ? 0 : list().length - 1);
    else if (event.key === "PageDown" || event.key === "PageUp") step(event.key === "PageDown" ? 10 : -10);
    else if (event.code === "KeyG") nextWaiting();
    else if (event.code === "KeyX" && props.selected) pick(props.selected, false);
    else if (event.key === "Enter" && event.target === document.body && props.selected) document.querySelector<HTMLElement>(".composer textarea")?.focus();
    else return;
    event.preventDefault();
  };
  onMount(() => {
    window.addEventListener("keydown", early, true);
    window.addEventListener("keydown", key);
  });
  onCleanup(() => {
    clearTimeout(resting);
    window.removeEventListener("keydown", early, true);
    window.removeEventListener("keydown", key);
  });

  return (
    <section class="list" aria-label={t("list.label")}>
      <div class="tops">
        <SearchField label={t("list.search")} ask={setAsked} hint="/" ref={(made) => (field = made)} />
        <button type="button" class="ghost" aria-label={t("first.title")} title={`${t("first.title")} (C)`} onClick={() => writeFirst("")}><Icon name="plus" /></button>
      </div>
      <Show when={asked()} fallback={<><Views /><Pinned selected={selected()} /><Rows selected={selected()} picking={{ picked, pick }} goTo={(made) => (jump = made)} /><Bulk picked={picked()} clear={() => setPicked(new Set<string>())} /></>}>
        <SearchResults words={asked()} selected={props.selected} />
      </Show>
    </section>
  );
}
