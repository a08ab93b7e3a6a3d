import { For, Show } from "solid-js";
import { t } from "../i18n.ts";
import { navigate } from "../route.ts";
import type { ReplyView } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";

/** The canned replies that fit what was typed after the slash. */
export function Canned(props: { id: string; found: ReplyView[]; at: number; pick: (reply: ReplyView) => void; hover: (index: number) => void; none: boolean }) {
  return (
    <div class="canned" role="listbox" id={props.id} aria-label={t("canned.label")}>
      <Show when={props.found.length > 0} fallback={
        <p>{t(props.none ? "canned.none" : "canned.notFound")} <Show when={props.none}><button type="button" onClick={() => navigate("/settings/replies")}>{t("canned.make")}</button></Show></p>
      }>
        <For each={props.found}>
          {(reply, index) => (
            <div id={`${props.id}-${index()}`} role="option" aria-selected={index() === props.at} class="option" onPointerMove={() => props.hover(index())} onPointerDown={(event) => { event.preventDefault(); props.pick(reply); }}>
              <b>/{reply.shortcut}</b><span>{reply.title || reply.text || reply.files[0]?.name}</span><Show when={reply.files.length > 0}><small class="files"><Icon name="clip" small /><span class="sr">{t("canned.files")} </span>{reply.files.length}</small></Show><Show when={!reply.shared}><small>{t("canned.own")}</small></Show>
            </div>
          )}
        </For>
      </Show>
    </div>
  );
}
