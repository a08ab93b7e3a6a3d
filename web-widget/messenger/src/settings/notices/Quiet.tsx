import { For, Show } from "solid-js";
import type { NoticeSettings } from "@kommutator/shared/generated/protocol.ts";
import { locale, t } from "../../i18n.ts";
import { Field, SelectField } from "../../ui/Field.tsx";
import { Toggle } from "../widget/LookSection.tsx";

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const EVERY = ["0", "1", "3", "5", "10", "15", "30", "60"];
/** Monday is the first; 2024-01-01 was one. */
const dayName = (day: number, weekday: "short" | "long") => new Intl.DateTimeFormat(locale(), { weekday, timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + day)));

/** Silence, repeats, and what a locked screen may show. */
export function Quiet(props: { settings: NoticeSettings; zone: string; change: (part: Partial<NoticeSettings>) => void }) {
  const quiet = () => props.settings.quiet;
  const put = (part: Partial<NoticeSettings["quiet"]>) => props.change({ quiet: { ...quiet(), ...part } });
  const clock = (which: "from" | "to") => (
    <Field label={t(`notify.quiet.${which}`)}>
      {(field) => <input id={field.id} class="input" type="time" required value={quiet()[which]} onChange={(event) => { if (event.currentTarget.value) put({ [which]: event.currentTarget.value }); else event.currentTarget.value = quiet()[which]; }} />}
    </Field>
  );
  const every = () => [...new Set([...EVERY, String(props.settings.repeat_minutes)])].sort((a, b) => Number(a) - Number(b));
  return (
    <>
      <section class="block">
        <h3>{t("notify.quiet")}</h3>
        <Toggle label={t("notify.quiet.on")} value={quiet().on} set={(on) => put({ on })} />
        <p class="help">{t("notify.quiet.help", { zone: props.zone })}</p>
        <Show when={quiet().on}>
          <div class="halves tight clocks">{clock("from")}{clock("to")}</div>
          <fieldset class="weekdays">
            <legend>{t("notify.quiet.days")}</legend>
            <For each={DAYS}>
              {(day) => <label title={dayName(day, "long")}><input type="checkbox" checked={quiet().days[day] ?? false} aria-label={dayName(day, "long")} onChange={(event) => put({ days: DAYS.map((one) => (one === day ? event.currentTarget.checked : (quiet().days[one] ?? false))) as NoticeSettings["quiet"]["days"] })} /><span aria-hidden="true">{dayName(day, "short")}</span></label>}
            </For>
          </fieldset>
          <Toggle label={t("notify.quiet.passes")} value={quiet().overdue_passes} set={(on) => put({ overdue_passes: on })} />
        </Show>
      </section>
      <section class="block">
        <SelectField label={t("notify.repeat")} help={t("notify.repeat.help")} value={String(props.settings.repeat_minutes)} options={every().map((value) => ({ value, text: value === "0" ? t("notify.repeat.never") : t("notify.repeat.every", { n: Number(value) }) }))} set={(value) => props.change({ repeat_minutes: Number(value) })} />
        <Toggle label={t("notify.showText")} value={props.settings.show_text} set={(on) => props.change({ show_text: on })} />
        <p class="help">{t("notify.showText.help")}</p>
      </section>
    </>
  );
}
