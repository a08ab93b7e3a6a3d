import { createSignal, Show } from "solid-js";
import { t } from "../i18n.ts";
import { Confirm, Dialog } from "./Dialog.tsx";
import { TextField } from "./Field.tsx";

type Text = { kind: "text"; title: string; label: string; value: string; most: number; action: string; done: (value: string | null) => void };
type Sure = { kind: "sure"; title: string; text: string; action: string; danger: boolean; done: (yes: boolean) => void };
const [asked, setAsked] = createSignal<Text | Sure | null>(null);

/** Asks for a short text; `null`: it was left. */
export function askText(title: string, label: string, action: string, value = "", most = 40): Promise<string | null> {
  return new Promise((done) => setAsked({ kind: "text", title, label, value, most, action, done }));
}

/** Says what will happen, and asks whether it shall. */
export function askSure(title: string, text: string, action: string, danger = false): Promise<boolean> {
  return new Promise((done) => setAsked({ kind: "sure", title, text, action, danger, done }));
}

function TextAsk(props: { ask: Text }) {
  // Each question is asked by a form of its own.
  // eslint-disable-next-line solid/reactivity
  const [value, setValue] = createSignal(props.ask.value);
  const answer = (text: string | null) => {
    setAsked(null);
    props.ask.done(text);
  };
  return (
    <Dialog title={props.ask.title} narrow close={() => answer(null)}>
      <form onSubmit={(event) => { event.preventDefault(); if (value().trim()) answer(value().trim()); }}>
        <TextField label={props.ask.label} value={value()} set={setValue} max={props.ask.most} ref={(made) => queueMicrotask(() => made.focus())} />
        <div class="actions">
          <button type="button" class="button" onClick={() => answer(null)}>{t("common.cancel")}</button>
          <button class="button main" disabled={!value().trim()}>{props.ask.action}</button>
        </div>
      </form>
    </Dialog>
  );
}

export function Asks() {
  const answer = (ask: Sure) => (yes: boolean) => {
    setAsked(null);
    ask.done(yes);
  };
  return (
    <Show when={asked()} keyed>
      {(ask) => (ask.kind === "text" ? <TextAsk ask={ask} /> : <Confirm title={ask.title} text={ask.text} action={ask.action} danger={ask.danger} done={answer(ask)} />)}
    </Show>
  );
}
