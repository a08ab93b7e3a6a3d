import { createSignal, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { locale, problemText, reasonText, t } from "../../i18n.ts";
import { navigate } from "../../route.ts";
import { useDesk } from "../../state/desk.ts";
import { askSure } from "../../ui/ask.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { each } from "../deeds.ts";
import { Copy, createLoaded, Head, Loaded } from "../parts.tsx";
import { type WebhookFields, webhooks, type WebhookView } from "./api.ts";
import { Log } from "./Log.tsx";
import { WebhookForm } from "./WebhookForm.tsx";
import { State } from "./Webhooks.tsx";

/** The secret of a webhook that was just made, for the page that comes next; it is shown this once. */
const [fresh, setFresh] = createSignal<{ id: string; secret: string } | null>(null);

const crumbs = (last: string) => [{ text: t("settings.webhooks"), href: "/settings/webhooks" }, { text: last }];

export function NewWebhook() {
  void useDesk().loadChannels();
  const save = async (fields: WebhookFields) => {
    const { id, secret } = await webhooks.add(fields);
    setFresh({ id, secret });
    // The form is saved: nothing asks before it goes.
    setTimeout(() => navigate(`/settings/webhooks/${id}`, true));
  };
  return (
    <>
      <Head title={t("webhooks.creating")} lead={t("webhooks.creating.text")} crumbs={crumbs(t("webhooks.creating"))} />
      <WebhookForm fields={{ name: "", url: "", events: ["message.added"], channels: null, on: true }} action={t("webhooks.create")} cancel="/settings/webhooks"
        save={save} />
    </>
  );
}

function Secret(props: { id: string }) {
  const shown = () => (fresh()?.id === props.id ? fresh()?.secret : undefined);
  const replace = async () => {
    if (!(await askSure(t("webhooks.replace"), t("webhooks.replace.text"), t("webhooks.replace")))) return;
    await each([props.id], async (id) => setFresh({ id, ...(await webhooks.secret(id)) }));
  };
  return (
    <section class="block" data-testid="secret">
      <h3>{t("webhooks.secret")}</h3>
      <Show when={shown()} fallback={<p class="help">{t("webhooks.secret.hidden")}</p>}>
        {(secret) => <><p class="help">{t("webhooks.secret.once")}</p><Copy text={secret()} label={t("webhooks.secret")} /></>}
      </Show>
      <div class="row-of"><button type="button" class="button" onClick={() => void replace()}>{t("webhooks.replace")}</button></div>
    </section>
  );
}

function Trouble(props: { webhook: WebhookView; on: () => void }) {
  const hook = () => props.webhook;
  return (
    <>
      <Show when={hook().off_at}>{(at) => <p class="alert" role="alert"><Icon name="warning" small /><span>{t("webhooks.stopped", { time: dateTime(locale(), at()) })} {reasonText(hook().reason)}</span><button type="button" class="button" onClick={() => props.on()}>{t("webhooks.on")}</button></p>}</Show>
      <Show when={hook().on && hook().failing_since}>{(since) => <p class="alert"><Icon name="warning" small />{t("webhooks.failing", { time: dateTime(locale(), since()) })} {reasonText(hook().reason)}</p>}</Show>
      <Show when={hook().dropped > 0}><p class="alert"><Icon name="warning" small />{t("webhooks.dropped", { n: hook().dropped })}</p></Show>
    </>
  );
}

export function Webhook(props: { id: string }) {
  void useDesk().loadChannels();
  const found = createLoaded(() => webhooks.one(props.id));
  const [rung, setRung] = createSignal(0);
  const flip = async (on: boolean) => {
    await each([props.id], (id) => webhooks.change(id, { on }));
    found.again();
  };
  const test = async () => {
    try {
      await webhooks.test(props.id);
      setRung((n) => n + 1);
      toast(t("webhooks.tested"));
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const save = async ({ name, url, events, channels }: WebhookFields) => {
    await webhooks.change(props.id, { name, url, events, channels });
    found.again();
    toast(t("common.saved"));
  };
  const remove = async (hook: WebhookView) => {
    if (!(await askSure(t("common.sure"), t("webhooks.deleteText", { names: hook.name }), t("common.delete"), true))) return;
    if (await each([hook], (one) => webhooks.remove(one.id))) navigate("/settings/webhooks");
  };
  return (
    <Loaded from={found}>
      {(hook) => (
        <>
          <Head title={t("webhooks.editing", { name: hook().name })} crumbs={crumbs(hook().name)}><State webhook={hook()} /></Head>
          <Trouble webhook={hook()} on={() => void flip(true)} />
          <section class="block">
            <div class="spread">
              <label class="switch"><input type="checkbox" role="switch" checked={hook().on} onChange={(event) => void flip(event.currentTarget.checked)} /><span>{t("webhooks.isOn")}</span></label>
              <button type="button" class="button" disabled={!hook().on} onClick={() => void test()}>{t("webhooks.test")}</button>
            </div>
          </section>
          <Log id={props.id} rung={rung()} changed={found.again} on={hook().on} />
          <WebhookForm fields={hook()} action={t("common.save")}
            save={save} />
          <Secret id={props.id} />
          <section class="block">
            <h3>{t("channels.danger")}</h3>
            <p class="help">{t("webhooks.deleteText", { names: hook().name })}</p>
            <button type="button" class="button danger" onClick={() => void remove(hook())}><Icon name="trash" small />{t("common.delete")}</button>
          </section>
        </>
      )}
    </Loaded>
  );
}
