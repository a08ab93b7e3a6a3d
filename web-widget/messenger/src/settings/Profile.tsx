import { createSignal } from "solid-js";
import { LOCALES, type Locale } from "@kommutator/shared/i18n.ts";
import { api } from "../api.ts";
import { locale, problemText, setLocale, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { setTheme, theme, type Theme } from "../state/theme.ts";
import { SelectField, TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit, dirty, setDirty } from "./form.ts";
import { ErrorLine, Head } from "./parts.tsx";

const NAMES: Record<Locale, string> = { ru: "Русский", en: "English", es: "Español" };
const THEMES: Theme[] = ["auto", "light", "dark"];

export function Profile() {
  const desk = useDesk();
  const [name, setName] = createSignal(desk.me().name);
  const submit = createSubmit();
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!name().trim()) return;
    const done = await submit.run(() => api.changeMe({ name: name().trim() }));
    if (!done) return;
    desk.setMe({ ...desk.me(), name: name().trim() });
    toast(t("common.saved"));
  };
  const speak = async (next: Locale) => {
    void setLocale(next);
    try {
      await api.changeMe({ locale: next });
      desk.setMe({ ...desk.me(), locale: next });
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <>
      <Head title={t("settings.profile")} lead={t("profile.lead")} />
      <form class="block" novalidate onSubmit={(event) => void save(event)}>
        <TextField label={t("people.name")} value={name()} set={(value) => { setName(value); setDirty(true); }} error={name().trim() ? null : t("login.fill")} />
        <dl class="facts"><div><dt>{t("people.email")}</dt><dd>{desk.me().email}</dd></div><div><dt>{t("people.role")}</dt><dd>{t(`role.${desk.me().role}` satisfies WordKey)}</dd></div><div><dt>{t("profile.workspace")}</dt><dd>{desk.me().workspace_name}</dd></div></dl>
        <ErrorLine text={submit.error()} />
        <button class="button main" disabled={submit.busy() || !dirty()}>{t("common.save")}</button>
      </form>
      <section class="block halves tight">
        <SelectField label={t("profile.locale")} value={locale()} options={LOCALES.map((one) => ({ value: one, text: NAMES[one] }))} set={(next) => void speak(next)} />
        <SelectField label={t("profile.theme")} value={theme()} options={THEMES.map((one) => ({ value: one, text: t(`profile.theme.${one}` satisfies WordKey) }))} set={setTheme} />
      </section>
    </>
  );
}
