import { createEffect, onCleanup, onMount, Show } from "solid-js";
import { createRecorder } from "@kommutator/shared/recorder.ts";
import { t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";

/** A voice is being recorded; it is listened to among the files before it goes. */
export function Recorder(props: { take: (file: File) => void; done: () => void }) {
  const recorder = createRecorder(t("voice.name"), (file) => props.take(file), () => props.done());
  let box!: HTMLDivElement;
  /** Wherever one's hands are: what is said by mistake must not go. */
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open], [role=menu]")) return;
    event.preventDefault();
    event.stopPropagation();
    recorder.end(false);
  };
  onMount(() => window.addEventListener("keydown", key, true));
  onCleanup(() => window.removeEventListener("keydown", key, true));
  createEffect(() => { if (recorder.state()) queueMicrotask(() => box.querySelector<HTMLElement>("button:enabled")?.focus()); });
  // Who goes to another conversation does not speak into this one.
  onCleanup(() => recorder.end(false));
  return (
    <div class="recorder" ref={(made) => (box = made)} role="group" aria-label={t("voice.recording")}>
      <Show when={recorder.state() !== "denied"} fallback={<span class="oops" role="alert">{t("voice.denied")}</span>}>
        <button type="button" class="button main" disabled={recorder.state() !== "recording"} onClick={() => recorder.end(true)}><Icon name="check" small /><span>{t("voice.stop")}</span></button>
        <Show when={recorder.state() === "recording"} fallback={<span role="status">{t("voice.asking")}</span>}><i aria-hidden="true" /><span role="timer" aria-label={t("voice.recording")}>{recorder.time()}</span></Show>
      </Show>
      <button type="button" class="ghost" aria-label={t("voice.cancel")} title={`${t("voice.cancel")} (Esc)`} onClick={() => recorder.end(false)}><Icon name="close" small /></button>
    </div>
  );
}
