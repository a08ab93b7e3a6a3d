import { createSignal, Show } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";

/** A small picture of the listing a conversation is about; it leads there. */
export function Listing(props: { of: ConversationView }) {
  const [broken, setBroken] = createSignal<string>();
  const picture = () => (
    <Show when={props.of.place_picture_url === broken() ? undefined : props.of.place_picture_url} fallback={<Icon name="tag" small />}>
      {(src) => <img src={src()} alt="" loading="lazy" decoding="async" draggable={false} onError={() => setBroken(src())} />}
    </Show>
  );
  const name = () => t("thread.listing", { title: props.of.place_title ?? "" });
  return (
    <Show when={props.of.place_picture_url}>
      <Show when={props.of.place_url} fallback={<span class="listing">{picture()}</span>}>
        {(url) => <a class="listing" href={url()} target="_blank" rel="noopener noreferrer nofollow" aria-label={name()} title={name()}>{picture()}</a>}
      </Show>
    </Show>
  );
}
