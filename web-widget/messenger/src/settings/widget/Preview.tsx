import { createEffect, createSignal, For, onCleanup, onMount } from "solid-js";
import type { Locale } from "@kommutator/shared/i18n.ts";
import { t, type WordKey } from "../../i18n.ts";
import { viewOf, type WidgetState } from "./state.ts";

function Choice<Value extends string>(props: { label: string; value: Value; of: { value: Value; text: string }[]; set: (value: Value) => void }) {
  return (
    <div class="choice" role="radiogroup" aria-label={props.label}>
      <For each={props.of}>{(one) => <button type="button" role="radio" aria-checked={props.value === one.value} onClick={() => props.set(one.value)}>{one.text}</button>}</For>
    </div>
  );
}

/** The real widget in a frame: what is changed in the form is there at once. */
export function Preview(props: { state: WidgetState }) {
  const [theme, setTheme] = createSignal<"light" | "dark">("light");
  const [device, setDevice] = createSignal<"desktop" | "phone">("desktop");
  const [presence, setPresence] = createSignal<"on" | "off">("on");
  let frame!: HTMLIFrameElement;
  const tell = () => {
    const { appearance, options, locale } = props.state;
    // A store's view is a proxy no message can carry: what goes over is a copy.
    const view = JSON.parse(JSON.stringify(viewOf(appearance(), options(), locale(), presence() === "on"))) as object;
    frame.contentWindow?.postMessage({ view, open: true, sample: t("widget.sample") }, location.origin);
  };
  const hear = (event: MessageEvent) => {
    if (event.source === frame.contentWindow && event.data === "preview") tell();
  };
  onMount(() => {
    window.addEventListener("message", hear);
    onCleanup(() => window.removeEventListener("message", hear));
    createEffect(tell);
  });
  const word = (key: string) => t(`widget.preview.${key}` as WordKey);
  const language: { value: Locale; text: string }[] = [{ value: "ru", text: "RU" }, { value: "en", text: "EN" }, { value: "es", text: "ES" }];
  return (
    <aside class="preview" aria-label={t("widget.preview")}>
      <div class="choices-row">
        <Choice label={t("widget.language")} value={props.state.locale()} of={language} set={(value) => props.state.setLocale(value)} />
        <Choice label={word("theme")} value={theme()} of={[{ value: "light", text: word("light") }, { value: "dark", text: word("dark") }]} set={setTheme} />
        <Choice label={word("device")} value={device()} of={[{ value: "desktop", text: word("desktop") }, { value: "phone", text: word("phone") }]} set={setDevice} />
        <Choice label={word("presence")} value={presence()} of={[{ value: "on", text: word("on") }, { value: "off", text: word("off") }]} set={setPresence} />
      </div>
      <div class={`scene ${device()}`}>
        <iframe ref={(made) => (frame = made)} title={t("widget.preview")} src={`/preview.html?theme=${theme()}&locale=${props.state.locale()}&device=${device()}`} />
      </div>
    </aside>
  );
}
