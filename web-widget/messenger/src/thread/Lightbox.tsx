import { createSignal, onMount, Show } from "solid-js";
import { size } from "@kommutator/shared/format.ts";
import { locale, t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Pictures } from "./context.ts";

export function Lightbox(props: { pictures: Pictures; close: () => void }) {
  // eslint-disable-next-line solid/reactivity -- the window is made anew for each picture that is opened
  const [index, setIndex] = createSignal(props.pictures.index);
  const count = () => props.pictures.files.length;
  const file = () => props.pictures.files[index()];
  let box!: HTMLDialogElement;
  onMount(() => box.showModal());
  const step = (by: number) => setIndex((at) => (at + by + count()) % count());
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  };
  return (
    <dialog ref={(made) => (box = made)} class="lightbox" aria-label={file()?.name} onClose={() => props.close()} onKeyDown={key}
      onClick={(event) => { if (!(event.target instanceof HTMLElement && event.target.closest("button, a, img"))) box.close(); }}>
      <Show when={file()}>
        {(shown) => (
          <>
            <header>
              <span><b>{shown().name}</b> {size(locale(), shown().size)}<Show when={count() > 1}> · {index() + 1} / {count()}</Show></span>
              <a class="ghost" href={shown().url} download={shown().name} aria-label={t("file.download", { name: shown().name })}><Icon name="download" /></a>
              <button type="button" class="ghost" aria-label={t("light.close")} onClick={() => box.close()}><Icon name="close" /></button>
            </header>
            <img src={shown().url} alt={shown().name} />
            <Show when={count() > 1}>
              <button type="button" class="ghost step before" aria-label={t("light.previous")} onClick={() => step(-1)}><Icon name="left" /></button>
              <button type="button" class="ghost step after" aria-label={t("light.next")} onClick={() => step(1)}><Icon name="right" /></button>
            </Show>
          </>
        )}
      </Show>
    </dialog>
  );
}
