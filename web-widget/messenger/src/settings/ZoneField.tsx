import { createMemo } from "solid-js";
import { t } from "../i18n.ts";
import { SelectField } from "../ui/Field.tsx";
import { zoneName, zones } from "./zones.ts";

/** `none`: what an empty choice means; left out: something must be chosen. */
export function ZoneField(props: { value: string; set: (value: string) => void; none?: string; help?: string }) {
  const options = createMemo(() => {
    const now = new Date();
    const all = zones(props.value).map((zone) => ({ value: zone, text: zoneName(zone, now) }));
    return props.none === undefined ? all : [{ value: "", text: props.none }, ...all];
  });
  return <SelectField label={t("zone.label")} help={props.help} value={props.value} options={options()} set={(value) => props.set(value)} />;
}
