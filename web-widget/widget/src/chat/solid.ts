/** What of Solid the rare parts use: they take it from here, so that it is downloaded once. A name that is missing fails their build. */
export { createMemo, createSignal, For, onMount, untrack } from "solid-js";
export { className, createComponent, effect, insert, memo, render, setAttribute, setProperty, template, use } from "solid-js/web";
