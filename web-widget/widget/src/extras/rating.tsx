/** How a part of the conversation that is over went: one to five, and words. */
import { createMemo, createSignal, For, untrack } from "solid-js";
import type { EpisodeView } from "@kommutator/shared/generated/protocol.ts";
import { put } from "@kommutator/shared/i18n.ts";
import { rating as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import css from "./rating.css?inline";

const STAR = "m12 2.5 2.9 6 6.6.9-4.8 4.6 1.2 6.5-5.9-3.1-5.9 3.1 1.2-6.5L2.500 9.400l6.600-.900z";

export function make(panel: Panel) {
  panel.style(css);
  const { chat } = panel;
  return (episode: () => EpisodeView | undefined) => {
    const [changing, setChanging] = createSignal(false);
    const [stars, setStars] = createSignal(0);
    let comment!: HTMLTextAreaElement;
    let box!: HTMLFormElement;
    const given = () => episode()?.rating ?? 0;
    const done = () => given() > 0 && !changing();
    const shown = () => (done() ? given() : stars());
    const send = (event: Event) => {
      event.preventDefault();
      chat.rate(episode()?.number ?? 0, stars(), comment.value.trim());
      setChanging(false);
    };
    const pick = (n: number) => {
      setStars(n);
      // What opened below is to be seen.
      box.scrollIntoView({ block: "end" });
    };
    const change = () => {
      setStars(given());
      setChanging(true);
    };
    const asked = createMemo(() => stars() > 0);
    const below = () => {
      if (done()) return <button type="button" class="change" onClick={change}>{words.change}</button>;
      if (!asked()) return null;
      return [
        <textarea ref={(made) => (comment = made)} rows="2" maxlength="1000" placeholder={words.comment} aria-label={words.comment}>{untrack(episode)?.comment}</textarea>,
        <button class="submit">{words.send}</button>,
      ];
    };
    return (
      <form class="rate" ref={(made) => (box = made)} onSubmit={send}>
        <b id="rate">{done() ? words.thanks : words.ask}</b>
        <div class="stars" role="radiogroup" aria-labelledby="rate">
          <For each={[1, 2, 3, 4, 5]}>
            {(n) => (
              <button type="button" role="radio" class={n <= shown() ? "on" : ""} aria-checked={shown() === n ? "true" : "false"} aria-label={put(words.star, { n })} disabled={done()} onClick={() => pick(n)}>
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d={STAR} /></svg>
              </button>
            )}
          </For>
        </div>
        {below()}
      </form>
    );
  };
}
