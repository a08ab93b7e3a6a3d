import { createSignal, type JSX, Show } from "solid-js";
import { Problem } from "../http.ts";
import { problemText, t } from "../i18n.ts";
import { Dialog } from "./Dialog.tsx";
import { Icon } from "./Icon.tsx";

/** The field an error speaks of, among those the form has. */
export const fieldOf = (error: unknown, fields: readonly string[]): string | null => {
  const named = error instanceof Problem ? error.params.field : undefined;
  return typeof named === "string" && fields.includes(named) ? named : null;
};

type FormDialogProps = {
  title: string;
  narrow?: boolean;
  /** The fields at which an error can stand; any other stands above the buttons. */
  fields: readonly string[];
  save: () => Promise<unknown>;
  close: () => void;
  children: (at: (field: string) => string | null) => JSX.Element;
};

/** A short form in a dialog: one save at a time, each error at its field, closed when it is saved. */
export function FormDialog(props: FormDialogProps) {
  const [busy, setBusy] = createSignal(false);
  const [wrong, setWrong] = createSignal<unknown>(null);
  const at = (field: string) => (fieldOf(wrong(), [field]) ? problemText(wrong()) : null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy()) return;
    setBusy(true);
    setWrong(null);
    try {
      await props.save();
      props.close();
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return (
    <Dialog title={props.title} narrow={props.narrow ?? false} close={() => props.close()}>
      <form novalidate onSubmit={(event) => void save(event)}>
        {props.children(at)}
        <Show when={wrong() !== null && fieldOf(wrong(), props.fields) === null}><p class="alert" role="alert"><Icon name="alert" small />{problemText(wrong())}</p></Show>
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={busy()}>{t("common.save")}</button>
        </div>
      </form>
    </Dialog>
  );
}
