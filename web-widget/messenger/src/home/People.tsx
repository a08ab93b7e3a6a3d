import { createMemo, For, onCleanup, Show } from "solid-js";
import { waiting } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import { createLoaded, Loaded } from "../settings/parts.tsx";
import { isAway } from "../state/absence.ts";
import { moment } from "../state/away.ts";
import type { UserView } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Card } from "./lists.tsx";

/** Who comes and goes is looked at so often, while somebody looks. */
const LOOK_MS = 4_000;
const SHOWN = 12;

type Standing = "here" | "away" | "gone";
const ORDER: readonly Standing[] = ["here", "away", "gone"];
const standing = (one: UserView): Standing => (isAway(one) ? "away" : one.here ? "here" : "gone");

function words(one: UserView, now: number): string {
  const how = standing(one);
  if (how === "away") return one.away_until ? t("home.people.awayUntil", { time: moment(one.away_until) }) : t("home.people.away");
  if (how === "here") return t("home.people.here");
  if (one.seen_at === undefined) return t("home.people.never");
  return now - Date.parse(one.seen_at) < 3_600_000 ? t("home.people.ago", { time: waiting(locale(), one.seen_at, now) }) : t("home.people.seen", { time: moment(one.seen_at) });
}

/** Who is here: online, away and until when, gone and since when. */
export function People() {
  const list = createLoaded(async () => (await api.users()).items);
  const timer = setInterval(() => { if (!document.hidden && !list.loading()) list.again(); }, LOOK_MS);
  onCleanup(() => clearInterval(timer));
  return (
    <Card title={t("home.people")} href="/settings/people">
      <Loaded from={list}>
        {(all) => {
          const byId = createMemo(() => new Map(all().map((one) => [one.id, one])));
          const sorted = () => [...all()].sort((a, b) => ORDER.indexOf(standing(a)) - ORDER.indexOf(standing(b)) || a.name.localeCompare(b.name, locale()));
          return (
            <>
              <ul class="lines-of" aria-label={t("home.people")}>
                <For each={sorted().slice(0, SHOWN).map((one) => one.id)}>
                  {(id) => (
                    <Show when={byId().get(id)}>
                      {(one) => (
                        <li class="person-of" data-standing={standing(one())}>
                          <Avatar name={one().name} seed={one().id} />
                          <span class="two"><b>{one().name}</b><small>{t(`role.${one().role}` satisfies WordKey)}</small></span>
                          <span class={`stands-of is-${standing(one())}`}><i />{words(one(), Date.now())}</span>
                        </li>
                      )}
                    </Show>
                  )}
                </For>
              </ul>
              <Show when={all().length > SHOWN}><p class="help">{t("home.people.more", { n: all().length - SHOWN })}</p></Show>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
