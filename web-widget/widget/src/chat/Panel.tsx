import { createEffect, createSignal, onCleanup } from "solid-js";
import { usePanel } from "./context.ts";
import { Composer } from "./Composer.tsx";
import { icon } from "./icon.tsx";
import { Log } from "./Log.tsx";
import type { Uploads } from "@kommutator/shared/uploads.ts";

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
  const bar = () => {
    const status = chat.status();
    if (status.kind === "stopped") {
      const why = t(status.code === 4403 ? "forbidden" : "refused");
      return <div class="bar bad"><span>{why}</span><button type="button" onClick={() => chat.again()}>{/* @once */ t("again")}</button></div>;
    }
    return status.kind !== "ready" && late() && <div class="bar">{t(chat.look() ? "offline" : "connecting")}</div>;
  };
  return <div role="status">{bar()}</div>;
}

export function Panel(props: { uploads: Uploads; close: () => void; area: (area: HTMLTextAreaElement) => void }) {
  const { t, chat } = usePanel();
  const [over, setOver] = createSignal(false);
  const key = (event: KeyboardEvent) => {
    // The page's own shortcuts must not fire while the visitor types here.
    event.stopPropagation();
    if (event.key === "Escape") props.close();
  };
  const drag = (on: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(on);
  };
  const drop = (event: DragEvent) => {
    drag(false)(event);
    props.uploads.add(event.dataTransfer?.files ?? []);
  };
  const title = () => chat.look()?.title ?? t("chat");
  return (
    <section class={`panel${chat.opened() ? "" : " shut"}${over() ? " over" : ""}`} role="dialog" aria-label={title()} onKeyDown={key}
      onDragOver={drag(true)} onDragLeave={drag(false)} onDrop={drop}>
      <header>
        <span class="face" aria-hidden="true">{title().slice(0, 1)}</span>
        <h2>{title()}</h2>
        <button type="button" class="icon" aria-label={/* @once */ t("close")} onClick={() => props.close()}>{icon("close")}</button>
      </header>
      <Bar />
      <Log />
      <Composer uploads={props.uploads} area={props.area} />
    </section>
  );
}
