/** A picture over the whole page; arrows lead to the others of its message. */
import { createSignal, onMount } from "solid-js";
import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { lightbox as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import { icon } from "./shared/outlines.tsx";
import css from "./lightbox.css?inline";

export function make(panel: Panel) {
  panel.style(css);
  return (pictures: AttachmentView[], first: number, done: () => void) => {
    const [at, setAt] = createSignal(first);
    let box!: HTMLDivElement;
    const shown = () => pictures[at()];
    const go = (by: number) => setAt((pictures.length + at() + by) % pictures.length);
    const key = (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === "Escape") done();
      if (event.key === "ArrowRight") go(1);
      if (event.key === "ArrowLeft") go(-1);
      if (event.key === "Tab") {
        // Nothing behind it can be reached while it is there.
        const all = [...box.querySelectorAll<HTMLElement>("button, a")];
        const now = all.indexOf(panel.host.root.activeElement as HTMLElement);
        event.preventDefault();
        all[(all.length + now + (event.shiftKey ? -1 : 1)) % all.length]?.focus();
      }
    };
    onMount(() => box.querySelector("button")?.focus());
    const arrows = pictures.length > 1 && [
      <button type="button" class="back" aria-label={words.previous} onClick={() => go(-1)}>‹</button>,
      <button type="button" class="on" aria-label={words.next} onClick={() => go(1)}>›</button>,
    ];
    return (
      <div class="light" ref={(made) => (box = made)} role="dialog" aria-modal="true" aria-label={shown()?.name ?? ""} onKeyDown={key} onClick={(event) => event.target === box && done()}>
        <button type="button" class="end" aria-label={words.close} onClick={() => done()}>{icon("close")}</button>
        {arrows}
        <img src={panel.link(shown()?.url) ?? ""} alt={shown()?.name ?? ""} />
        <a href={panel.link(shown()?.url) ?? ""} target="_blank" rel="noopener">{words.open}</a>
      </div>
    );
  };
}
