import { createSignal, For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { call } from "../http.ts";
import { locale, t } from "../i18n.ts";
import type { ChannelView } from "../types.ts";
import { each } from "./deeds.ts";
import { Copy } from "./parts.tsx";
import { ReplaceSecret } from "./ReplaceSecret.tsx";
import { SIGNING } from "./signing.ts";

const path = (id: string) => `/api/v1/channels/${encodeURIComponent(id)}`;

/** The site vouches for its own users: the secret, how to sign with it, and whether an unsigned id is believed. */
export function Identity(props: { channel: ChannelView; changed: () => void }) {
  const [secret, setSecret] = createSignal<string | null>(null);
  const [replacing, setReplacing] = createSignal(false);
  const [language, setLanguage] = createSignal<keyof typeof SIGNING>("php");
  const show = () => each([props.channel.id], async (id) => setSecret((await call<{ secret: string }>("GET", `${path(id)}/identity-secret`)).secret));
  const insist = async (on: boolean) => {
    await each([props.channel.id], (id) => call("PATCH", path(id), { widget: { verified_identity: on } }));
    props.changed();
  };
  return (
    <section class="block" data-testid="identity">
      <h3>{t("identity.title")}</h3>
      <p class="help">{t("identity.text")}</p>
      <Show when={secret()} fallback={<p class="help">{t("identity.hidden")}</p>}>{(text) => <Copy text={text()} label={t("identity.secret")} />}</Show>
      <Show when={props.channel.widget?.former_secret_until}>{(until) => <p class="help after">{t("identity.former", { time: dateTime(locale(), until()) })}</p>}</Show>
      <div class="row-of">
        <Show when={secret() === null}><button type="button" class="button" onClick={() => void show()}>{t("identity.show")}</button></Show>
        <button type="button" class="button" onClick={() => setReplacing(true)}>{t("identity.replace")}</button>
      </div>
      <Show when={replacing()}><ReplaceSecret channel={props.channel} close={() => setReplacing(false)} done={(made) => { setSecret(made); props.changed(); }} /></Show>
      <h4>{t("identity.how")}</h4>
      <p class="help">{t("identity.how.text")}</p>
      <div class="picks" role="tablist" aria-label={t("identity.how")}>
        <For each={Object.keys(SIGNING) as (keyof typeof SIGNING)[]}>
          {(one) => <button type="button" role="tab" aria-selected={language() === one} onClick={() => setLanguage(one)}>{SIGNING[one].name}</button>}
        </For>
      </div>
      <Copy text={SIGNING[language()].code} label={SIGNING[language()].name} />
      <p class="help after">{t("identity.page")}</p>
      <Copy text={'Kommutator("identify", { id: user.id, name: user.name, email: user.email, signature });'} label={t("identity.page")} />
      <label class="switch after"><input type="checkbox" role="switch" checked={props.channel.widget?.verified_identity ?? false} onChange={(event) => void insist(event.currentTarget.checked)} /><span>{t("identity.insist")}</span></label>
      <p class="help">{t("identity.insist.text")}</p>
    </section>
  );
}
