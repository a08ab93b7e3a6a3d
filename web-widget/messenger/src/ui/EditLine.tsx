import { createSignal, Show } from "solid-js";
import { problemText, t } from "../i18n.ts";
import { Icon } from "./Icon.tsx";

/** A value that is changed where it stands: a click or Enter makes it a field, Enter or leaving saves it, Escape leaves it as it was. */
export function EditLine(props: { label: string; value: string; empty: string; save: (value: string) => Promise<unknown>; type?: "text" | "tel" | "email"; long?: boolean; max: number; plus?: boolean }) {
  const [editing, setEditing] = createSignal(false);
  const [value, setValue] = createSignal("");
  const [wrong, setWrong] = createSignal<unknown>(null);
  let button: HTMLButtonElement | undefined;
  let busy = false;
  const begin = () => {
    setValue(props.value);
    setWrong(null);
    setEditing(true);
  };
  const end = () => {
    setEditing(false);
    queueMicrotask(() => button?.focus());
  };
  const save = async () => {
    if (busy || !editing()) return;
    if (value().trim() === props.value) {
      end();
      return;
    }
    busy = true;
    try {
      await props.save(value().trim());
      end();
    } catch (error) {
      setWrong(error);
    }
    busy = false;
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") end();
    else if (event.key === "Enter" && (!props.long || event.ctrlKey || event.metaKey)) void save();
    else return;
    event.preventDefault();
  };
  const ready = (made: HTMLInputElement | HTMLTextAreaElement) => queueMicrotask(() => { made.focus(); made.select(); });
  return (
    <Show when={editing()} fallback={
      <button type="button" class="edit-line" classList={{ blank: props.value === "" }} ref={(made) => (button = made)} aria-label={props.value ? `${t("common.edit")}: ${props.label}: ${props.value}` : props.empty} onClick={begin}>
        <span>{props.value || props.empty}</span><Icon name={props.plus ? "plus" : "edit"} small />
      </button>
    }>
      <div class="edit-field" classList={{ bad: wrong() !== null }}>
        <Show when={props.long} fallback={<input ref={ready} class="input" type={props.type ?? "text"} aria-label={props.label} aria-invalid={wrong() !== null} value={value()} maxLength={props.max} autocomplete="off" onInput={(event) => setValue(event.currentTarget.value)} onKeyDown={key} onBlur={() => void save()} />}>
          <textarea ref={ready} class="input" rows="4" aria-label={props.label} aria-invalid={wrong() !== null} value={value()} maxLength={props.max} onInput={(event) => setValue(event.currentTarget.value)} onKeyDown={key} onBlur={() => void save()} />
        </Show>
        <Show when={wrong()}><p class="about" role="alert">{problemText(wrong())}</p></Show>
      </div>
    </Show>
  );
}
