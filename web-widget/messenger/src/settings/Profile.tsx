import { createSignal } from "solid-js";
import { LOCALES, type Locale } from "@kommutator/shared/i18n.ts";
import { api } from "../api.ts";
import { locale, setLocale, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { setTheme, theme, type Theme } from "../state/theme.ts";
import type { Profile as Known } from "../types.ts";
import { SelectField, TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit, dirty, setDirty } from "./form.ts";
import { createLoaded, ErrorLine, Head, Loaded } from "./parts.tsx";
import { Password } from "./Password.tsx";
import { SecondFactor } from "./SecondFactor.tsx";
import { Sessions } from "./Sessions.tsx";
import { ZoneField } from "./ZoneField.tsx";

export const LANGUAGES: Record<Locale, string> = { ru: "Русский", en: "English", es: "Español" };
export const languages = () => LOCALES.map((one) => ({ value: one, text: LANGUAGES[one] }));
const THEMES: Theme[] = ["auto", "light", "dark"];

function Account(props: { known: Known; saved: () => void }) {
  const desk = useDesk();
  /* eslint-disable solid/reactivity -- the form starts from what was loaded and is then the reader's own */
  const [name, setName] = createSignal(desk.me().name);
  const [speech, setSpeech] = createSignal<Locale>(locale());
  const [zone, setZone] = createSignal(props.known.time_zone);
  const [phone, setPhone] = createSignal(props.known.phone);
  const [notify, setNotify] = createSignal(props.known.notify_email);
  /* eslint-enable solid/reactivity */
  const submit = createSubmit();
  const set = <Value,>(change: (value: Value) => void) => (value: Value) => {
    change(value);
    setDirty(true);
  };
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!name().trim()) return;
    const change = { name: name().trim(), locale: speech(), time_zone: zone(), phone: phone().trim(), notify_email: notify().trim() };
    if (!(await submit.run(() => api.changeMe(change)))) return;
    desk.setMe({ ...desk.me(), name: change.name, locale: change.locale });
    await setLocale(change.locale);
    toast(t("common.saved"));
    props.saved();
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <h3>{t("profile.account")}</h3>
      <dl class="facts">
        <div><dt>{t("profile.id")}</dt><dd>{props.known.number}</dd></div>
        <div><dt>{t("people.email")}</dt><dd>{desk.me().email}</dd></div>
        <div><dt>{t("people.role")}</dt><dd>{t(`role.${desk.me().role}` satisfies WordKey)}</dd></div>
        <div><dt>{t("profile.workspace")}</dt><dd>{desk.me().workspace_name}</dd></div>
      </dl>
      <div class="halves tight">
        <TextField label={t("people.name")} max={100} autocomplete="name" value={name()} set={set(setName)} error={name().trim() ? null : t("login.fill")} />
        <TextField label={t("profile.phone")} type="tel" autocomplete="tel" max={32} value={phone()} set={set(setPhone)} />
        <SelectField label={t("profile.locale")} value={speech()} options={languages()} set={set(setSpeech)} />
        <ZoneField value={zone()} set={set(setZone)} none={t("zone.workspace")} />
      </div>
      <TextField label={t("profile.notify")} type="email" help={t("profile.notify.help")} value={notify()} set={set(setNotify)} />
      <ErrorLine text={submit.error()} />
      <button class="button main" disabled={submit.busy() || !dirty()}>{t("common.save")}</button>
    </form>
  );
}

export function Profile() {
  const known = createLoaded(api.profile);
  return (
    <>
      <Head title={t("settings.profile")} lead={t("profile.lead")} />
      <Loaded from={known}>
        {(value) => (
          <>
            <Account known={value()} saved={known.again} />
            <section class="block">
              <h3>{t("profile.look")}</h3>
              <SelectField label={t("profile.theme")} value={theme()} options={THEMES.map((one) => ({ value: one, text: t(`profile.theme.${one}` satisfies WordKey) }))} set={setTheme} />
            </section>
            <Password />
            <SecondFactor known={value()} changed={known.again} />
            <Sessions />
          </>
        )}
      </Loaded>
    </>
  );
}
