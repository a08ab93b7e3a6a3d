/** A few faces and signs people really use, as buttons. */
import { For } from "solid-js";
import { emoji as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import css from "./emoji.css?inline";

const ALL = "😀 😃 😄 😁 😅 😂 🙂 😉 😊 😍 😘 😋 😎 🤗 🤔 😐 🙄 😌 😴 😕 😟 😢 😭 😤 😠 😱 😳 🤝 👍 👎 👌 ✌️ 🙏 👏 💪 👋 ☝️ 👀 ❤️ 💔 🔥 ✨ ⭐ 🎉 🎁 💯 ✅ ❌ ❗ ❓ ⏰ 📅 📍 📞 📷 📎 📄 📦 🚚 🚗 🏠 💳 💰 🛒 ☕ 🍕 🌹 ☀️ 🌧️ ❄️".split(" ");
const WIDE = 8;

export function make(panel: Panel) {
  panel.style(css);
  return (pick: (emoji: string) => void, done: () => void) => {
    const key = (event: KeyboardEvent) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: WIDE, ArrowUp: -WIDE }[event.key];
      if (event.key === "Escape") {
        event.stopPropagation();
        done();
      }
      if (!step) return;
      event.preventDefault();
      const all = [...(event.currentTarget as HTMLElement).children] as HTMLElement[];
      all[all.indexOf(panel.host.root.activeElement as HTMLElement) + step]?.focus();
    };
    return (
      <div class="emojis" role="group" aria-label={words.label} onKeyDown={key}>
        <For each={ALL}>{(one) => <button type="button" onClick={() => pick(one)}>{one}</button>}</For>
      </div>
    );
  };
}
