/** Going away and coming back, and how colleagues are shown who did. */
import { time } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, t } from "../i18n.ts";
import type { Colleague } from "../types.ts";
import { toast } from "../ui/toast.tsx";
import { isAway } from "./absence.ts";

/** In words beside a name; empty: they are there. */
export function awayText(one: Colleague | undefined): string {
  if (!isAway(one)) return "";
  return one?.away_until ? t("away.other.until", { time: moment(one.away_until) }) : t("away.other");
}

export function moment(at: string): string {
  const [then, now] = [new Date(at), new Date()];
  const date = then.toDateString() === now.toDateString() ? "" : `${new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short" }).format(then)}, `;
  return date + time(locale(), then.getTime());
}

export async function setAway(away: boolean, until: Date | null): Promise<void> {
  try {
    await api.away(away, until?.toISOString() ?? null);
    toast(t(away ? "away.done" : "away.back"));
  } catch (error) {
    toast(problemText(error), true);
  }
}
