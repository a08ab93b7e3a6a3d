import { Show } from "solid-js";

/** Only what the site said; an address that is not the web's is shown, not linked; where there is none, its name. */
export function Address(props: { url: string; text?: string | undefined }) {
  return (
    <Show when={/^https?:\/\//.test(props.url)} fallback={props.url || props.text}>
      <a href={props.url} target="_blank" rel="noopener noreferrer nofollow">{props.text ?? props.url}</a>
    </Show>
  );
}
