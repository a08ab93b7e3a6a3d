import { createSignal, For, Show } from "solid-js";
import { call } from "../http.ts";
import { t } from "../i18n.ts";
import type { ChannelView } from "../types.ts";
import { each } from "./deeds.ts";
import { Copy } from "./parts.tsx";
import { SIGNING } from "./signing.ts";

const path = (id: string) => `/api/v1/channels/${encodeURIComponent(id)}`;

/** The site vouches for its own users: the secret, how to sign with it, and whether an unsigned id is believed. */
export function Identity(props: { channel: ChannelView; changed: () => void }) {
  const [secret, setSecret] = createSignal<string | null>(null);
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
      <Show when={secret()} fallback={<><p class="help">{t("identity.hidden")}</p><button type="button" class="button" onClick={() => void show()}>{t("identity.show")}</button></>}>
        {(text) => <Copy text={text()} label={t("identity.secret")} />}
      </Show>
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
