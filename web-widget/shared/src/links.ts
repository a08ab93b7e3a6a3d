/** Cuts a text into words and links. Only `http` and `https` become links; nothing of a message is ever markup. Pure. */
export type TextPart = { text: string; href?: string };

const LINK = /https?:\/\/[^\s<>"']+/gi;
const TAIL = /[.,;:!?)\]}»”]+$/;

export function linkParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = match[0].replace(TAIL, "");
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: shown, href: shown });
    from = match.index + shown.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
