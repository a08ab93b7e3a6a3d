/** Which parts of a text are the words that were looked for. Pure. */
const flat = (text: string) => text.toLowerCase().replaceAll("ё", "е");

/** How many letters of a word must be the same: forms of a word differ at their ends. */
const stem = (word: string) => (word.length <= 3 ? word.length : word.length <= 5 ? word.length - 1 : word.length - 2);

function fits(token: string, word: string): boolean {
  let same = 0;
  while (same < word.length && token[same] === word[same]) same += 1;
  return same >= stem(word) && (same === word.length || token.length <= word.length + 3);
}

export type Cut = { text: string; hit: boolean };

export function markWords(text: string, words: string): Cut[] {
  const asked = flat(words).match(/[\p{L}\p{N}]+/gu) ?? [];
  if (asked.length === 0) return [{ text, hit: false }];
  const cuts: Cut[] = [];
  let from = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (!asked.some((word) => fits(flat(match[0]), word))) continue;
    if (match.index > from) cuts.push({ text: text.slice(from, match.index), hit: false });
    cuts.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) cuts.push({ text: text.slice(from), hit: false });
  return cuts;
}
