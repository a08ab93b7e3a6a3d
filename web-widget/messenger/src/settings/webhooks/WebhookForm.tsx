import { createSignal, For } from "solid-js";
import { problemText, t } from "../../i18n.ts";
import { follow } from "../../route.ts";
import { TextField } from "../../ui/Field.tsx";
import { fieldOf } from "../../ui/FormDialog.tsx";
import { ChannelChoice } from "../Access.tsx";
import { setDirty } from "../form.ts";
import { ErrorLine } from "../parts.tsx";
import { EVENTS, type WebhookEvent, type WebhookFields } from "./api.ts";

const FIELDS = ["name", "url", "events", "channels"];

/** Name, address, what it is told and of which channels. */
export function WebhookForm(props: { fields: WebhookFields; action: string; save: (fields: WebhookFields) => Promise<unknown>; cancel?: string }) {
  // The form is made anew for each webhook.
  // eslint-disable-next-line solid/reactivity
  const [fields, setFields] = createSignal<WebhookFields>(props.fields);
  const [wrong, setWrong] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const at = (field: string) => (fieldOf(wrong(), [field]) ? problemText(wrong()) : null);
  const put = (part: Partial<WebhookFields>) => {
    setFields((now) => ({ ...now, ...part }));
    setDirty(true);
  };
  const toggle = (event: WebhookEvent, on: boolean) => put({ events: on ? [...fields().events, event] : fields().events.filter((one) => one !== event) });
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy()) return;
    setBusy(true);
    setWrong(null);
    try {
      await props.save(fields());
      setDirty(false);
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void save(event)}>
      <TextField label={t("common.name")} value={fields().name} set={(name) => put({ name })} max={80} error={at("name")} />
      <TextField label={t("webhooks.url")} help={t("webhooks.url.help")} type="url" value={fields().url} set={(url) => put({ url })} max={2000} error={at("url")} />
      <fieldset class="field access" classList={{ bad: at("events") !== null }}>
        <legend>{t("webhooks.events")}</legend>
        <For each={EVENTS}>{(one) => <label class="check"><input type="checkbox" checked={fields().events.includes(one)} onChange={(event) => toggle(one, event.currentTarget.checked)} /><span>{t(`webhooks.event.${one}`)} <code>{one}</code></span></label>}</For>
        <p class="about" role={at("events") ? "alert" : undefined}>{at("events") ?? ""}</p>
      </fieldset>
      <ChannelChoice legend={t("webhooks.channels")} channels={fields().channels} set={(channels) => put({ channels })} error={at("channels")} />
      <ErrorLine text={wrong() !== null && fieldOf(wrong(), FIELDS) === null ? problemText(wrong()) : null} />
      <div class="actions start">
        <button class="button main" disabled={busy()}>{props.action}</button>
        {props.cancel ? <a class="button" href={props.cancel} onClick={follow}>{t("common.cancel")}</a> : null}
      </div>
    </form>
  );
}
