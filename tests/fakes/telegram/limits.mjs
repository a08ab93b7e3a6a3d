// @ts-check
/** How much a bot may send, by the clock of the fake: one message a second into a chat with three at once and thirty a second in all, by buckets that fill evenly; twenty within any minute into a group. */
import { Refused } from "./world.mjs";

const MINUTE = 60_000;
const GROUP = 20;

/** @typedef {{left: number, at: number}} Bucket */

/** @param {import("./world.mjs").World} world @param {import("./world.mjs").Chat} chat @param {Bucket} all  of the bot, whatever the chat @param {number} messages */
export function count(world, chat, all, messages) {
  if (!world.settings.limits) return;
  const now = world.tick();
  const group = chat.info.type !== "private";
  // An album is one call, and counts as its messages only against a group's minute.
  const wanted = group ? messages : 1;
  const wait = Math.max(missing(all, now, 30, 1000 / 30, 1), group ? full(chat, now, wanted) : missing(chat.bucket, now, 3, 1000, wanted));
  if (wait > 0) {
    const seconds = Math.ceil(wait / 1000);
    throw new Refused(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
  }
  all.left -= 1;
  if (group) for (let at = 0; at < wanted; at += 1) chat.minute.push(now);
  else chat.bucket.left -= wanted;
}

/** How long until a group takes so many more. @param {import("./world.mjs").Chat} chat @param {number} now @param {number} wanted */
function full(chat, now, wanted) {
  chat.minute = chat.minute.filter((at) => at > now - MINUTE);
  const over = chat.minute.length + wanted - GROUP;
  return over > 0 ? (chat.minute[over - 1] ?? now) + MINUTE - now : 0;
}

/** Fills a bucket up to now; how long until it holds what is wanted. @param {Bucket} bucket @param {number} now @param {number} most @param {number} each  milliseconds for one @param {number} wanted */
function missing(bucket, now, most, each, wanted) {
  bucket.left = Math.min(most, bucket.left + (now - bucket.at) / each);
  bucket.at = now;
  return Math.max(wanted - bucket.left, 0) * each;
}
