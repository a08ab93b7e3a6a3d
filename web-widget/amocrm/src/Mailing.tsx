import { createResource, createSignal, createUniqueId, For, Match, onCleanup, onMount, Show, Switch, untrack } from "solid-js";
import { type Contact, contacts, ofDeal } from "./crm.ts";
import type { Failed, Mailing as State } from "./gateway.ts";
import type { Ground } from "./ground.ts";
import { reasonText, t, troubleText } from "./i18n.ts";
import { Alert, Busy } from "./parts.tsx";

const LOOK_MS = 1_500;

/** Whom it is about: contacts that are ticked, or those of deals that are; each once. */
async function people(kind: "contacts" | "deals", ids: readonly string[]): Promise<Contact[]> {
  if (kind === "contacts") return contacts(ids);
  const found = new Map<string, Contact>();
  for (const id of ids) for (const one of await ofDeal(id)) found.set(one.id, one);
  return [...found.values()];
}

function Left(props: { title: string; of: readonly Failed[]; name: (id: string) => string }) {
  return (
    <Show when={props.of.length > 0}>
      <section class="k-left"><h3>{props.title}</h3>
        <ul><For each={props.of}>{(one) => <li><span class="k-name">{props.name(one.contact)}</span><span class="k-why">{reasonText(one)}</span></li>}</For></ul>
      </section>
    </Show>
  );
}

/** How far it came, and a stop. */
function Progress(props: { ground: Ground; mailing: string; total: number; skipped: readonly Failed[]; name: (id: string) => string }) {
  const id = createUniqueId();
  const { ground, mailing, total } = untrack(() => ({ ground: props.ground, mailing: props.mailing, total: props.total }));
  const [now, setNow] = createSignal<State>({ total, sent: 0, waiting: total, failed: [], stopped: false });
  const [trouble, setTrouble] = createSignal("");
  const over = () => now().stopped || now().waiting === 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;
  const look = async () => {
    try {
      const state = await ground.gateway.mailing(mailing);
      setTrouble("");
      setNow(state);
    } catch (error) {
      setTrouble(troubleText(error, ground.gateway.address));
    }
    if (!gone && !over()) timer = setTimeout(() => void look(), LOOK_MS);
  };
  onMount(() => void look());
  onCleanup(() => {
    gone = true;
    clearTimeout(timer);
  });
  const stop = async () => {
    clearTimeout(timer);
    await ground.gateway.stop(mailing).catch((error: unknown) => setTrouble(troubleText(error, ground.gateway.address)));
    void look();
  };
  return (
    <>
      <div class="k-progress">
        <p id={`kommutator-${id}`} role="status">{now().stopped ? t("mail.stopped") : over() ? t("mail.done") : ""} {t("mail.progress", { sent: now().sent, total: now().total })}</p>
        <progress aria-labelledby={`kommutator-${id}`} max={Math.max(now().total, 1)} value={now().total - now().waiting} />
        <Show when={!over()}><p class="k-calm">{t("mail.waits", { n: now().waiting })}. {t("mail.background")}</p></Show>
      </div>
      <Show when={trouble()}>{(why) => <Alert text={why()} />}</Show>
      <Left title={t("mail.failed")} of={now().failed} name={props.name} />
      <Left title={t("mail.skipped")} of={props.skipped} name={props.name} />
      <Show when={!over()}><div class="k-actions"><button type="button" class="k-button" onClick={() => void stop()}>{t("mail.stop")}</button></div></Show>
    </>
  );
}

/** «Написать в мессенджеры» (H-AMO-40). */
export function Mailing(props: { ground: Ground; kind: "contacts" | "deals"; ids: readonly string[] }) {
  const name = createUniqueId();
  const [found, { refetch }] = createResource(() => Promise.all([props.ground.hello(), people(props.kind, props.ids)]));
  const [begun, setBegun] = createSignal<{ mailing: string; total: number; skipped: Failed[] } | null>(null);
  const [trouble, setTrouble] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const id = crypto.randomUUID();
  let area!: HTMLTextAreaElement;
  const named = (one: string) => found.latest?.[1].find((contact) => contact.id === one)?.name || one;
  const text = (error: unknown) => troubleText(error, props.ground.gateway.address);
  const send = async (to: Contact[]) => {
    const words = area.value.trim();
    if (!words) {
      setTrouble(t("talk.empty"));
      area.focus();
      return;
    }
    setBusy(true);
    setTrouble("");
    try {
      setBegun(await props.ground.gateway.mail(id, props.ground.user, to, words));
    } catch (error) {
      setTrouble(text(error));
    }
    setBusy(false);
  };
  return (
    <Switch fallback={<Busy />}>
      <Match when={props.ids.length === 0}><p class="k-calm">{t("mail.nobody")}</p></Match>
      <Match when={begun()}>{(mailing) => <Progress ground={props.ground} {...mailing()} name={named} />}</Match>
      <Match when={found.state === "errored"}><Alert text={text(found.error)} again={() => void refetch()} /></Match>
      <Match when={found.state === "ready" && found()}>
        {(known) => (
          <Show when={known()[1].length <= known()[0].mailing.most} fallback={<Alert text={t("mail.tooMany", { most: known()[0].mailing.most })} />}>
            <form class="k-composer" onSubmit={(event) => { event.preventDefault(); void send(known()[1]); }}>
              <p class="k-calm">{t("mail.to", { n: known()[1].length })}. {t("mail.all")}</p>
              <label class="k-field" classList={{ bad: trouble() !== "" }}><span>{t("talk.text")}</span>
                <textarea ref={(made) => (area = made)} autofocus rows={5} aria-invalid={trouble() !== ""} aria-describedby={`${name}-why`} onInput={() => setTrouble("")} />
              </label>
              <p class="k-why" id={`${name}-why`} role="alert">{trouble()}</p>
              <p class="k-warning">{t("mail.warning")}</p>
              <div class="k-actions"><button type="submit" class="k-button main" disabled={busy()}>{t("send")}</button></div>
            </form>
          </Show>
        )}
      </Match>
    </Switch>
  );
}
