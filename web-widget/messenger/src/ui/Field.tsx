import { createUniqueId, For, type JSX, Show } from "solid-js";

type Common = { label: string; help?: string | undefined; error?: string | null | undefined };

/** Label above, help below, the error at its field. */
export function Field(props: Common & { children: (field: { id: string; described: string; invalid: boolean }) => JSX.Element }) {
  const id = createUniqueId();
  return (
    <div class="field" classList={{ bad: !!props.error }}>
      <label for={id}>{props.label}</label>
      {props.children({ id, get described() { return `${id}-about`; }, get invalid() { return !!props.error; } })}
      <p id={`${id}-about`} class="about" role={props.error ? "alert" : undefined}>{props.error ?? props.help ?? ""}</p>
    </div>
  );
}

type TextProps = Common & {
  value: string;
  set: (value: string) => void;
  type?: "text" | "email" | "password" | "color" | "tel" | "url";
  autocomplete?: string;
  inputmode?: "numeric";
  readonly?: boolean;
  required?: boolean;
  rows?: number;
  max?: number;
  ref?: (made: HTMLInputElement) => void;
};

export function TextField(props: TextProps) {
  return (
    <Field label={props.label} help={props.help} error={props.error}>
      {(field) => (
        <Show
          when={props.rows}
          fallback={
            <input ref={(made) => props.ref?.(made)} id={field.id} class="input" type={props.type ?? "text"} value={props.value} maxLength={props.max ?? 200} autocomplete={props.autocomplete ?? "off"}
              inputmode={props.inputmode} readonly={props.readonly} required={props.required} aria-describedby={field.described} aria-invalid={field.invalid} onInput={(event) => props.set(event.currentTarget.value)} />
          }
        >
          <textarea id={field.id} class="input" rows={props.rows} maxLength={props.max ?? 2000} aria-describedby={field.described} aria-invalid={field.invalid}
            onInput={(event) => props.set(event.currentTarget.value)} value={props.value} />
        </Show>
      )}
    </Field>
  );
}

export function SelectField<Value extends string>(props: Common & { value: Value; options: { value: Value; text: string }[]; set: (value: Value) => void }) {
  return (
    <Field label={props.label} help={props.help} error={props.error}>
      {(field) => (
        <select id={field.id} class="input" aria-describedby={field.described} onChange={(event) => props.set(event.currentTarget.value as Value)}>
          <For each={props.options}>{(option) => <option value={option.value} selected={option.value === props.value}>{option.text}</option>}</For>
        </select>
      )}
    </Field>
  );
}
