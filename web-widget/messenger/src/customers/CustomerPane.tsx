import { createSignal, For, onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { kindText, locale, problemText, reasonText, t } from "../i18n.ts";
import { customerPath, follow, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { writeFirst } from "../state/first.ts";
import type { CustomerCard, IdentityView } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Menu } from "../ui/Menu.tsx";
import { toast } from "../ui/toast.tsx";
import { nameOf } from "./CustomerRow.tsx";
import { Alike } from "./Alike.tsx";
import { InCrms } from "./InCrms.tsx";
import { Known } from "./Known.tsx";
import { Merge } from "./Merge.tsx";
import { Talk } from "./Talk.tsx";

function KnownAs(props: { one: IdentityView }) {
  const name = () => [props.one.name, props.one.username && `@${props.one.username}`, props.one.site_id && `ID ${props.one.site_id}`].filter(Boolean).join(" · ");
  return (
    <li class="known-as"><Icon name={props.one.channel_kind === "site_widget" ? "globe" : "channel"} small />
      <p><b>{kindText(props.one.channel_kind)}</b><span>{name() || t("list.noName")}</span>
        <Show when={props.one.unreachable}>{(reason) => <span class="why">{reasonText(reason())}</span>}</Show></p>
      <small>{t("customers.since", { date: dateTime(locale(), props.one.created_at) })}</small>
    </li>
  );
}

/** One customer: what is known, where they write, what was one with them. */
export function CustomerPane(props: { id: string }) {
  const desk = useDesk();
  // The pane is made anew for each customer, so its id never changes.
  // eslint-disable-next-line solid/reactivity
  const own = props.id;
  const [card, setCard] = createSignal<CustomerCard | null>(null);
  const [wrong, setWrong] = createSignal<unknown>(null);
  const [merging, setMerging] = createSignal(false);
  const load = async () => {
    try {
      const loaded = await api.customer(own);
      const into = loaded.customer.merged_into;
      if (into !== null) navigate(customerPath(into), true);
      setCard(loaded);
      setWrong(null);
    } catch (error) {
      setWrong(error);
    }
  };
  void load();
  onCleanup(desk.listen({ customer: (id) => { if (id === own) void load(); }, reload: () => void load() }));
  const apart = async (id: string) => {
    try {
      await api.unmergeCustomer(id);
      toast(t("customers.apart"), false, { text: t("did.undo"), act: () => void api.mergeCustomer(id, own).catch((error: unknown) => toast(problemText(error), true)) });
      await load();
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <Show when={card()} fallback={<Show when={wrong()} fallback={<div class="loading" role="status" aria-label={t("app.loading")}><i class="spinner" /></div>}><Empty icon="warning" title={problemText(wrong())}><button type="button" class="button" onClick={() => void load()}>{t("common.retry")}</button></Empty></Show>}>
      {(one) => (
        <article class="customer" aria-label={nameOf(one().customer)}>
          <header class="head">
            <a class="ghost back" href="/customers" onClick={follow} aria-label={t("customers.back")}><Icon name="back" /></a>
            <Avatar name={one().customer.name} seed={one().customer.id} picture={one().customer.picture_url} />
            <div class="who"><h1>{nameOf(one().customer)}</h1><p>{t("customers.since", { date: dateTime(locale(), one().customer.created_at) })}</p></div>
            <div class="actions-bar">
              <button type="button" class="button main" aria-label={t("customers.write")} onClick={() => writeFirst(one().customer.phones[0]?.value ?? "")}><Icon name="send" small /><span>{t("customers.write")}</span></button>
              <Menu label={t("thread.more")} items={() => [{ text: t("customers.merge"), icon: "people", act: () => setMerging(true) }]}><Icon name="dots" /></Menu>
            </div>
          </header>
          <div class="customer-body">
            <Alike card={one()} done={setCard} />
            <section><h2>{t("customers.known")}</h2><dl class="known"><Known customer={one().customer} changed={setCard} /></dl></section>
            <InCrms customer={own} />
            <section>
              <h2>{t("customers.talks")}</h2>
              <ul class="talks"><For each={one().conversations} fallback={<li class="none">{t("customers.talks.none")}</li>}>{(talk) => <li><Talk one={talk} seed={one().customer.id} /></li>}</For></ul>
              <Show when={one().identities.length > 0}><h2>{t("customers.where")}</h2><ul class="plain-list"><For each={one().identities}>{(known) => <KnownAs one={known} />}</For></ul></Show>
              <Show when={one().merged.length > 0}>
                <h2>{t("customers.merged")}</h2>
                <ul class="plain-list"><For each={one().merged}>{(part) => <li class="known-as"><Icon name="user" small /><p><b>{nameOf(part)}</b></p><button type="button" class="button" onClick={() => void apart(part.id)}>{t("customers.split")}</button></li>}</For></ul>
              </Show>
            </section>
          </div>
          <Show when={merging()}><Merge into={one().customer} close={() => setMerging(false)} done={setCard} /></Show>
        </article>
      )}
    </Show>
  );
}
