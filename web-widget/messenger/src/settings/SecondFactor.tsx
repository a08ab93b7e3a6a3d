import { createSignal, For, Match, Show, Switch } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import type { Profile } from "../types.ts";
import { TextField } from "../ui/Field.tsx";
import { createSubmit } from "./form.ts";
import { Copy, CopyButton, ErrorLine } from "./parts.tsx";

type Begun = { secret: string; qr: string };

/** The app is shown the secret, and shows a code back. */
function Begin(props: { begun: Begun; confirmed: (codes: string[]) => void; cancel: () => void }) {
  const [code, setCode] = createSignal("");
  const submit = createSubmit(false);
  const confirm = async (event: SubmitEvent) => {
    event.preventDefault();
    if (code().trim()) await submit.run(async () => props.confirmed((await api.confirmFactor(code().trim())).recovery_codes));
  };
  return (
    <form novalidate onSubmit={(event) => void confirm(event)}>
      <p class="help">{t("factor.scan")}</p>
      <div class="scan">
        <img src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(props.begun.qr)}`} alt={t("factor.qr")} width="200" height="200" />
        <div>
          <p class="name">{t("factor.secret")}</p>
          <Copy text={props.begun.secret} label={t("factor.secret")} />
          <TextField label={t("factor.code")} inputmode="numeric" autocomplete="one-time-code" max={7} value={code()} set={setCode} />
        </div>
      </div>
      <ErrorLine text={submit.error()} />
      <div class="row-of">
        <button class="button main" disabled={submit.busy() || !code().trim()}>{t("factor.confirm")}</button>
        <button type="button" class="button" onClick={() => props.cancel()}>{t("common.cancel")}</button>
      </div>
    </form>
  );
}

function Disable(props: { done: () => void; cancel: () => void }) {
  const [password, setPassword] = createSignal("");
  const submit = createSubmit(false);
  const disable = async (event: SubmitEvent) => {
    event.preventDefault();
    if (password() && (await submit.run(() => api.disableFactor(password())))) props.done();
  };
  return (
    <form novalidate onSubmit={(event) => void disable(event)}>
      <p class="help">{t("factor.disable.text")}</p>
      <TextField label={t("password.current")} type="password" autocomplete="current-password" value={password()} set={setPassword} />
      <ErrorLine text={submit.error()} />
      <div class="row-of">
        <button class="button danger" disabled={submit.busy() || !password()}>{t("factor.disable")}</button>
        <button type="button" class="button" onClick={() => props.cancel()}>{t("common.cancel")}</button>
      </div>
    </form>
  );
}

function Recovery(props: { codes: string[]; done: () => void }) {
  return (
    <>
      <h4>{t("factor.recovery")}</h4>
      <p class="help">{t("factor.recovery.text")}</p>
      <ul class="codes" aria-label={t("factor.recovery")}><For each={props.codes}>{(code) => <li><code>{code}</code></li>}</For></ul>
      <div class="row-of"><CopyButton text={props.codes.join("\n")} /><button type="button" class="button main" onClick={() => props.done()}>{t("factor.saved")}</button></div>
    </>
  );
}

export function SecondFactor(props: { known: Profile; changed: () => void }) {
  const [begun, setBegun] = createSignal<Begun | null>(null);
  const [codes, setCodes] = createSignal<string[] | null>(null);
  const [disabling, setDisabling] = createSignal(false);
  const submit = createSubmit(false);
  const begin = () => submit.run(async () => setBegun(await api.beginFactor()));
  return (
    <section class="block" data-testid="factor">
      <h3>{t("factor.title")}</h3>
      <Switch fallback={
        <Show when={props.known.second_factor} fallback={
          <>
            <p class="help">{t("factor.off")}</p>
            <ErrorLine text={submit.error()} />
            <button type="button" class="button" disabled={submit.busy()} onClick={() => void begin()}>{t("factor.begin")}</button>
          </>
        }>
          <p class="help">{t("factor.on")} {t("factor.left", { n: props.known.recovery_codes })}</p>
          <button type="button" class="button danger" onClick={() => setDisabling(true)}>{t("factor.disable")}</button>
        </Show>
      }>
        <Match when={codes()}>{(list) => <Recovery codes={list()} done={() => { setCodes(null); props.changed(); }} />}</Match>
        <Match when={begun()}>{(now) => <Begin begun={now()} confirmed={(list) => { setBegun(null); setCodes(list); }} cancel={() => setBegun(null)} />}</Match>
        <Match when={disabling()}><Disable done={() => { setDisabling(false); props.changed(); }} cancel={() => setDisabling(false)} /></Match>
      </Switch>
    </section>
  );
}
