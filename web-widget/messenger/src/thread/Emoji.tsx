import { t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import { Menu } from "../ui/Menu.tsx";

export const EMOJI = ["🙂", "😊", "😉", "😄", "😍", "🤗", "🤔", "😅", "🙈", "😔", "🙏", "👍", "👌", "👋", "👏", "💪", "❤️", "🔥", "✨", "🎉", "🎁", "✅", "❌", "❗", "❓", "⏰", "📞", "📍", "📦", "🚚", "💳", "💰", "📄", "📷", "🛠️", "☀️"];

/** The emoji people of a shop use; the system's own picker has the rest. */
export function Emoji(props: { pick: (emoji: string) => void }) {
  return <span class="emoji"><Menu start label={t("compose.emoji")} items={() => EMOJI.map((emoji) => ({ text: emoji, act: () => props.pick(emoji) }))}><Icon name="smile" /></Menu></span>;
}
