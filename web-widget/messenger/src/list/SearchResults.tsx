import { createEffect, createSignal, For, on, onCleanup, Show } from "solid-js";
import type { CustomerView } from "@kommutator/shared/generated/protocol.ts";
import { brief } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { CustomerRow } from "../customers/CustomerRow.tsx";
import { locale, problemText, t, titleOf } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { now } from "../state/clock.ts";
import type { Found } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Empty } from "../ui/Empty.tsx";

/** An index that is still being built is asked again. */
const AGAIN_MS = 2_000;
const PEOPLE = 3;

/** The text around the first word that was looked for, that word marked. */
export function snippet(text: string, words: string): { before: string; hit: string; after: string } {
  const flat = text.replace(/\s+/g, " ");
  const low = flat.toLowerCase().replaceAll("ё", "е");
  for (const word of words.toLowerCase().replaceAll("ё", "е").split(/\s+/).filter(Boolean)) {
    // Word forms differ at their ends, so a hit may be only the word's beginning.
    for (let length = word.length; length >= Math.min(3, word.length); length -= 1) {
      const at = low.indexOf(word.slice(0, length));
      if (at < 0) continue;
      const from = Math.max(0, at - 28);
      return { before: (from > 0 ? "…" : "") + flat.slice(from, at), hit: flat.slice(at, at + length), after: flat.slice(at + length) };
    }
  }
  return { before: flat, hit: "", after: "" };
}

export function SearchResults(props: { words: string; selected: string | null }) {
  const [found, setFound] = createSignal<Found[] | null>(null);
  const [next, setNext] = createSignal<string | null>(null);
  const [complete, setComplete] = createSignal(true);
  const [error, setError] = createSignal<unknown>(null);
  const [people, setPeople] = createSignal<CustomerView[]>([]);
  let abort = new AbortController();
  onCleanup(() => abort.abort());
  const ask = async (cursor: string | null) => {
    abort.abort();
    const mine = (abort = new AbortController());
    try {
      const page = await api.search(props.words, cursor, mine.signal);
      setFound((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
      setNext(page.next);
      setComplete(page.complete);
      setError(null);
      if (cursor === null && !page.complete) setTimeout(() => { if (!mine.signal.aborted) void ask(null); }, AGAIN_MS);
    } catch (problem) {
      if (!mine.signal.aborted) setError(problem);
    }
  };
  /** Customers stand above the messages; without them the messages are still found. */
  const askPeople = async (words: string) => {
    const page = await api.customers(words, null, PEOPLE, abort.signal).catch(() => null);
    if (page && words === props.words) setPeople(page.items);
  };
  createEffect(on(() => props.words, (words) => {
    void ask(null);
    void askPeople(words);
  }));
  return (
    <div class="rows found" role="region" aria-label={t("search.found")}>
      <Show when={!complete()}><p class="hint">{t("search.incomplete")}</p></Show>
      <Show when={error()}><Empty icon="offline" title={problemText(error())} /></Show>
      <Show when={people().length > 0}>
        <h2 class="kind">{t("customers.found")}</h2>
        <ul><For each={people()}>{(one) => <li><CustomerRow one={one} selected={false} /></li>}</For></ul>
        <Show when={(found()?.length ?? 0) > 0}><h2 class="kind">{t("customers.found.messages")}</h2></Show>
      </Show>
      <Show when={!error() && complete() && found()?.length === 0 && people().length === 0}><Empty icon="search" title={t("search.none")} text={t("search.none.text")} /></Show>
      <ul>
        <For each={error() ? [] : found()}>
          {(hit) => {
            const cut = () => snippet(hit.message.text, props.words);
            return (
              <li>
                <a class="row" classList={{ selected: hit.conversation.id === props.selected }} href={chatPath(hit.conversation.id, hit.message.id)} onClick={follow}>
                  <Avatar name={hit.conversation.title} seed={hit.conversation.identity ?? hit.conversation.id} kind={hit.conversation.channel_kind} picture={hit.conversation.picture_url} />
                  <span class="body">
                    <span class="line"><span class="name">{titleOf(hit.conversation.title)}</span><time>{brief(locale(), hit.message.written_at, now())}</time></span>
                    <span class="line"><span class="words">{cut().before}<mark>{cut().hit}</mark>{cut().after}</span></span>
                  </span>
                </a>
              </li>
            );
          }}
        </For>
      </ul>
      <Show when={next()}>{(cursor) => <button type="button" class="button more" onClick={() => void ask(cursor())}>{t("search.more")}</button>}</Show>
    </div>
  );
}
