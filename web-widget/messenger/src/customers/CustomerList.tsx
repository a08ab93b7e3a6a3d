import { createSignal, For, onCleanup, onMount, Show } from "solid-js";
import type { CustomerView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { customerPath, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { createPaged } from "../state/paged.ts";
import type { Page } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";
import { SearchField } from "../ui/SearchField.tsx";
import { CustomerRow } from "./CustomerRow.tsx";

const PAGE = 50;
/** Changes come in waves; the list is asked once for each. */
const REST_MS = 400;

export function CustomerList(props: { selected: string | null; add: () => void }) {
  const desk = useDesk();
  const [asked, setAsked] = createSignal("");
  const found = createPaged<CustomerView, Page<CustomerView> & { complete: boolean }>((cursor) => api.customers(asked(), cursor, PAGE));
  let field!: HTMLInputElement;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(found.again, REST_MS);
  };
  onCleanup(() => clearTimeout(timer));
  onCleanup(desk.listen({ customer: later, reload: later }));
  const ask = (words: string) => {
    setAsked(words);
    found.again();
  };
  const step = (by: number) => {
    const all = found.value() ?? [];
    const to = all[Math.max(0, Math.min(all.length - 1, all.findIndex((one) => one.id === props.selected) + by))];
    if (!to) return;
    navigate(customerPath(to.id), true);
    queueMicrotask(() => document.querySelector(`.row[data-id="${to.id}"]`)?.scrollIntoView({ block: "nearest" }));
  };
  const key = (event: KeyboardEvent) => {
    const busy = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey || busy || document.querySelector("dialog[open]")) return;
    const down = event.code === "KeyJ" || event.key === "ArrowDown";
    const up = event.code === "KeyK" || event.key === "ArrowUp";
    if (event.key === "/") field.focus();
    else if (event.key === "Escape" && props.selected) navigate("/customers");
    else if (down || up) step(down ? 1 : -1);
    else return;
    event.preventDefault();
  };
  onMount(() => window.addEventListener("keydown", key));
  onCleanup(() => window.removeEventListener("keydown", key));
  return (
    <section class="list" aria-label={t("rail.customers")}>
      <div class="tops">
        <SearchField label={t("customers.search")} ask={ask} hint="/" ref={(made) => (field = made)} />
        <button type="button" class="ghost" aria-label={t("customers.add")} title={t("customers.add")} onClick={() => props.add()}><Icon name="plus" /></button>
      </div>
      <p class="counted" role="status">{found.first() ? t("customers.count", { n: found.first()?.total ?? 0 }) : ""}</p>
      <div class="rows found" role="region" aria-label={t("rail.customers")}>
        <Show when={found.first()?.complete === false}><p class="hint">{t("search.incomplete")}</p></Show>
        <Show when={found.error()}><Empty icon="offline" title={problemText(found.error())}><button type="button" class="button" onClick={() => found.again()}>{t("common.retry")}</button></Empty></Show>
        <Show when={!found.error() && found.value()?.length === 0}>
          <Show when={asked()} fallback={<Empty icon="people" title={t("customers.none")} text={t("customers.none.text")}><button type="button" class="button main" onClick={() => props.add()}>{t("customers.add")}</button></Empty>}>
            <Empty icon="search" title={t("search.none")} text={t("search.none.text")} />
          </Show>
        </Show>
        <ul><For each={found.value()}>{(one) => <li><CustomerRow one={one} selected={one.id === props.selected} /></li>}</For></ul>
        <Show when={found.next()}><button type="button" class="button more" onClick={() => void found.more()}>{t("search.more")}</button></Show>
      </div>
    </section>
  );
}
