import { For, Show } from "solid-js";
import type { ClaimView, VisitView } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { Known } from "../customers/Known.tsx";
import { locale, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { Address } from "./Address.tsx";
import { useThread } from "./context.ts";
import type { PersonOf } from "./person.ts";

function Claims(props: { name: string; claims: ClaimView[]; scheme: string }) {
  return (
    <Show when={props.claims.length > 0}>
      <div><dt>{props.name}</dt><For each={props.claims}>{(claim) => <dd class="claim"><a href={`${props.scheme}:${claim.value}`}>{claim.value}</a><Show when={claim.by === "unverified"}><small>{t("person.unverified")}</small></Show></dd>}</For></div>
    </Show>
  );
}

/** How somebody came: the page, where from, the marks of the advertisement. */
function Visit(props: { visit: VisitView }) {
  const marks = () => Object.entries(props.visit.marks).filter((entry) => entry[1] !== undefined);
  return (
    <div>
      <dt>{t("person.visit")}</dt>
      <Show when={props.visit.first.url}>{(url) => <dd><Address url={url()} text={props.visit.first.title} /></dd>}</Show>
      <Show when={props.visit.first.referrer}>{(url) => <dd>{t("card.from")}: <Address url={url()} /></dd>}</Show>
      <For each={marks()}>{([name, value]) => <dd>{name}: {value}</dd>}</For>
    </div>
  );
}

/** Who is behind the conversation, as far as it is known, and whether they are on the site now. */
export function Person(props: { of: PersonOf }) {
  const desk = useDesk();
  const { id } = useThread();
  const here = () => desk.presence().get(id);
  return (
    <>
      <Show when={here()?.online ? here() : null}>{(now) => <div><dt>{t("person.now")}</dt><dd><span class="here">{t("person.here")}</span></dd><Show when={now().page?.url}>{(url) => <dd><Address url={url()} text={now().page?.title} /></dd>}</Show></div>}</Show>
      <Show when={props.of.person()}>
        {(person) => (
          <>
            <Show when={props.of.customer()} fallback={<><Claims name={t("person.phone")} claims={person().phones} scheme="tel" /><Claims name={t("person.email")} claims={person().emails} scheme="mailto" /></>}>
              {(card) => <Known customer={card().customer} changed={props.of.changed} />}
            </Show>
            <Show when={person().site_id}><div><dt>{t("person.siteId")}</dt><dd>{person().site_id}</dd></div></Show>
            <Show when={person().consent}>{(consent) => <div><dt>{t("person.consent")}</dt><dd class="claim">{consent().text}<small>{dateTime(locale(), consent().at)}</small></dd></div>}</Show>
            <Show when={person().first_visit}>{(visit) => <Visit visit={visit()} />}</Show>
          </>
        )}
      </Show>
    </>
  );
}
