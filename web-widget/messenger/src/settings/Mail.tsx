import { For, onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, reasonText, t, type WordKey } from "../i18n.ts";
import type { LetterView } from "../types.ts";
import { createSubmit } from "./form.ts";
import { createLoaded, ErrorLine, Loaded } from "./parts.tsx";

/** How often a letter that waits is looked at, while the page is open. */
const LOOK_MS = 2_000;

function Letter(props: { letter: LetterView }) {
  return (
    <li class="item">
      <span class="about"><b>{t(`mail.about.${props.letter.about}` satisfies WordKey)}</b><small>{props.letter.to}</small><Show when={reasonText(props.letter.reason)}>{(text) => <small class="why">{text()}</small>}</Show></span>
      <span class="side"><span class={`tag ${props.letter.status}`}>{t(`mail.status.${props.letter.status}` satisfies WordKey)}</span><small>{dateTime(locale(), props.letter.created_at)}</small></span>
    </li>
  );
}

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
              <ul class="table"><For each={state().letters}>{(letter) => <Letter letter={letter} />}</For></ul>
            </Show>
          </Show>
        )}
      </Loaded>
    </section>
  );
}
