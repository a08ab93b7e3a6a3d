import { createEffect, createSignal, Match, on, onCleanup, onMount, Show, Switch } from "solid-js";
import { api } from "../../api.ts";
import { reasonText, t } from "../../i18n.ts";
import { Problem } from "../../http.ts";
import type { Begin, Connecting, ConnectStep, Spoken } from "../../types.ts";
import { Icon } from "../../ui/Icon.tsx";
import { DataFields, type Value } from "./DataField.tsx";
import { refusal, said } from "./kinds.ts";

type ConnectProps = { kind: Spoken; begin: Begin; onDone: (made: Connecting) => void; cancel: () => void };

/** The walk through a provider's steps. Nothing is made before the last one; whoever goes leaves nothing behind. */
export function Connect(props: ConnectProps) {
  const [now, setNow] = createSignal<Connecting | null>(null);
  const [values, setValues] = createSignal<Record<string, Value>>({});
  const [busy, setBusy] = createSignal(false);
  const [wrong, setWrong] = createSignal<{ field: string; text: string } | null>(null);
  const step = (): ConnectStep | undefined => now()?.step;
  const fields = () => {
    const one = step();
    return one?.kind === "fields" ? one.fields : [];
  };
  let form: HTMLFormElement | undefined;
  let ended = false;
  const drop = () => {
    const id = now()?.id;
    setNow(null);
    if (id) void api.endConnecting(id).catch(() => undefined);
  };
  onCleanup(() => {
    ended = true;
    drop();
  });
  const take = (next: Connecting) => {
    if (ended) return;
    if (!next.step) {
      setNow(null);
      props.onDone(next);
      return;
    }
    if (next.refused) {
      // What was brought back was no good: the next try begins anew.
      drop();
      setWrong({ field: "", text: reasonText(next.refused) });
      return;
    }
    const another = next.step.name !== step()?.name;
    const isFirst = !step();
    if (another) setValues({});
    setNow(next);
    // Whoever types or listens goes on where the new step begins.
    if (another && !isFirst) (form?.querySelector<HTMLElement>("input, select, textarea") ?? form?.querySelector("h3"))?.focus();
  };
  const run = async (work: () => Promise<Connecting>) => {
    setBusy(true);
    setWrong(null);
    try {
      take(await work());
    } catch (error) {
      // Its time was over: the next try begins anew.
      if (error instanceof Problem && error.code === "unknown_connecting") setNow(null);
      setWrong(refusal(error));
    } finally {
      setBusy(false);
    }
  };
  const begin = () => run(() => api.beginConnecting(props.begin));
  onMount(() => void begin());
  const answer = async () => {
    const id = now()?.id;
    if (!id) return begin();
    const missing = fields().find((field) => !field.optional && !field.only_if && (values()[field.name] ?? "") === "");
    if (missing) return setWrong({ field: missing.name, text: t("login.fill") });
    return run(() => api.answerStep(id, values()));
  };
  const lookAgain = async () => {
    const id = now()?.id;
    if (id) await run(() => api.connecting(id));
  };
  // What is waited for is asked again by itself; so is a code that may have been scanned, and whether who was sent away is back.
  createEffect(on([now, busy], () => {
    const one = step();
    if (busy() || wrong() || !one || one.kind === "fields") return;
    const timer = setTimeout(() => void (one.kind === "redirect" ? lookAgain() : answer()), one.kind === "wait" ? one.again_ms : 2_000);
    onCleanup(() => clearTimeout(timer));
  }));
  const at = (name: string) => (wrong()?.field === name ? (wrong()?.text ?? null) : null);
  const stray = () => {
    const found = wrong();
    return found && !fields().some((field) => field.name === found.field) ? found.text : null;
  };
  const waits = (text: "connect.scan" | "connect.waiting" | "connect.away") => <p class="waits" role="status"><i class="spinner" />{t(text)}</p>;
  return (
    <form ref={(made) => (form = made)} class="block connect" novalidate aria-busy={busy()} onSubmit={(event) => { event.preventDefault(); void answer(); }}>
      <Show when={step()} fallback={<Show when={!wrong()}><div class="loading" role="status" aria-label={t("app.loading")}><i class="spinner" /></div></Show>}>
        {(one) => (
          <>
            <h3 tabindex="-1">{said(props.kind, `step.${one().name}.title`)}</h3>
            <p class="help">{said(props.kind, `step.${one().name}.text`)}</p>
            <Switch>
              <Match when={one().kind === "qr" && now()?.qr_svg}>{(svg) => <div class="scan"><img src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg())}`} alt={t("factor.qr")} width="220" height="220" />{waits("connect.scan")}</div>}</Match>
              <Match when={one().kind === "wait"}>{waits("connect.waiting")}</Match>
              <Match when={one().kind === "redirect"}>{waits("connect.away")}</Match>
              <Match when={fields().length > 0}><DataFields kind={props.kind} fields={fields()} values={values()} set={(name, value) => { setValues((before) => ({ ...before, [name]: value })); if (wrong()?.field === name) setWrong(null); }} at={at} /></Match>
            </Switch>
          </>
        )}
      </Show>
      <Show when={stray()}>{(text) => <p class="alert" role="alert"><Icon name="alert" small />{text()}</p>}</Show>
      <div class="actions start">
        <Switch>
          <Match when={(step()?.kind === "redirect" && (step() as { url: string }).url)}>{(url) => <a class="button main" href={url()} target="_blank" rel="noreferrer">{t("connect.go")}</a>}</Match>
          <Match when={step()?.kind === "fields"}><button class="button main" disabled={busy()}>{t(busy() ? "connect.checking" : "connect.next")}</button></Match>
          <Match when={wrong() && step()?.kind !== "redirect"}><button class="button main" disabled={busy()}>{t("common.retry")}</button></Match>
        </Switch>
        <button type="button" class="button" onClick={() => props.cancel()}>{t("common.cancel")}</button>
      </div>
    </form>
  );
}
