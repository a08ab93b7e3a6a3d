import { createSignal } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { createPassword, PasswordFields } from "../login/password.tsx";
import { useDesk } from "../state/desk.ts";
import { TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit } from "./form.ts";
import { ErrorLine } from "./parts.tsx";

export function Password() {
  const desk = useDesk();
  const [current, setCurrent] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const next = createPassword();
  const submit = createSubmit(false);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!next.check() || !current()) return;
    if (!(await submit.run(() => api.changePassword(current(), next.value())))) return;
    setCurrent("");
    setTried(false);
    next.clear();
    toast(t("password.changed"));
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <h3>{t("password.label")}</h3>
      {/* For the browser's memory of passwords. */}
      <input type="email" autocomplete="username" value={desk.me().email} hidden readonly />
      <TextField label={t("password.current")} type="password" autocomplete="current-password" value={current()} set={setCurrent} error={tried() && !current() ? t("login.fill") : null} />
      <div class="halves tight"><PasswordFields of={next} label={t("password.next")} again={t("password.nextAgain")} /></div>
      <ErrorLine text={submit.error()} />
      <button class="button" disabled={submit.busy() || (current() === "" && next.empty())}>{t("password.change")}</button>
    </form>
  );
}
