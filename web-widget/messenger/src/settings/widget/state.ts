/** The widget's form: one state for all its sections, and what the preview is shown of it. */
import { createSignal } from "solid-js";
import type { Appearance, Form, MessengerLink, Rule, WidgetOptions, WidgetTexts, WidgetView } from "@kommutator/shared/generated/protocol.ts";
import type { Locale } from "@kommutator/shared/i18n.ts";
import { setDirty } from "../form.ts";

export type Section = "look" | "texts" | "hours" | "forms" | "invitations" | "messengers";
export const SECTIONS: readonly Section[] = ["look", "texts", "hours", "forms", "invitations", "messengers"];
export const NO_TEXTS: WidgetTexts = { title: "", greeting: "", away: "", consent: "", consent_link: "", phrases: [], invitations: {} };
export const KINDS = ["telegram", "whatsapp", "vk", "max", "viber", "instagram"] as const;

export function createWidgetState(look: Appearance, options: WidgetOptions) {
  const [appearance, setAppearance] = createSignal(look);
  const [all, setAll] = createSignal(options);
  const [locale, setLocale] = createSignal<Locale>("ru");
  const change = (part: Partial<WidgetOptions>) => {
    setAll({ ...all(), ...part });
    setDirty(true);
  };
  return {
    appearance,
    options: all,
    /** The language whose words are being written. */
    locale,
    setLocale,
    paint(part: Partial<Appearance>) {
      setAppearance({ ...appearance(), ...part });
      setDirty(true);
    },
    change,
    texts: (): WidgetTexts => ({ ...NO_TEXTS, ...all().texts[locale()] }),
    write(part: Partial<WidgetTexts>) {
      change({ texts: { ...all().texts, [locale()]: { ...NO_TEXTS, ...all().texts[locale()], ...part } } });
    },
  };
}

export type WidgetState = ReturnType<typeof createWidgetState>;

/** What is wrong before it is sent, by field; the server checks again. */
export function problems(options: WidgetOptions): { section: Section; field: string; code: string }[] {
  const found: { section: Section; field: string; code: string }[] = [];
  for (const one of Object.values(options.texts)) {
    if (one?.consent_link && !/^https?:\/\/\S+$/.test(one.consent_link)) found.push({ section: "texts", field: "consent_link", code: "link_invalid" });
  }
  options.hours.days.forEach((day, at) => day.forEach((one, n) => {
    if (!one.from || !one.to) found.push({ section: "hours", field: `day-${at}-${n}`, code: "hours_invalid" });
  }));
  options.invitations.forEach((rule, at) => {
    if (rule.seconds === undefined && rule.scroll === undefined && !rule.leaving) found.push({ section: "invitations", field: `rule-${at}`, code: "rule_empty" });
  });
  options.messengers.forEach((one, at) => {
    if (!/^(https|tg|viber):\/\/\S+$/.test(one.link)) found.push({ section: "messengers", field: `link-${at}`, code: "link_invalid" });
  });
  return found;
}

const or = (text: string | undefined, other: string) => (text?.trim() ? text : other);
const asked = (form: Form): Form | undefined => (form.on ? form : undefined);

/** As the server would tell a visitor. */
export function viewOf(look: Appearance, options: WidgetOptions, locale: Locale, online: boolean): WidgetView {
  const texts = { ...NO_TEXTS, ...options.texts[locale] };
  const form = asked(online ? options.before : options.offline);
  return {
    title: or(texts.title, look.title),
    greeting: or(texts.greeting, look.greeting),
    accent: look.accent,
    side: look.side,
    max_file_bytes: 20_000_000,
    max_files: 10,
    offset_x: options.offset_x,
    offset_y: options.offset_y,
    online,
    away: "say",
    away_text: texts.away,
    phrases: texts.phrases.filter((phrase) => phrase.trim()),
    ...(form && { form }),
    consent: texts.consent,
    consent_link: texts.consent_link,
    invitations: [],
    messengers: options.messengers.filter((one: MessengerLink) => one.link),
    sound: options.sound,
    rating: options.rating,
  };
}

/** A rule that has a name nobody has yet. */
export function newRule(rules: Rule[]): Rule {
  let n = rules.length + 1;
  while (rules.some((rule) => rule.id === `rule-${n}`)) n += 1;
  return { id: `rule-${n}`, seconds: 30, address: "", leaving: false };
}
