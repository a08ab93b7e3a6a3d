import { createEffect, createSignal, For, on, onCleanup, Show } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { SearchField } from "../ui/SearchField.tsx";
import { otherLayout } from "./canned.ts";

const SHOWN = 30;

/** Conversations to choose from: those seen lately by their names, and what the server finds. */
export function Targets(props: { not: string; picked: readonly ConversationView[]; why: (one: ConversationView) => string; toggle: (one: ConversationView) => void }) {
  const desk = useDesk();
  const [words, setWords] = createSignal("");
  const [found, setFound] = createSignal<readonly ConversationView[]>([]);
  const [error, setError] = createSignal<unknown>(null);
  let abort = new AbortController();
  onCleanup(() => abort.abort());
  /** Customers by name, phone or e-mail, then whose messages say it. */
  const look = async (text: string, signal: AbortSignal) => {
    const [people, said] = await Promise.all([api.customers(text, null, 10, signal), api.search(text, null, signal)]);
    const theirs = people.items.flatMap((one) => (one.conversation ? [one.conversation] : [])).map(async (talk) => desk.conversations.get(talk) ?? (await api.conversation(talk)));
    return [...(await Promise.all(theirs)), ...said.items.map((one) => one.conversation)];
  };
  createEffect(on(words, (text) => {
    abort.abort();
    const mine = (abort = new AbortController());
    setFound([]);
    setError(null);
    if (text.length < 2) return;
    look(text, mine.signal).then((all) => { if (!mine.signal.aborted) setFound(all); }, (problem: unknown) => { if (!mine.signal.aborted) setError(problem); });
  }));
  const shown = () => {
    const asked = words();
    const ways = [asked.toLowerCase(), otherLayout(asked)];
    const near = desk.conversations.known().filter((one) => one.status === "open" || asked !== "").filter((one) => ways.some((way) => `${one.title} ${one.channel_name}`.toLowerCase().includes(way)));
    const all = new Map([...near, ...found(), ...props.picked].map((one) => [one.id, one]));
    all.delete(props.not);
    // What is picked keeps its place, and the focus with it; found or not, it stays.
    return [...all.values()].filter((one, index) => index < SHOWN || props.picked.some((other) => other.id === one.id));
  };
  return (
    <>
      <SearchField label={t("forward.search")} ask={setWords} ref={(made) => queueMicrotask(() => made.focus())} />
      <ul class="targets" aria-label={t("forward.to")}>
        <For each={shown()} fallback={<li class="none">{error() ? problemText(error()) : t("search.none")}</li>}>
          {(one) => (
            <li>
              <label classList={{ cannot: props.why(one) !== "" }}>
                <input type="checkbox" disabled={props.why(one) !== ""} checked={props.picked.some((other) => other.id === one.id)} onChange={(event) => { props.toggle(one); event.currentTarget.checked = props.picked.some((other) => other.id === one.id); }} />
                <Avatar name={one.title} seed={one.identity ?? one.id} kind={one.channel_kind} picture={one.picture_url} />
                <span class="about"><b>{one.title || t("list.noName")}</b><small>{props.why(one) || [one.channel_name, one.preview?.text].filter(Boolean).join(" · ")}</small></span>
              </label>
            </li>
          )}
        </For>
      </ul>
      <Show when={props.picked.length > 0}><p class="hint" role="status">{t("forward.picked", { n: props.picked.length })}</p></Show>
    </>
  );
}
