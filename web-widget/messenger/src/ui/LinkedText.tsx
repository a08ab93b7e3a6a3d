import { For, Show } from "solid-js";
import { linkParts } from "@kommutator/shared/links.ts";

/** The words of a message: links can be clicked, nothing else is ever more than text. */
export function LinkedText(props: { text: string }) {
  return (
    <For each={linkParts(props.text)}>
      {(part) => <Show when={part.href} fallback={part.text}><a href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a></Show>}
    </For>
  );
}
