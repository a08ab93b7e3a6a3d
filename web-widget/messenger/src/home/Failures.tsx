import { createMemo, createSignal, For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, reasonText, t, titleOf, type WordKey } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { Retry } from "../thread/Retry.tsx";
import type { Found } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";
import { Card, Quiet } from "./lists.tsx";

const FEW = 5;
const MORE = 20;

export type Failed = { items: Found[]; total: number; next: string | null };

/** The newest of them, as many as are shown. */
export async function loadFailed(many: number): Promise<Failed> {
  let page = await api.failures(null);
  const items = [...page.items];
  while (page.next !== null && items.length < many) items.push(...(page = await api.failures(page.next)).items);
  return { items, total: page.total ?? items.length, next: page.next };
}

function Row(props: { one: Found }) {
  const message = () => props.one.message;
  const words = () => message().text || message().attachments[0]?.name || "";
  const why = () => [t(`state.${message().state.status}` satisfies WordKey), reasonText(message().state.reason)].filter(Boolean).join(". ");
  return (
    <li class="failed-of">
      <Icon name={message().state.status === "unknown" ? "warning" : "alert"} small />
      <span class="two"><b>{titleOf(props.one.conversation.title)}</b><span class="words-of">{words()}</span><small class="because">{why()}</small><small>{dateTime(locale(), message().state.at)}</small></span>
      <span class="acts-of">
        <a class="button" href={chatPath(message().conversation, message().id)} onClick={follow} aria-label={t("home.failed.open", { name: titleOf(props.one.conversation.title) })}>{t("home.all")}</a>
        <Retry message={message()} />
      </span>
    </li>
  );
}

/** Messages that did not go out, and those of which nobody knows. */
export function Failures(props: { found: Failed; shown: (many: number) => void }) {
  const [many, setMany] = createSignal(FEW);
  // Rows stay where they are while the list is loaded anew: a question may stand open over one of them.
  const byId = createMemo(() => new Map(props.found.items.map((one) => [one.message.id, one])));
  const ids = () => [...byId().keys()].slice(0, many());
  const more = () => {
    setMany(many() + MORE);
    props.shown(many());
  };
  return (
    <Card title={t("home.failed")}>
      <Show when={props.found.total > 0} fallback={<Quiet text={t("home.failed.none")} />}>
        <p class="count-of" data-testid="home-failed">{t("home.failed.count", { n: props.found.total })}</p>
        <ul class="lines-of" aria-label={t("home.failed")}><For each={ids()}>{(id) => <Show when={byId().get(id)}>{(one) => <Row one={one()} />}</Show>}</For></ul>
        <Show when={props.found.total > ids().length}><button type="button" class="button more-of" onClick={more}>{t("home.failed.more", { n: props.found.total - ids().length })}</button></Show>
      </Show>
    </Card>
  );
}
