/** The lines of the menus that decide about conversations: who answers, until when it is put aside, which tags it has. */
import { time } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, t } from "../i18n.ts";
import { isAway } from "../state/absence.ts";
import { awayText } from "../state/away.ts";
import type { Desk } from "../state/desk.ts";
import type { Deed } from "../types.ts";
import { askText } from "../ui/ask.tsx";
import { Avatar } from "../ui/Avatar.tsx";
import type { Item } from "../ui/Menu.tsx";
import { toast } from "../ui/toast.tsx";
import { snoozeTimes } from "./snooze.ts";

export function assignItems(desk: Desk, assignee: string | null, assign: (user: string | null) => void): Item[] {
  const me = desk.me().id;
  const others = desk.colleagues().filter((one) => one.id !== me);
  return [
    assignee !== me && { text: t("thread.take"), icon: "mine", act: () => assign(me) },
    assignee !== null && { text: assignee === me ? t("thread.drop") : t("assign.nobody"), icon: "close", act: () => assign(null) },
    ...others.map((one, index): Item => ({ text: one.name, hint: awayText(one), face: <Avatar name={one.name} seed={one.id} />, line: index === 0, checked: assignee === one.id, act: () => { assign(one.id); if (isAway(one)) toast(t("away.assigned", { name: one.name })); } })),
  ];
}

const weekday = (at: Date) => new Intl.DateTimeFormat(locale(), { weekday: "short" }).format(at);

export function snoozeItems(until: string | undefined, snooze: (until: string | null) => void): Item[] {
  return [
    until !== undefined && { text: t("snooze.back"), icon: "again", act: () => snooze(null) },
    ...snoozeTimes(new Date()).map((one, index): Item => ({
      text: t(one.word),
      icon: "snooze",
      line: index === 0 && until !== undefined,
      hint: `${one.far ? `${weekday(one.at)} ` : ""}${time(locale(), one.at.getTime())}`,
      act: () => snooze(one.at.toISOString()),
    })),
  ];
}

/** Each tag on or off; a new one is made where it is wanted. */
export function tagItems(desk: Desk, has: readonly string[], perform: (deed: Deed) => void): Item[] {
  const make = async () => {
    const name = await askText(t("tags.new"), t("tags.name"), t("common.add"));
    if (name === null) return;
    try {
      const tag = await api.addTag(name, desk.tags().length % 8);
      perform({ do: "tag", on: [tag.id] });
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return [
    ...desk.tags().map((tag): Item => {
      const on = has.includes(tag.id);
      return { text: tag.name, face: <i class={`tag-dot colour-${tag.colour}`} />, checked: on, act: () => perform(on ? { do: "tag", off: [tag.id] } : { do: "tag", on: [tag.id] }) };
    }),
    { text: t("tags.new"), icon: "plus", line: desk.tags().length > 0, act: () => void make() },
  ];
}
