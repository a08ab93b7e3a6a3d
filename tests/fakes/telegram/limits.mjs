// @ts-check
/** How much a bot may send, by the clock of the fake: one message a second into a chat with a few at once, twenty a minute into a group, thirty a second in all. */
import { Refused } from "./world.mjs";

const BURST = 3;

/** @param {import("./world.mjs").World} world @param {import("./world.mjs").Chat} chat @param {number[]} all  when the bot sent, whatever the chat @param {number} messages */
export function count(world, chat, all, messages) {
  if (!world.settings.limits) return;
  const now = world.tick();
  const group = chat.info.type !== "private";
  const wait = Math.max(full(all, now, 1000, 30), group ? full(chat.sends, now, 60_000, 20) : full(chat.sends, now, BURST * 1000, BURST));
  if (wait > 0) {
    const seconds = Math.ceil(wait / 1000);
    throw new Refused(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
  }
  // An album is one call, and counts as its messages only against a group's minute.
  for (let n = 0; n < (group ? messages : 1); n += 1) chat.sends.push(now);
  all.push(now);
}

/** How long until there is room: of `most` in `span` milliseconds. @param {number[]} times @param {number} now @param {number} span @param {number} most */
function full(times, now, span, most) {
  while (times.length && now - (times[0] ?? 0) >= span) times.shift();
  return times.length < most ? 0 : span - (now - (times[times.length - most] ?? now));
}
