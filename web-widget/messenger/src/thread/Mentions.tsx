import { For, Show } from "solid-js";
import type { Mention } from "@kommutator/shared/generated/protocol.ts";
import { t } from "../i18n.ts";
import { awayText } from "../state/away.ts";
import { useDesk } from "../state/desk.ts";
import type { Colleague } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { LinkedText } from "../ui/LinkedText.tsx";
import { mentionParts } from "./mentions.ts";

/** The colleagues that fit what was typed after the `@`. */
export function Mentions(props: { id: string; found: Colleague[]; at: number; pick: (one: Colleague) => void; hover: (index: number) => void }) {
  return (
    <div class="canned mentions" role="listbox" id={props.id} aria-label={t("mention.label")}>
      <For each={props.found} fallback={<p>{t("mention.none")}</p>}>
        {(one, index) => (
          <div id={`${props.id}-${index()}`} role="option" aria-selected={index() === props.at} class="option" onPointerMove={() => props.hover(index())} onPointerDown={(event) => { event.preventDefault(); props.pick(one); }}>
            <Avatar name={one.name} seed={one.id} /><span>{one.name}</span><small>{awayText(one)}</small>
          </div>
        )}
      </For>
    </div>
  );
}

/** The words of a note with the names in it. */
export function Mentioned(props: { text: string; mentions: readonly Mention[]; marks: string }) {
  const desk = useDesk();
  return (
    <For each={mentionParts(props.text, props.mentions)}>
      {(part) => <Show when={part.user} fallback={<LinkedText text={part.text} marks={props.marks} />}><span class="mention" classList={{ me: part.user === desk.me().id }}>{part.text}</span></Show>}
    </For>
  );
}
