import { createSignal } from "solid-js";
import { t } from "../i18n.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Field } from "../ui/Field.tsx";
import { useThread } from "./context.ts";

/** To the first message of a day: of the reader's own day, as the day marks in the log are. */
export function GoToDate(props: { close: () => void }) {
  const { goTo } = useThread();
  const dayOf = (at: Date) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
  const today = dayOf(new Date());
  const [wanted, setWanted] = createSignal(today);
  const go = (event: Event) => {
    event.preventDefault();
    // Without a zone it is midnight where the reader is.
    const at = new Date(`${wanted()}T00:00:00`);
    if (Number.isNaN(at.getTime())) return;
    props.close();
    goTo({ at: at.toISOString() });
  };
  return (
    <Dialog title={t("thread.toDate")} narrow close={() => props.close()}>
      <form onSubmit={go}>
        <Field label={t("thread.toDate.day")} help={t("thread.toDate.help")}>
          {(field) => <input id={field.id} class="input" type="date" required max={today} aria-describedby={field.described} value={wanted()} ref={(made) => queueMicrotask(() => made.focus())} onInput={(event) => setWanted(event.currentTarget.value)} />}
        </Field>
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={!wanted()}>{t("thread.toDate.go")}</button>
        </div>
      </form>
    </Dialog>
  );
}
