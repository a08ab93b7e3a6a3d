import { createSignal, Show } from "solid-js";
import { hue, initials } from "@kommutator/shared/format.ts";
import { kindText } from "../i18n.ts";
import { Icon } from "./Icon.tsx";

/** A picture where there is one, over the letters: those stand there until it comes, and where it does not. */
export function Avatar(props: { name: string; seed: string; kind?: string; large?: boolean; picture?: string | undefined }) {
  const [broken, setBroken] = createSignal<string>();
  const picture = () => (props.picture === broken() ? undefined : props.picture);
  return (
    <span class="avatar" classList={{ large: !!props.large }} style={{ "--hue": hue(props.seed) }}>
      <Show when={initials(props.name)} fallback={<Icon name="user" />}>{(letters) => <span class="letters" data-letters={letters()} />}</Show>
      <Show when={picture()}>{(src) => <img src={src()} alt="" loading="lazy" decoding="async" draggable={false} onError={() => setBroken(src())} />}</Show>
      <Show when={props.kind}>
        {(kind) => <span class="mark" role="img" aria-label={kindText(kind())}><Icon name={kind() === "site_widget" ? "globe" : "channel"} /></span>}
      </Show>
    </span>
  );
}
