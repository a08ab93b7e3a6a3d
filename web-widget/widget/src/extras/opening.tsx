/** Ready words and ways to other messengers, before the first word is said. */
import { For } from "solid-js";
import { opening as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import css from "./opening.css?inline";

const NAMES: Record<string, string> = { telegram: "Telegram", whatsapp: "WhatsApp", vk: "VK", max: "MAX", viber: "Viber", instagram: "Instagram" };

export function make(panel: Panel) {
  panel.style(css);
  const { chat } = panel;
  return () => (
    <div class="ready">
      <For each={chat.look()?.form ? [] : chat.look()?.phrases}>{(phrase) => <button type="button" onClick={() => chat.send(phrase)}>{phrase}</button>}</For>
      <For each={chat.look()?.messengers}>
        {(one) => <a href={one.link} target="_blank" rel="noopener" aria-label={`${words.elsewhere}: ${NAMES[one.kind] ?? one.kind}`} onClick={() => chat.leave()}>{NAMES[one.kind] ?? one.kind}</a>}
      </For>
    </div>
  );
}
