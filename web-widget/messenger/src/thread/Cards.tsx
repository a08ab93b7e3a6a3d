import { For, Match, Show, Switch } from "solid-js";
import type { CardView } from "@kommutator/shared/generated/protocol.ts";
import { t, type WordKey } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import type { IconName } from "../ui/paths.ts";

type Of<Kind extends CardView["kind"]> = Extract<CardView, { kind: Kind }>;

const ICONS: Record<CardView["kind"], IconName> = { contact: "user", location: "place", post: "link", call: "phone", unknown: "warning" };

/** Narrowed, or nothing: for a switch over kinds. */
const of = <Kind extends CardView["kind"]>(card: CardView, kind: Kind) => (card.kind === kind ? (card as Of<Kind>) : undefined);

const map = ({ latitude, longitude }: Of<"location">) => `https://yandex.ru/maps/?pt=${longitude},${latitude}&z=16&l=map`;
const host = (url: string) => (URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, "") : url);
const call = ({ missed, video }: Of<"call">): WordKey => `card.of.call${video ? ".video" : ""}${missed ? ".missed" : ""}` as WordKey;

function Card(props: { card: CardView }) {
  return (
    <div class="thing">
      <span class="disc"><Icon name={ICONS[props.card.kind]} /></span>
      <span class="about">
        <Switch>
          <Match when={of(props.card, "contact")}>{(card) => <><b>{card().name || t("card.of.contact")}</b><small><a href={`tel:${card().phone}`}>{card().phone}</a></small></>}</Match>
          <Match when={of(props.card, "location")}>
            {(card) => <><b>{card().title || `${card().latitude.toFixed(5)}, ${card().longitude.toFixed(5)}`}</b><small><a href={map(card())} target="_blank" rel="noopener noreferrer">{t("card.of.openMap")}</a></small></>}
          </Match>
          <Match when={of(props.card, "post")}>
            {(card) => (
              <><b>{card().title || t("card.of.post")}</b>
                <Show when={/^https?:\/\//.test(card().url)}><small><a href={card().url} target="_blank" rel="noopener noreferrer nofollow" title={card().url}>{host(card().url)}</a></small></Show></>
            )}
          </Match>
          <Match when={of(props.card, "call")}>{(card) => <b>{t(call(card()))}</b>}</Match>
          <Match when={of(props.card, "unknown")}><b>{t("card.of.unknown")}</b><small>{t("card.of.unknown.hint")}</small></Match>
        </Switch>
      </span>
    </div>
  );
}

/** What a message says that is more than words: a contact, a place, a post, a call. */
export function Cards(props: { cards: CardView[] }) {
  return <For each={props.cards}>{(card) => <Card card={card} />}</For>;
}
