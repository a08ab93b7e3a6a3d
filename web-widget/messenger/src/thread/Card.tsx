import { For, type JSX, Show } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { kindText, locale, reasonText, t, titleOf } from "../i18n.ts";
import { customerPath, follow } from "../route.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { useDesk } from "../state/desk.ts";
import { Icon } from "../ui/Icon.tsx";
import { Address } from "./Address.tsx";
import { Alike } from "../customers/Alike.tsx";
import { Listing } from "./Listing.tsx";
import { Talk } from "../customers/Talk.tsx";
import { createPerson } from "./person.ts";
import { Person } from "./Person.tsx";
import { Files, Timeline } from "./Timeline.tsx";

function Fact(props: { name: string; children: JSX.Element }) {
  return <div><dt>{props.name}</dt><dd>{props.children}</dd></div>;
}

export function Card(props: { conversation: ConversationView; close: () => void }) {
  const desk = useDesk();
  const one = () => props.conversation;
  const person = createPerson(() => one().version);
  const customer = () => person.customer();
  const others = () => (customer()?.conversations ?? []).filter((other) => other.id !== one().id);
  const tags = () => desk.tags().filter((tag) => one().tags.includes(tag.id));
  return (
    <aside class="card" aria-label={t("thread.card")}>
      <button type="button" class="ghost shut" aria-label={t("common.close")} onClick={() => props.close()}><Icon name="close" /></button>
      <div class="top">
        <Avatar name={one().title} seed={one().identity ?? one().id} picture={one().picture_url} large />
        <h2>{customer()?.customer.name || titleOf(one().title)}</h2>
        <Show when={person.person()?.unreachable}>{(reason) => <p class="why">{reasonText(reason())}</p>}</Show>
        <Show when={customer()}>{(card) => <a class="link" href={customerPath(card().customer.id)} onClick={follow}>{t("customers.page")}</a>}</Show>
      </div>
      <Show when={customer()}>{(card) => <Alike card={card()} done={person.changed} />}</Show>
      <dl>
        <Person of={person} />
        <Fact name={t("card.channel")}>{kindText(one().channel_kind)} · {one().channel_name}</Fact>
        <Fact name={t("card.status")}>{one().status === "closed" ? t("thread.closed") : t("card.open")}</Fact>
        <Show when={one().place_title}>{(title) => <Fact name={t("card.place")}><span class="place-of"><Listing of={one()} /><span><Address url={one().place_url ?? ""} text={title()} /></span></span></Fact>}</Show>
        <Show when={one().page?.url}>{(url) => <Fact name={t("card.page")}><Address url={url()} text={one().page?.title} /></Fact>}</Show>
        <Show when={one().page?.referrer}>{(url) => <Fact name={t("card.from")}><Address url={url()} /></Fact>}</Show>
        <Fact name={t("card.since")}>{dateTime(locale(), one().created_at)}</Fact>
        <Fact name={t("card.active")}>{dateTime(locale(), one().active_at)}</Fact>
      </dl>
      <Show when={tags().length > 0}><ul class="tag-list" aria-label={t("tags.put")}><For each={tags()}>{(tag) => <li><i class={`tag-dot colour-${tag.colour}`} />{tag.name}</li>}</For></ul></Show>
      <Show when={others().length > 0}><h3>{t("customers.others")}</h3><ul class="talks"><For each={others()}>{(other) => <li><Talk one={other} seed={other.identity ?? other.id} /></li>}</For></ul></Show>
      <Files version={one().version} />
      <Timeline version={one().version} />
    </aside>
  );
}
