import { createSignal, Show } from "solid-js";
import { t } from "./i18n.ts";

export function Alert(props: { text: string; again?: () => void }) {
  return (
    <div class="k-alert" role="alert">
      <p>{props.text}</p>
      <Show when={props.again}>{(again) => <button type="button" class="k-link" onClick={() => again()()}>{t("retry")}</button>}</Show>
    </div>
  );
}

export function Busy(props: { text?: string }) {
  return <p class="k-busy" role="status"><i aria-hidden="true" />{props.text ?? t("loading")}</p>;
}

export function CopyField(props: { text: string; label: string }) {
  const [done, setDone] = createSignal(false);
  let field!: HTMLInputElement;
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(props.text);
      setDone(true);
    } catch {
      // It stands selected: Ctrl+C does the rest.
    }
  };
  return (
    <div class="k-copy">
      <input ref={(made) => (field = made)} autofocus readOnly value={props.text} aria-label={props.label} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" class="k-button" aria-live="polite" onClick={() => void copy()}>{done() ? t("copied") : t("copy")}</button>
    </div>
  );
}
