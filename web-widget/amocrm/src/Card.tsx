import { createResource, createSignal, For, Match, Show, Switch } from "solid-js";
import { day, dayNumber, time } from "@kommutator/shared/format.ts";
import { language, type Place } from "./amo.ts";
import { atDeal, type Contact, contacts } from "./crm.ts";
import { openDialog } from "./Dialog.tsx";
import type { Hello, Target } from "./gateway.ts";
import type { Ground } from "./ground.ts";
import { t, troubleText } from "./i18n.ts";
import { Alert, Busy } from "./parts.tsx";
import { Talk } from "./Talk.tsx";
import { dark } from "./theme.ts";

export type Seen = { hello: Hello; contacts: Contact[]; targets: Target[] };

/** So many contacts of a deal are asked about, the main one first. */
const MOST = 50;

/** Everything of a card as it is now: what was just typed and saved counts. */
export async function look(ground: Ground, place: NonNullable<Place>): Promise<Seen> {
  const [hello, people] = await Promise.all([ground.hello(), place.kind === "deal" ? atDeal(place.id) : contacts([place.id])]);
  if (hello.mode === "lite" || people.length === 0) return { hello, contacts: people, targets: [] };
  const { targets } = await ground.gateway.card(place.kind === "deal" ? place.id : undefined, people.slice(0, MOST));
  return { hello, contacts: people, targets };
}

const talks = (seen: Seen) => seen.targets.filter((one) => one.conversation);
const news = (seen: Seen) => seen.targets.filter((one) => !one.conversation);

/** The hour of what was today, else the day. */
const when = (at: string | number) => (dayNumber(at) === dayNumber(Date.now()) ? time(language(), at) : day(language(), at, Date.now()));

function Row(props: { of: Target; open: () => void }) {
  return (
    <li>
      <button type="button" class="k-talk" onClick={() => props.open()}>
        <span class="k-name">{props.of.title}</span>
        <span class="k-about">{props.of.account.name}</span>
        <Show when={props.of.last}>{(last) => <><span class="k-last">{last().text || t("card.attachment")}</span><time class="k-at" dateTime={String(last().at)}>{when(last().at)}</time></>}</Show>
      </button>
    </li>
  );
}

/** «Kommutator» on the card of a deal or a contact. */
export function Card(props: { ground: Ground; place: NonNullable<Place> }) {
  const [seen, { mutate, refetch }] = createResource(() => look(props.ground, props.place));
  const [busy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal("");
  const text = (error: unknown) => troubleText(error, props.ground.gateway.address);
  const open = async (reply: boolean, first?: Target) => {
    if (busy()) return;
    setBusy(true);
    setTrouble("");
    try {
      const fresh = await look(props.ground, props.place);
      mutate(fresh);
      const of = reply ? talks(fresh) : news(fresh);
      const title = reply ? t("talk.reply") : t("talk.start");
      if (of.length > 0) openDialog(title, () => <Talk ground={props.ground} place={props.place} contacts={fresh.contacts} targets={of} first={first} />, () => void refetch());
      else setTrouble(fresh.contacts.length === 0 ? t("card.nobody") : t("card.nowhere"));
    } catch (error) {
      setTrouble(text(error));
    }
    setBusy(false);
  };
  return (
    <div class="kommutator kommutator-block" classList={{ dark: dark() }}>
      <Switch>
        <Match when={seen.state === "errored"}><Alert text={text(seen.error)} again={() => void refetch()} /></Match>
        <Match when={seen.latest}>
          {(known) => (
            <>
              <Show when={!known().hello.on}><Alert text={t("card.off")} /></Show>
              <Show when={known().hello.health.status === "access_lost"}><Alert text={t("card.lost")} /></Show>
              <Show when={known().hello.mode !== "lite"} fallback={<p class="k-calm">{t("card.lite")}</p>}>
                <Show when={known().contacts.length > 0} fallback={<p class="k-calm">{t("card.nobody")}</p>}>
                  <Show when={talks(known()).length > 0} fallback={<p class="k-calm">{t("card.noTalks")}</p>}>
                    <ul class="k-talks" aria-label={t("card.talks")}><For each={talks(known())}>{(one) => <Row of={one} open={() => void open(true, one)} />}</For></ul>
                    <button type="button" class="k-button main" disabled={busy()} onClick={() => void open(true)}>{t("card.reply")}</button>
                  </Show>
                </Show>
                <button type="button" class="k-button" classList={{ main: talks(known()).length === 0 }} disabled={busy()} onClick={() => void open(false)}>{t("card.start")}</button>
              </Show>
              <Show when={trouble()}>{(why) => <Alert text={why()} />}</Show>
            </>
          )}
        </Match>
        <Match when={true}><Busy /></Match>
      </Switch>
    </div>
  );
}
