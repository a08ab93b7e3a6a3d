import { t } from "../../i18n.ts";
import { Field, SelectField, TextField } from "../../ui/Field.tsx";
import type { WidgetState } from "./state.ts";

export const HEX = /^#[0-9a-f]{6}$/i;

function Pixels(props: { label: string; value: number; set: (value: number) => void }) {
  return (
    <Field label={props.label} help={t("widget.offset.help")}>
      {(field) => <input id={field.id} class="input" type="number" min="0" max="500" value={props.value} aria-describedby={field.described} onInput={(event) => props.set(Math.min(500, Math.max(0, Math.round(event.currentTarget.valueAsNumber) || 0)))} />}
    </Field>
  );
}

export function Toggle(props: { label: string; value: boolean; set: (on: boolean) => void }) {
  return <label class="switch"><input type="checkbox" role="switch" checked={props.value} onChange={(event) => props.set(event.currentTarget.checked)} /><span>{props.label}</span></label>;
}

export function LookSection(props: { state: WidgetState; name: string; setName: (name: string) => void; wrongName: string | null; origins: string; setOrigins: (text: string) => void; wrongOrigin: string | null }) {
  const look = () => props.state.appearance();
  const options = () => props.state.options();
  const wrongAccent = () => (HEX.test(look().accent) ? null : t("widget.accent.wrong"));
  return (
    <>
      <TextField label={t("common.name")} help={t("channels.name.help")} value={props.name} set={props.setName} error={props.wrongName} />
      <TextField label={t("widget.origins")} help={t("widget.origins.help")} rows={3} value={props.origins} set={props.setOrigins} error={props.wrongOrigin} />
      <div class="halves tight">
        <Field label={t("widget.accent")} help={t("widget.accent.help")} error={wrongAccent()}>
          {(field) => (
            <span class="colour">
              <input type="color" value={HEX.test(look().accent) ? look().accent : "#3b5bdb"} aria-label={t("widget.accent")} onInput={(event) => props.state.paint({ accent: event.currentTarget.value })} />
              <input id={field.id} class="input" value={look().accent} maxLength="7" aria-describedby={field.described} aria-invalid={field.invalid} onInput={(event) => props.state.paint({ accent: event.currentTarget.value.trim() })} />
            </span>
          )}
        </Field>
        <SelectField label={t("widget.side")} value={look().side} options={[{ value: "right", text: t("widget.right") }, { value: "left", text: t("widget.left") }]} set={(side) => props.state.paint({ side })} />
      </div>
      <div class="halves tight">
        <Pixels label={t("widget.offset.x")} value={options().offset_x} set={(offset_x) => props.state.change({ offset_x })} />
        <Pixels label={t("widget.offset.y")} value={options().offset_y} set={(offset_y) => props.state.change({ offset_y })} />
      </div>
      <div class="toggles">
        <Toggle label={t("widget.sound")} value={options().sound} set={(sound) => props.state.change({ sound })} />
        <Toggle label={t("widget.rating")} value={options().rating} set={(rating) => props.state.change({ rating })} />
      </div>
    </>
  );
}
