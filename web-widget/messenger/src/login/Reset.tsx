import { createSignal, Show } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { follow } from "../route.ts";
import { createSubmit } from "../settings/form.ts";
import { Card, CardForm } from "./Card.tsx";
import { Linked } from "./Doors.tsx";
import { createPassword, PasswordFields } from "./password.tsx";

function Form(props: { email: string; secret: string }) {
  const password = createPassword();
  const [done, setDone] = createSignal(false);
  const submit = createSubmit(false);
  const send = async () => {
    if (password.check() && (await submit.run(() => api.reset(props.secret, password.value())))) setDone(true);
  };
  return (
    <Show when={!done()} fallback={<Card title={t("reset.done")} lead={t("reset.done.text")} icon="done"><a class="button main wide" href="/" onClick={follow}>{t("forgot.back")}</a></Card>}>
      <Card title={t("reset.title")} lead={t("reset.lead", { email: props.email })}>
        <CardForm send={() => void send()} error={submit.error()} busy={submit.busy()} action={t("reset.submit")}>
          {/* For the browser's memory of passwords. */}
          <input type="email" autocomplete="username" value={props.email} hidden readonly />
          <PasswordFields of={password} label={t("password.next")} again={t("password.nextAgain")} />
        </CardForm>
      </Card>
    </Show>
  );
}

export function Reset() {
  return <Linked look={api.lookReset} over={t("over.reset")}>{(found, secret) => <Form email={found.email} secret={secret} />}</Linked>;
}
