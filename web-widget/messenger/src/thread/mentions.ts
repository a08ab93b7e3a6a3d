/** Colleagues named in a note behind an `@`. */
import type { Mention } from "@kommutator/shared/generated/protocol.ts";
import type { Colleague } from "../types.ts";
import { otherLayout } from "./canned.ts";

/** What is typed after an `@` right before the caret, and where it begins. */
export function askedMention(text: string, caret: number): { at: number; words: string } | null {
  const found = /(^|[\s(«"])@([^\s@][^\n@]{0,30}|)$/.exec(text.slice(0, caret));
  if (!found) return null;
  const words = found[2] ?? "";
  return { at: caret - words.length - 1, words };
}

/** Who fits a few letters of any part of their name, also in the wrong keyboard layout. */
export function findColleagues(all: readonly Colleague[], asked: string, most = 8): Colleague[] {
  const ways = [asked.toLowerCase(), otherLayout(asked)];
  const fits = (one: Colleague) => ways.some((way) => ` ${one.name.toLowerCase()}`.includes(` ${way}`));
  return all.filter(fits).slice(0, most);
}

/** Whom a note names. The names decide, so a draft written on another device knows it too. */
export function mentionedIn(text: string, all: readonly Colleague[]): string[] {
  return all.filter((one) => one.name && text.includes(`@${one.name}`)).map((one) => one.id);
}

/** The words of a note in parts: plain, or a colleague's name. */
export function mentionParts(text: string, mentions: readonly Mention[]): { text: string; user?: string }[] {
  const parts: { text: string; user?: string }[] = [];
  const byLength = [...mentions].sort((a, b) => b.name.length - a.name.length);
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const named = text[at] === "@" ? byLength.find((one) => one.name && text.startsWith(one.name, at + 1)) : undefined;
    if (!named) {
      plain += text.charAt(at);
      at += 1;
      continue;
    }
    if (plain) parts.push({ text: plain });
    plain = "";
    parts.push({ text: `@${named.name}`, user: named.user });
    at += named.name.length + 1;
  }
  if (plain) parts.push({ text: plain });
  return parts;
}
