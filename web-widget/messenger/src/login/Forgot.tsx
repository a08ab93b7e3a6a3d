import { createResource, createSignal, Show } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { follow } from "../route.ts";
import { createSubmit } from "../settings/form.ts";
import { TextField } from "../ui/Field.tsx";
import { Card, CardForm } from "./Card.tsx";

export function Forgot() {
  const [email, setEmail] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const [sent, setSent] = createSignal(false);
  const submit = createSubmit(false);
  const [mail] = createResource(() => api.setupState().then((state) => state.mail, () => true));
  const send = async () => {
    setTried(true);
    if (!email().trim()) return;
    if (await submit.run(() => api.forgot(email().trim()))) setSent(true);
  };
  const back = () => <p class="aside"><a href="/" onClick={follow}>{t("forgot.back")}</a></p>;
  return (
    <Show when={!sent()} fallback={<Card title={t("forgot.sent")} lead={t("forgot.sent.text")} icon="done">{back()}</Card>}>
      <Card title={t("forgot.title")} lead={mail() === false ? t("forgot.noMail") : t("forgot.lead")}>
        <Show when={mail() !== false}>
          <CardForm send={() => void send()} error={submit.error()} busy={submit.busy()} action={t("forgot.submit")}>
            <TextField label={t("login.email")} type="email" autocomplete="username" value={email()} set={setEmail} error={tried() && !email().trim() ? t("login.fill") : null} />
          </CardForm>
        </Show>
        {back()}
      </Card>
    </Show>
  );
}
