/** Canned replies: found by a few letters, also those typed in the wrong keyboard layout, and filled in. */
import type { ReplyView } from "../types.ts";

const LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю";

/** The same keys in the other layout. */
export function otherLayout(text: string): string {
  return Array.from(text.toLowerCase())
    .map((letter) => {
      const latin = LATIN.indexOf(letter);
      if (latin >= 0) return CYRILLIC[latin] ?? letter;
      const cyrillic = CYRILLIC.indexOf(letter);
      return cyrillic >= 0 ? (LATIN[cyrillic] ?? letter) : letter;
    })
    .join("");
}

/** Smaller is better; none: it does not fit. */
function fit(reply: ReplyView, asked: string): number | null {
  const [shortcut, title, text] = [reply.shortcut, reply.title.toLowerCase(), reply.text.toLowerCase()];
  if (shortcut.startsWith(asked)) return 0;
  if (title.startsWith(asked) || title.includes(` ${asked}`)) return 1;
  if (shortcut.includes(asked)) return 2;
  if (title.includes(asked)) return 3;
  return asked.length > 2 && text.includes(asked) ? 4 : null;
}

/** Best first; one's own before the shared of the same name. */
export function findReplies(replies: readonly ReplyView[], asked: string, most = 8): ReplyView[] {
  const ways = [asked.toLowerCase(), otherLayout(asked)];
  return replies
    .flatMap((reply) => {
      const fits = ways.map((way) => fit(reply, way)).filter((one) => one !== null);
      return fits.length > 0 ? [{ reply, at: Math.min(...fits) }] : [];
    })
    .sort((a, b) => a.at - b.at || Number(a.reply.shared) - Number(b.reply.shared) || a.reply.shortcut.localeCompare(b.reply.shortcut))
    .slice(0, most)
    .map((one) => one.reply);
}

/** What is typed after a slash at the very beginning, if nothing else is. */
export function askedReply(text: string): string | null {
  const found = /^\/(\S{0,32})$/.exec(text);
  return found ? (found[1] ?? "") : null;
}

export type Names = { name: string; manager: string; channel: string; company: string };

/** Puts names in; what is not known leaves no hole in the sentence. */
export function fillIn(text: string, names: Names): string {
  const all: Record<string, string> = { NAME: names.name, MANAGER: names.manager, CHANNEL: names.channel, COMPANY: names.company };
  return text
    .replace(/%(NAME|MANAGER|CHANNEL|COMPANY)%(, )?/g, (_, key: string, comma: string | undefined) => (all[key] ? all[key] + (comma ?? "") : ""))
    .replace(/^(\p{Ll})/u, (letter) => (text.startsWith("%") ? letter.toUpperCase() : letter));
}
