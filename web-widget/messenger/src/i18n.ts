/** The messenger's language and how codes of the server become words. */
import { createSignal } from "solid-js";
import type { Reason } from "@kommutator/shared/generated/protocol.ts";
import { type Dictionary, type Entry, type Locale, pickLocale, translator } from "@kommutator/shared/i18n.ts";
import { Problem } from "./http.ts";
import { en } from "./words/en.ts";
import { es } from "./words/es.ts";
import { ru } from "./words/ru.ts";

export type Words = Dictionary<typeof ru>;
export type WordKey = keyof typeof ru;
export const words: Record<Locale, Words> = { ru, en, es };

const STORE = "kommutator.locale";
const [locale, change] = createSignal<Locale>(pickLocale(localStorage.getItem(STORE), "ru"));
export { locale };

export function setLocale(wanted: string): void {
  const next = pickLocale(wanted, "ru");
  localStorage.setItem(STORE, next);
  document.documentElement.lang = next;
  change(next);
}

export const t = translator<Record<WordKey, Entry>>(locale, words);

/** Whether there are words for a key that was put together from a code of the server. */
export function has(key: string): key is WordKey {
  return key in ru;
}

/** A reason in words; the provider's own words beside it. */
export function reasonText(reason: Reason | null | undefined): string {
  if (!reason) return "";
  const key = `reason.${reason.code}`;
  const text = has(key) ? t(key, reason.params) : t("reason.other", { code: reason.code });
  return reason.provider ? `${text} «${reason.provider}»` : text;
}

export function problemText(error: unknown): string {
  if (!(error instanceof Problem)) return t("error.server");
  const key = `reason.${error.code}`;
  if (has(key)) return t(key);
  if (error.status === 0) return t("error.network");
  if (error.status === 401) return t("error.session");
  if (error.status === 403) return t("error.denied");
  if (error.status === 404) return t("error.missing");
  if (error.status === 409 || error.status === 412) return t("error.conflict");
  if (error.status === 413) return t("error.tooLarge");
  if (error.status === 429) return t("error.tooMany");
  if (error.status < 500) return t("error.invalid", { detail: error.detail || error.code });
  return t("error.server");
}

/** Why a message of ours was refused. */
export function refusalText(code: string): string {
  const key = `reason.${code}`;
  return has(key) ? t(key) : t("error.refused", { code });
}

export function kindText(kind: string): string {
  const key = `kind.${kind}`;
  return has(key) ? t(key) : t("kind.other");
}
