/**
 * What the rare parts take from here: Solid, so that it is downloaded once, and JSON as it was when the chat began. A name that is
 * missing fails their build.
 */
import { createMemo, createSignal, For, onMount, untrack } from "solid-js";
import { className, createComponent, effect, insert, memo, render, setAttribute, setProperty, template, use } from "solid-js/web";
import { decode, encode } from "@kommutator/shared/json.ts";

// An object of our own: a module's names would be walked through together with what a page adds to all objects.
export const solid = { className, createComponent, createMemo, createSignal, decode, effect, encode, For, insert, memo, onMount, render, setAttribute, setProperty, template, untrack, use };
