/** JSON as the chat has it: the page may have replaced its own since. */
import type { solid } from "../chat/solid.ts";

export const { decode, encode } = (window as unknown as { KommutatorChat: { solid: typeof solid } }).KommutatorChat.solid;
