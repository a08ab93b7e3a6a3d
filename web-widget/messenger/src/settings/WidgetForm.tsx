import { createSignal, Show } from "solid-js";
import { textOn } from "@kommutator/shared/contrast.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import type { Appearance, ChannelView } from "../types.ts";
import { Field, SelectField, TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit, dirty, setDirty } from "./form.ts";
import { parseOrigins } from "./origins.ts";
import { ErrorLine } from "./parts.tsx";

const HEX = /^#[0-9a-f]{6}$/i;

function Preview(props: { look: Appearance }) {
  const accent = () => (HEX.test(props.look.accent) ? props.look.accent : "#3b5bdb");
  return (
    <div class="preview" classList={{ left: props.look.side === "left" }} style={{ "--accent": accent(), "--on-accent": textOn(accent()) }} role="img" aria-label={t("widget.preview")}>
      <div class="mini">
        <p class="bar"><span>{props.look.title.slice(0, 1)}</span><b>{props.look.title}</b></p>
        <div class="talk">
          <Show when={props.look.greeting}><p>{props.look.greeting}</p></Show>
          <p class="own">{t("widget.sample")}</p>
        </div>
      </div>
      <span class="launcher"><Icon name="chats" /></span>
    </div>
  );
}

export function WidgetForm(props: { channel: ChannelView; saved: () => void }) {
  /* eslint-disable solid/reactivity -- the form starts from what was loaded and is then the reader's own */
  const start = props.channel.widget?.appearance;
  const [name, setName] = createSignal(props.channel.name);
  const [origins, setOrigins] = createSignal((props.channel.widget?.origins ?? []).join("\n"));
  const [look, setLook] = createSignal<Appearance>({ title: start?.title ?? "", greeting: start?.greeting ?? "", accent: start?.accent ?? "#3b5bdb", side: start?.side ?? "right" });
  /* eslint-enable solid/reactivity */
  const submit = createSubmit();
  const change = (part: Partial<Appearance>) => {
    setLook({ ...look(), ...part });
    setDirty(true);
  };
  const wrongOrigin = () => {
    const { wrong } = parseOrigins(origins());
    return wrong === null ? null : t("widget.origins.wrong", { value: wrong });
  };
  const wrongAccent = () => (HEX.test(look().accent) ? null : t("widget.accent.wrong"));
  const wrongName = () => (name().trim() ? null : t("login.fill"));
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (wrongOrigin() || wrongAccent() || wrongName()) return;
    const done = await submit.run(() => api.changeChannel(props.channel.id, { name: name().trim(), widget: { origins: parseOrigins(origins()).origins, appearance: look() } }));
    if (!done) return;
    toast(t("common.saved"));
    props.saved();
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <h3>{t("channels.look")}</h3>
      <div class="halves">
        <div>
          <TextField label={t("common.name")} help={t("channels.name.help")} value={name()} set={(value) => { setName(value); setDirty(true); }} error={wrongName()} />
          <TextField label={t("widget.origins")} help={t("widget.origins.help")} rows={3} value={origins()} set={(value) => { setOrigins(value); setDirty(true); }} error={wrongOrigin()} />
          <TextField label={t("widget.title")} help={t("widget.title.help")} max={80} value={look().title} set={(title) => change({ title })} />
          <TextField label={t("widget.greeting")} help={t("widget.greeting.help")} rows={3} max={500} value={look().greeting} set={(greeting) => change({ greeting })} />
          <div class="halves tight">
            <Field label={t("widget.accent")} help={t("widget.accent.help")} error={wrongAccent()}>
              {(field) => (
                <span class="colour">
                  <input type="color" value={HEX.test(look().accent) ? look().accent : "#3b5bdb"} aria-label={t("widget.accent")} onInput={(event) => change({ accent: event.currentTarget.value })} />
                  <input id={field.id} class="input" value={look().accent} maxLength="7" aria-describedby={field.described} aria-invalid={field.invalid} onInput={(event) => change({ accent: event.currentTarget.value.trim() })} />
                </span>
              )}
            </Field>
            <SelectField label={t("widget.side")} value={look().side} options={[{ value: "right", text: t("widget.right") }, { value: "left", text: t("widget.left") }]} set={(side) => change({ side })} />
          </div>
        </div>
        <div><p class="help">{t("channels.look.text")}</p><Preview look={look()} /></div>
      </div>
      <ErrorLine text={submit.error()} />
      <button class="button main" disabled={submit.busy() || !dirty()}>{t("common.save")}</button>
    </form>
  );
}
