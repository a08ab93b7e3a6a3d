/** Solid as the chat chunk has it: a part that brought its own would be three times its size, and its signals would be strangers. */
import type { solid } from "../chat/solid.ts";

const found = (window as unknown as { KommutatorChat: { solid: typeof solid } }).KommutatorChat.solid;

export const { createMemo, createSignal, For, onMount, untrack } = found;
export const { className, createComponent, effect, insert, memo, render, setAttribute, setProperty, template, use } = found;
