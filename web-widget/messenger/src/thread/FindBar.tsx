import { onCleanup, onMount, Show } from "solid-js";
import { problemText, t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import { useThread } from "./context.ts";

/** Looks for words in this conversation: Enter goes up to older ones, Shift+Enter down, Escape leaves. */
export function FindBar() {
  const { find } = useThread();
  let input!: HTMLInputElement;
  const from = document.activeElement;
  onMount(() => input.select());
  onCleanup(() => { if (from instanceof HTMLElement && from.isConnected) from.focus(); });
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Escape") find.end();
    else if (event.key === "Enter") void find.step(event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") void find.step(event.key === "ArrowUp" ? 1 : -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const said = () => {
    const count = find.count();
    if (find.error()) return problemText(find.error());
    if (count === null) return "";
    if (count === 0) return t("find.none");
    return t(find.more() ? "find.countMore" : "find.count", { at: find.at() + 1, n: count });
  };
  const about = () => {
    const words = find.readAs();
    return [words ? t("find.readAs", { words }) : "", find.complete() ? "" : t("search.incomplete")].filter(Boolean).join(" ");
  };
  const nothing = () => (find.count() ?? 0) === 0;
  return (
    <div class="find" role="search" aria-label={t("find.label")} onKeyDown={key}>
      <Icon name="search" small />
      <input ref={(made) => (input = made)} type="text" maxLength="100" placeholder={t("find.placeholder")} aria-label={t("find.placeholder")} value={find.words()} onInput={(event) => find.type(event.currentTarget.value)} />
      <span class="said" classList={{ bad: !!find.error() }} role="status">{said()}</span>
      <button type="button" class="ghost" disabled={nothing()} aria-label={t("find.up")} title={`${t("find.up")} (Enter)`} onClick={() => void find.step(1)}><Icon name="up" /></button>
      <button type="button" class="ghost" disabled={nothing()} aria-label={t("find.down")} title={`${t("find.down")} (Shift+Enter)`} onClick={() => void find.step(-1)}><Icon name="more" /></button>
      <button type="button" class="ghost" aria-label={t("find.end")} title={`${t("find.end")} (Esc)`} onClick={() => find.end()}><Icon name="close" /></button>
      <Show when={about()}><p>{about()}</p></Show>
    </div>
  );
}
