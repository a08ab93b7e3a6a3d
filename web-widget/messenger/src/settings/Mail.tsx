import { onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, reasonText, t, type WordKey } from "../i18n.ts";
import { Table } from "../ui/Table.tsx";
import { createSubmit } from "./form.ts";
import { createLoaded, ErrorLine, Loaded } from "./parts.tsx";

/** How often a letter that waits is looked at, while the page is open. */
const LOOK_MS = 2_000;

/** Whether letters go out, and how those of late fared. */
export function Mail() {
  const mail = createLoaded(api.mail);
  const submit = createSubmit(false);
  const send = () => submit.run(async () => {
    await api.testLetter();
    mail.again();
  });
  const timer = setInterval(() => {
    if (mail.value()?.letters.some((letter) => letter.status === "waiting")) mail.again();
  }, LOOK_MS);
  onCleanup(() => clearInterval(timer));
  return (
    <section class="block" data-testid="mail">
      <h3>{t("mail.title")}</h3>
      <Loaded from={mail}>
        {(state) => (
          <Show when={state().configured} fallback={<p class="help">{t("mail.off")}</p>}>
            <p class="help">{t("mail.on", { server: state().server ?? "", from: state().from ?? "" })}</p>
            <ErrorLine text={submit.error()} />
            <button type="button" class="button" disabled={submit.busy()} onClick={() => void send()}>{t("mail.test")}</button>
            <h4>{t("mail.letters")}</h4>
            <Show when={state().letters.length > 0} fallback={<p class="help">{t("mail.none")}</p>}>
              <Table label={t("mail.letters")} rows={state().letters} id={(one) => one.id} name={(one) => one.to}
                columns={[
                  { id: "about", title: t("mail.aboutHead"), sort: (one) => t(`mail.about.${one.about}` satisfies WordKey), cell: (one) => <span class="two"><b>{t(`mail.about.${one.about}` satisfies WordKey)}</b><span>{one.to}</span><Show when={reasonText(one.reason)}>{(text) => <span class="why">{text()}</span>}</Show></span> },
                  { id: "status", title: t("channels.status"), sort: (one) => one.status, cell: (one) => <span class={`tag ${one.status}`}>{t(`mail.status.${one.status}` satisfies WordKey)}</span> },
                  { id: "at", title: t("audit.when"), narrow: true, sort: (one) => one.created_at, cell: (one) => dateTime(locale(), one.created_at) },
                ]} />
            </Show>
          </Show>
        )}
      </Loaded>
    </section>
  );
}
