import { createSignal, onMount, Show } from "solid-js";
import type { Me } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { problemText, t } from "../i18n.ts";
import { follow } from "../route.ts";
import { TextField } from "../ui/Field.tsx";
import { Card, CardForm } from "./Card.tsx";
import { Code } from "./Code.tsx";

function Form(props: { entered: (me: Me) => void; codeAsked: (challenge: string) => void }) {
  const [email, setEmail] = createSignal("");
  const [password, setPassword] = createSignal("");
  const [remember, setRemember] = createSignal(true);
  const [tried, setTried] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<string | null>(null);
  let first!: HTMLInputElement;
  onMount(() => first.focus());
  const send = async () => {
    setTried(true);
    if (busy() || !email().trim() || !password()) return;
    setBusy(true);
    setError(null);
    try {
      const { challenge } = await api.login(email().trim(), password(), remember());
      if (challenge) props.codeAsked(challenge);
      else props.entered(await api.me());
    } catch (problem) {
      setError(problem instanceof Problem && (problem.status === 401 || problem.status === 403) ? t("login.wrong") : problemText(problem));
      setBusy(false);
    }
  };
  const missing = (value: string) => (tried() && !value.trim() ? t("login.fill") : null);
  return (
    <Card title={t("login.title")} lead={t("login.lead")}>
      <CardForm send={() => void send()} error={error()} busy={busy()} action={busy() ? t("login.busy") : t("login.submit")}>
        <TextField label={t("login.email")} type="email" autocomplete="username" value={email()} set={setEmail} error={missing(email())} ref={(made) => (first = made)} />
        <TextField label={t("login.password")} type="password" autocomplete="current-password" value={password()} set={setPassword} error={missing(password())} />
        <label class="tick"><input type="checkbox" checked={remember()} onChange={(event) => setRemember(event.currentTarget.checked)} />{t("login.remember")}</label>
      </CardForm>
      <p class="aside">{t("login.forgot")} <a href="/forgot" onClick={follow}>{t("login.forgot.link")}</a></p>
    </Card>
  );
}

export function Login(props: { entered: (me: Me) => void }) {
  const [challenge, setChallenge] = createSignal<string | null>(null);
  const [empty, setEmpty] = createSignal(false);
  // What cannot be asked is no reason not to show the form.
  onMount(() => void api.setupState().then((state) => setEmpty(state.empty), () => undefined));
  return (
    <Show when={!empty()} fallback={<Card title={t("login.empty")} lead={t("login.empty.text")} icon="settings" />}>
      <Show when={challenge()} keyed fallback={<Form entered={(me) => props.entered(me)} codeAsked={setChallenge} />}>
        {(asked) => <Code challenge={asked} entered={(me) => props.entered(me)} back={() => setChallenge(null)} />}
      </Show>
    </Show>
  );
}
