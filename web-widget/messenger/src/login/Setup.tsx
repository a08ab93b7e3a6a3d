import { createResource, createSignal, Show } from "solid-js";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { locale, t } from "../i18n.ts";
import { secretOfLink } from "../route.ts";
import { createSubmit } from "../settings/form.ts";
import { ZoneField } from "../settings/ZoneField.tsx";
import { ownZone } from "../settings/zones.ts";
import { TextField } from "../ui/Field.tsx";
import { Card, CardForm } from "./Card.tsx";
import { type CameIn, Over } from "./Doors.tsx";
import { createPassword, PasswordFields } from "./password.tsx";

/** The first run: the workspace and its owner. */
export function Setup(props: { entered: CameIn }) {
  const [company, setCompany] = createSignal("");
  const [name, setName] = createSignal("");
  const [email, setEmail] = createSignal("");
  const [zone, setZone] = createSignal(ownZone() || "Europe/Moscow");
  const [tried, setTried] = createSignal(false);
  const [over, setOver] = createSignal(false);
  const password = createPassword();
  const submit = createSubmit(false);
  const [empty] = createResource(() => api.setupState().then((state) => state.empty, () => true));
  const missing = (value: string) => (tried() && !value.trim() ? t("login.fill") : null);
  const send = async () => {
    setTried(true);
    const whole = [company(), name(), email()].every((value) => value.trim() !== "");
    if (!password.check() || !whole) return;
    await submit.run(async () => {
      const first = { code: secretOfLink(), workspace: company().trim(), name: name().trim(), email: email().trim(), password: password.value(), locale: locale(), time_zone: zone() };
      try {
        await api.found(first);
      } catch (error) {
        if (error instanceof Problem && error.code === "setup_over") setOver(true);
        throw error;
      }
      props.entered(await api.me(), "/settings/setup");
    });
  };
  return (
    <Show when={!over() && empty() !== false && secretOfLink() !== ""} fallback={<Over text={t("over.setup")} />}>
      <Card title={t("setup.title")} lead={t("setup.lead")} wide>
        <CardForm send={() => void send()} error={submit.error()} busy={submit.busy()} action={t("setup.submit")}>
          <TextField label={t("setup.company")} autocomplete="organization" max={100} value={company()} set={setCompany} error={missing(company())} />
          <TextField label={t("invite.name")} autocomplete="name" max={100} value={name()} set={setName} error={missing(name())} />
          <TextField label={t("login.email")} type="email" autocomplete="username" value={email()} set={setEmail} error={missing(email())} />
          <PasswordFields of={password} />
          <ZoneField value={zone()} set={setZone} />
        </CardForm>
      </Card>
    </Show>
  );
}
