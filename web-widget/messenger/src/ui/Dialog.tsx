import { createUniqueId, type JSX, onMount } from "solid-js";
import { t } from "../i18n.ts";
import { Icon } from "./Icon.tsx";

/** A modal window; the browser keeps the focus inside and gives it back. */
export function Dialog(props: { title: string; close: () => void; children: JSX.Element; narrow?: boolean }) {
  let box!: HTMLDialogElement;
  const id = createUniqueId();
  onMount(() => box.showModal());
  return (
    <dialog ref={(made) => (box = made)} class="dialog" classList={{ narrow: !!props.narrow }} aria-labelledby={id} onClose={() => props.close()}
      onClick={(event) => { if (event.target === box) box.close(); }} onKeyDown={(event) => event.stopPropagation()}>
      <div class="sheet">
        <header>
          <h2 id={id}>{props.title}</h2>
          <button type="button" class="ghost" aria-label={t("common.close")} onClick={() => box.close()}><Icon name="close" /></button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

/** Says what will happen before something that cannot be undone. */
export function Confirm(props: { title: string; text: string; action: string; danger?: boolean; stay?: string; done: (yes: boolean) => void }) {
  return (
    <Dialog title={props.title} narrow close={() => props.done(false)}>
      <p class="words">{props.text}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => props.done(false)}>{props.stay ?? t("common.cancel")}</button>
        <button type="button" class="button" classList={{ danger: !!props.danger, main: !props.danger }} onClick={() => props.done(true)}>{props.action}</button>
      </div>
    </Dialog>
  );
}
