import { For, Show } from "solid-js";
import { linkParts } from "@kommutator/shared/links.ts";
import { markWords } from "./hits.ts";

function Marked(props: { text: string; marks: string }) {
  return <Show when={props.marks} fallback={props.text}><For each={markWords(props.text, props.marks)}>{(cut) => (cut.hit ? <mark>{cut.text}</mark> : cut.text)}</For></Show>;
}

/** The words of a message: links can be clicked, nothing else is ever more than text. `marks`: words to be marked in it. */
export function LinkedText(props: { text: string; marks?: string }) {
  return (
    <For each={linkParts(props.text)}>
      {(part) => <Show when={part.href} fallback={<Marked text={part.text} marks={props.marks ?? ""} />}><a href={part.href} target="_blank" rel="noopener noreferrer nofollow"><Marked text={part.text} marks={props.marks ?? ""} /></a></Show>}
    </For>
  );
}
