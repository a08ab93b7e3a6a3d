import { type JSX, Show } from "solid-js";
import { Icon } from "./Icon.tsx";
import type { IconName } from "./paths.ts";

/** What an empty or failed place is, and the one thing to do about it. */
export function Empty(props: { icon: IconName; title: string; text?: string; children?: JSX.Element }) {
  return (
    <div class="empty">
      <span class="disc"><Icon name={props.icon} /></span>
      <p class="title">{props.title}</p>
      <Show when={props.text}><p>{props.text}</p></Show>
      {props.children}
    </div>
  );
}
