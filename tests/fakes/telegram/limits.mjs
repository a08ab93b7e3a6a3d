// @ts-check
/** How much a bot may send, by the clock of the fake: buckets that fill evenly. One message a second into a chat with three at once, twenty a minute into a group, thirty a second in all. */
import { Refused } from "./world.mjs";

/** @typedef {{left: number, at: number}} Bucket */

/** @param {import("./world.mjs").World} world @param {import("./world.mjs").Chat} chat @param {Bucket} all  of the bot, whatever the chat @param {number} messages */
export function count(world, chat, all, messages) {
  if (!world.settings.limits) return;
  const now = world.tick();
  const group = chat.info.type !== "private";
  // An album is one call, and counts as its messages only against a group's minute.
  const wanted = group ? messages : 1;
  const wait = Math.max(missing(all, now, 30, 1000 / 30, 1), group ? missing(chat.bucket, now, 20, 3000, wanted) : missing(chat.bucket, now, 3, 1000, wanted));
  if (wait > 0) {
    const seconds = Math.ceil(wait / 1000);
    throw new Refused(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
  }
  all.left -= 1;
  chat.bucket.left -= wanted;
}

/** Fills a bucket up to now; how long until it holds what is wanted. @param {Bucket} bucket @param {number} now @param {number} most @param {number} each  milliseconds for one @param {number} wanted */
function missing(bucket, now, most, each, wanted) {
  bucket.left = Math.min(most, bucket.left + (now - bucket.at) / each);
  bucket.at = now;
  return Math.max(wanted - bucket.left, 0) * each;
}
