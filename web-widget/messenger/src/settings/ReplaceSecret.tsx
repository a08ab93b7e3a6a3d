import { createSignal } from "solid-js";
import { call } from "../http.ts";
import { t } from "../i18n.ts";
import type { ChannelView } from "../types.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit } from "./form.ts";
import { ErrorLine } from "./parts.tsx";

/** Says what a new secret breaks, and asks when the old one shall end. */
export function ReplaceSecret(props: { channel: ChannelView; close: () => void; done: (secret: string) => void }) {
  const [keep, setKeep] = createSignal(true);
  const submit = createSubmit(false);
  const replace = async (event: SubmitEvent) => {
    event.preventDefault();
    const done = await submit.run(async () => {
      const made = await call<{ secret: string }>("POST", `/api/v1/channels/${encodeURIComponent(props.channel.id)}/identity-secret`, { keep_former: keep() });
      props.done(made.secret);
    });
    if (!done) return;
    toast(t("identity.replaced"));
    props.close();
  };
  const choice = (value: boolean, name: "keep" | "now") => (
    <label class="choice">
      <input type="radio" name="former" checked={keep() === value} onChange={() => setKeep(value)} />
      <span><b>{t(`identity.replace.${name}`)}</b><small>{t(`identity.replace.${name}.text`)}</small></span>
    </label>
  );
  return (
    <Dialog title={`${t("identity.replace")}: ${props.channel.name}`} narrow close={() => props.close()}>
      <form class="choose" onSubmit={(event) => void replace(event)}>
        <p class="words">{t("identity.replace.text")}</p>
        <fieldset><legend>{t("identity.replace.when")}</legend>{choice(true, "keep")}{choice(false, "now")}</fieldset>
        <ErrorLine text={submit.error()} />
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button" classList={{ danger: !keep(), main: keep() }} disabled={submit.busy()}>{t("identity.replace")}</button>
        </div>
      </form>
    </Dialog>
  );
}
