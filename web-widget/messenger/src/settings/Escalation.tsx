import { createSignal, Show } from "solid-js";
import type { Escalation as Known } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { Problem } from "../http.ts";
import { TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit } from "./form.ts";
import { HoursFields } from "./Hours.tsx";
import { ErrorLine } from "./parts.tsx";
import { Toggle } from "./widget/LookSection.tsx";

const MOST = 7 * 24 * 60;

/** When people are told that a customer waits too long. */
export function EscalationForm(props: { known: Known }) {
  /* eslint-disable solid/reactivity -- the form starts from what was loaded and is then the reader's own */
  const [wanted, setWanted] = createSignal(props.known);
  const [kept, setKept] = createSignal(JSON.stringify(props.known));
  const [minutes, setMinutes] = createSignal(String(props.known.minutes));
  const [more, setMore] = createSignal(String(props.known.more_minutes));
  /* eslint-enable solid/reactivity */
  const submit = createSubmit(false);
  const wrong = (text: string, from: number) => (/^\d{1,5}$/.test(text) && Number(text) >= from && Number(text) <= MOST ? null : t("escalation.wrong", { from, to: MOST }));
  const said = (): Known => ({ ...wanted(), minutes: Number(minutes()), more_minutes: Number(more()) });
  const isWrong = () => wanted().on && (wrong(minutes(), 1) !== null || wrong(more(), 0) !== null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isWrong()) return;
    if (!(await submit.run(() => api.changeWorkspace({ escalation: said() })))) return;
    setKept(JSON.stringify(said()));
    toast(t("common.saved"));
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <h3>{t("escalation.title")}</h3>
      <Toggle label={t("escalation.on")} value={wanted().on} set={(on) => setWanted({ ...wanted(), on })} />
      <p class="help">{t("escalation.help")}</p>
      <Show when={wanted().on}>
        <div class="halves tight">
          <TextField label={t("escalation.minutes")} help={t("escalation.minutes.help")} inputmode="numeric" max={5} value={minutes()} set={setMinutes} error={wrong(minutes(), 1)} />
          <TextField label={t("escalation.more")} help={t("escalation.more.help")} inputmode="numeric" max={5} value={more()} set={setMore} error={wrong(more(), 0)} />
        </div>
        <HoursFields label={t("escalation.hours")} hours={wanted().hours} set={(hours) => setWanted({ ...wanted(), hours })} wrongDate={problemText(new Problem(422, "date_invalid", ""))} />
      </Show>
      <ErrorLine text={submit.error()} />
      <button class="button main" disabled={submit.busy() || isWrong() || JSON.stringify(said()) === kept()}>{t("common.save")}</button>
    </form>
  );
}
