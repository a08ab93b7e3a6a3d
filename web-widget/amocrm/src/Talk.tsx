import { createMemo, createSignal, createUniqueId, For, Match, Show, Switch, untrack } from "solid-js";
import type { Place } from "./amo.ts";
import { Composer } from "./Composer.tsx";
import type { Contact } from "./crm.ts";
import { type Target, whom } from "./gateway.ts";
import type { Ground } from "./ground.ts";
import { reasonText, t, troubleText } from "./i18n.ts";
import { Alert } from "./parts.tsx";

type Props = { ground: Ground; place: NonNullable<Place>; contacts: Contact[]; targets: Target[]; first?: Target | undefined };
const same = (a: Target, b: Target) => a.contact === b.contact && a.account.id === b.account.id && a.conversation === b.conversation && a.address === b.address;

/** «Чаты»: the chat stands in the deal, and is written in there. */
function Chat(props: { ground: Ground; deal: string | undefined; target: Target }) {
  const [busy, setBusy] = createSignal(false);
  const [trouble, setTrouble] = createSignal("");
  const [done, setDone] = createSignal(false);
  const id = crypto.randomUUID();
  const make = async () => {
    setBusy(true);
    setTrouble("");
    try {
      await props.ground.gateway.start(whom(props.target, id, props.ground.user, props.deal));
      setDone(true);
    } catch (error) {
      setTrouble(troubleText(error, props.ground.gateway.address));
    }
    setBusy(false);
  };
  return (
    <Show when={!done()} fallback={<p class="k-done" role="status">{t("chat.done", { title: props.target.title })}</p>}>
      <p class="k-calm">{props.target.conversation ? t("chat.there") : t("chat.text")}</p>
      <Show when={trouble()}>{(why) => <Alert text={why()} />}</Show>
      <div class="k-actions"><button type="button" class="k-button main" disabled={busy()} onClick={() => void make()}>{busy() ? t("chat.creating") : t("chat.create")}</button></div>
    </Show>
  );
}

/** Whom, from where and to where; then the chat or the composer, as the gateway says. */
export function Talk(props: Props) {
  const name = createUniqueId();
  const people = () => props.contacts.filter((one) => props.targets.some((target) => target.contact === one.id));
  const begin = untrack(() => props.targets.find((one) => props.first && same(one, props.first)) ?? props.targets.find((one) => one.can) ?? props.targets[0]);
  const [contact, setContact] = createSignal(begin?.contact ?? "");
  const [chosen, choose] = createSignal(begin);
  const reply = () => props.targets.every((one) => one.conversation);
  const offered = createMemo(() => (reply() ? props.targets : props.targets.filter((one) => one.contact === contact())));
  const target = () => {
    const one = chosen();
    return one && offered().includes(one) ? one : offered().find((other) => other.can);
  };
  const pick = (id: string) => {
    setContact(id);
    choose(offered().find((one) => one.can));
  };
  const deal = () => (props.place.kind === "deal" ? props.place.id : undefined);
  return (
    <>
      <Show when={!reply() && people().length > 1}>
        <label class="k-field"><span>{t("talk.contact")}</span>
          <select value={contact()} onChange={(event) => pick(event.currentTarget.value)}><For each={people()}>{(one) => <option value={one.id}>{one.id ? one.name : t("talk.company", { name: one.name })}</option>}</For></select>
        </label>
      </Show>
      <fieldset class="k-choices">
        <legend>{reply() ? t("talk.where") : t("talk.account")}</legend>
        <For each={offered()}>
          {(one) => (
            <label classList={{ off: !one.can }}>
              <input type="radio" name={name} disabled={!one.can} checked={target() === one} onChange={() => choose(one)} />
              <span class="k-name">{reply() ? one.title : one.account.name}</span>
              <span class="k-about">{reply() ? one.account.name : t("talk.to", { address: one.address ?? one.title })}</span>
              <Show when={!one.can && reasonText(one.reason)}>{(why) => <span class="k-why">{why()}</span>}</Show>
            </label>
          )}
        </For>
      </fieldset>
      <Show when={target()} keyed>
        {(one) => (
          <Switch>
            <Match when={one.what === "chat"}><Chat ground={props.ground} deal={deal()} target={one} /></Match>
            <Match when={true}><Composer ground={props.ground} deal={deal()} target={one} /></Match>
          </Switch>
        )}
      </Show>
    </>
  );
}
