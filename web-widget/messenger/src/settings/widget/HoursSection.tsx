import { Show } from "solid-js";
import { t } from "../../i18n.ts";
import { SelectField } from "../../ui/Field.tsx";
import { HoursFields } from "../Hours.tsx";
import type { WidgetState } from "./state.ts";

export function HoursSection(props: { state: WidgetState; reason: (code: string) => string }) {
  return (
    <>
      <HoursFields label={t("widget.hours.on")} hours={props.state.options().hours} set={(hours) => props.state.change({ hours })} wrongDate={props.reason("date_invalid")} />
      <Show when={props.state.options().hours.on}>
        <SelectField label={t("widget.outside")} value={props.state.options().away} options={[{ value: "say", text: t("widget.outside.say") }, { value: "hide", text: t("widget.outside.hide") }]} set={(away) => props.state.change({ away })} />
      </Show>
    </>
  );
}
