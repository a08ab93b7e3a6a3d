import { createSignal, onMount } from "solid-js";
import type { Me } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { createSubmit } from "../settings/form.ts";
import { TextField } from "../ui/Field.tsx";
import { Card, CardForm } from "./Card.tsx";

/** The second step of a login. */
export function Code(props: { challenge: string; entered: (me: Me) => void; back: () => void }) {
  const [code, setCode] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit(false);
  let field!: HTMLInputElement;
  onMount(() => field.focus());
  const send = async () => {
    setTried(true);
    if (!code().trim()) return;
    const done = await submit.run(async () => {
      await api.loginCode(props.challenge, code().trim());
      props.entered(await api.me());
    });
    if (!done) field.select();
  };
  return (
    <Card title={t("code.title")} lead={t("code.lead")} icon="lock">
      <CardForm send={() => void send()} error={submit.error()} busy={submit.busy()} action={t("code.submit")}>
        <TextField label={t("code.label")} autocomplete="one-time-code" value={code()} set={setCode} error={tried() && !code().trim() ? t("login.fill") : null} ref={(made) => (field = made)} />
      </CardForm>
      <p class="aside"><button type="button" class="link" onClick={() => props.back()}>{t("code.back")}</button></p>
    </Card>
  );
}
