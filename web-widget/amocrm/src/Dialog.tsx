import { createUniqueId, type JSX, onMount } from "solid-js";
import { render } from "solid-js/web";
import { t } from "./i18n.ts";
import { dark, watch } from "./theme.ts";

/** A dialog of ours above amoCRM's page. Its keys are its own: amoCRM has shortcuts for the whole page. */
function Dialog(props: { title: string; close: () => void; children: JSX.Element }) {
  const id = createUniqueId();
  let box!: HTMLDialogElement;
  onMount(() => box.showModal());
  return (
    <dialog ref={(made) => (box = made)} class="kommutator kommutator-dialog" classList={{ dark: dark() }} aria-labelledby={`kommutator-${id}`} onClose={() => props.close()} onKeyDown={(event) => event.stopPropagation()}>
      <header>
        <h2 id={`kommutator-${id}`}>{props.title}</h2>
        <button type="button" class="k-close" aria-label={t("close")} onClick={() => box.close()}>
          <svg viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8m0-8-8 8" /></svg>
        </button>
      </header>
      <div class="k-body">{props.children}</div>
    </dialog>
  );
}

let shown: (() => void) | null = null;

/** One at a time; the focus goes back to where it was. */
export function openDialog(title: string, children: () => JSX.Element, closed?: () => void): void {
  shown?.();
  watch();
  const host = document.body.appendChild(document.createElement("div"));
  const close = () => {
    if (shown !== close) return;
    shown = null;
    end();
    host.remove();
    closed?.();
  };
  shown = close;
  const end = render(() => <Dialog title={title} close={close}>{children()}</Dialog>, host);
}
