import { createSignal, For, onMount, Show } from "solid-js";
import type { Me } from "@kommutator/shared/generated/protocol.ts";
import { LOCALES } from "@kommutator/shared/i18n.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { locale, problemText, setLocale, t } from "../i18n.ts";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import logo from "../icon.svg?url";

export function Login(props: { entered: (me: Me) => void }) {
  const [email, setEmail] = createSignal("");
  const [password, setPassword] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<string | null>(null);
  let first!: HTMLInputElement;
  onMount(() => {
    document.title = `${t("login.title")} · ${t("app.name")}`;
    first.focus();
  });

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (busy() || !email().trim() || !password()) return;
    setBusy(true);
    setError(null);
    try {
      await api.login(email().trim(), password());
      props.entered(await api.me());
    } catch (problem) {
      setError(problem instanceof Problem && (problem.status === 401 || problem.status === 403) ? t("login.wrong") : problemText(problem));
      setBusy(false);
    }
  };
  const missing = (value: string) => (tried() && !value.trim() ? t("login.fill") : null);

  return (
    <main class="login">
      <form class="login-card" novalidate onSubmit={(event) => void submit(event)}>
        <img class="logo" src={logo} alt="" width="44" height="44" />
        <h1>{t("login.title")}</h1>
        <p class="lead">{t("login.lead")}</p>
        <TextField label={t("login.email")} type="email" autocomplete="username" value={email()} set={setEmail} error={missing(email())} ref={(made) => (first = made)} />
        <TextField label={t("login.password")} type="password" autocomplete="current-password" value={password()} set={setPassword} error={missing(password())} />
        <Show when={error()}><p class="alert" role="alert"><Icon name="alert" small />{error()}</p></Show>
        <button class="button main wide" disabled={busy()}>{busy() ? t("login.busy") : t("login.submit")}</button>
      </form>
      <nav class="locales" aria-label={t("profile.locale")}>
        <For each={LOCALES}>{(one) => <button type="button" aria-pressed={locale() === one} onClick={() => void setLocale(one)}>{one.toUpperCase()}</button>}</For>
      </nav>
    </main>
  );
}
