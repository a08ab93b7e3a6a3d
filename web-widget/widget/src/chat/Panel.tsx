import { createEffect, createMemo, createSignal, type JSX, onCleanup } from "solid-js";
import { usePanel } from "./context.ts";
import { Composer } from "./Composer.tsx";
import { run, type Tray } from "./extras.ts";
import { icon } from "./icon.tsx";
import { Log } from "./Log.tsx";

/** A short gap of the link is not worth a word. */
const PATIENCE_MS = 1_500;

function Bar() {
  const { t, chat } = usePanel();
  const [late, setLate] = createSignal(false);
  createEffect(() => {
    if (chat.status().kind === "ready") setLate(false);
    else {
      const timer = setTimeout(() => setLate(true), PATIENCE_MS);
      onCleanup(() => clearTimeout(timer));
    }
  });
  const [told, tell] = createSignal("");
  createEffect(() => {
    const status = chat.status();
    if (status.kind === "stopped") run("refusal", (words) => tell(words(status.code, chat.why())));
  });
  const bar = () => {
    const status = chat.status();
    if (status.kind === "stopped") return <div class="bar bad"><span>{told()}</span><button type="button" onClick={() => chat.again()}>{/* @once */ t("again")}</button></div>;
    return status.kind !== "ready" && late() && <div class="bar">{t(chat.look() ? "offline" : "connecting")}</div>;
  };
  return <div role="status">{bar()}</div>;
}

export function Panel(props: { close: () => void; area: (area: HTMLTextAreaElement) => void }) {
  const { t, chat } = usePanel();
  const [over, setOver] = createSignal(false);
  const [tray, setTray] = createSignal<Tray>();
  const [form, setForm] = createSignal<JSX.Element>();
  const key = (event: KeyboardEvent) => {
    // The page's own shortcuts must not fire while the visitor types here.
    event.stopPropagation();
    if (event.key === "Escape") props.close();
  };
  const add = (files: Iterable<File>) => {
    const made = tray();
    if (made) made.add(files);
    else
      run("files", ({ tray: make }) => {
        // Two at once share the first one's.
        (tray() ?? setTray(make())).add(files);
      });
  };
  const drag = (on: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(on);
  };
  const drop = (event: DragEvent) => {
    drag(false)(event);
    add([...(event.dataTransfer?.files ?? [])]);
  };
  createEffect(() => {
    if (chat.asks() && chat.opened()) run("form", (make) => setForm(make()));
  });
  /** On a phone the panel is all there is. */
  const fit = (box: HTMLElement) => {
    if (matchMedia("(max-width: 480px)").matches) run("phone", (make) => make(box));
  };
  const title = () => chat.look()?.title ?? t("chat");
  const away = () => chat.look()?.online === false && <small>{/* @once */ t("away")}</small>;
  const sound = () => {
    if (!chat.look()?.sound) return null;
    const muted = chat.muted();
    const label = t(muted ? "soundOn" : "soundOff");
    return <button type="button" class="icon" aria-label={label} onClick={() => chat.mute(!muted)}>{icon(muted ? "off" : "bell")}</button>;
  };
  const asked = createMemo(() => chat.asks() && form());
  const writing = () => asked() || <Composer tray={tray} add={add} area={props.area} />;
  return (
    <section ref={fit} class={`panel${chat.opened() ? "" : " shut"}${over() ? " over" : ""}`} role="dialog" aria-label={title()} onKeyDown={key}
      onDragOver={drag(true)} onDragLeave={drag(false)} onDrop={drop}>
      <header>
        <span class="face" aria-hidden="true">{title().slice(0, 1)}</span>
        <h2>{title()}{away()}</h2>
        {sound()}
        <button type="button" class="icon" aria-label={/* @once */ t("close")} onClick={() => props.close()}>{icon("close")}</button>
      </header>
      <Bar />
      <Log />
      {writing()}
    </section>
  );
}
