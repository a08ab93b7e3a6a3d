/** The messenger's language and how codes of the server become words. */
import { createSignal } from "solid-js";
import type { Reason } from "@kommutator/shared/generated/protocol.ts";
import { size } from "@kommutator/shared/format.ts";
import { type Dictionary, type Entry, type Locale, type Params, pickLocale, translator } from "@kommutator/shared/i18n.ts";
import { Problem } from "./http.ts";
import { putReason } from "./reasons.ts";
import { ru } from "./words/ru.ts";

export type Words = Dictionary<typeof ru>;
export type WordKey = keyof typeof ru;
/** Russian is there at once; the others come when somebody reads them. */
const words: Record<Locale, Words> = { ru, en: ru, es: ru };
const others: Record<Exclude<Locale, "ru">, () => Promise<Words>> = {
  en: () => import("./words/en.ts").then((file) => file.en),
  es: () => import("./words/es.ts").then((file) => file.es),
};

const STORE = "kommutator.locale";
export const remembered = (): Locale => pickLocale(localStorage.getItem(STORE), "ru");
const [locale, change] = createSignal<Locale>("ru");
export { locale };

/** Settles once the words are there. If they cannot be had now, the language stays what it was. */
export async function setLocale(wanted: string): Promise<void> {
  const next = pickLocale(wanted, "ru");
  localStorage.setItem(STORE, next);
  if (next !== "ru" && words[next] === ru) {
    try {
      words[next] = await others[next]();
    } catch {
      return;
    }
  }
  if (remembered() !== next) return; // Another was chosen meanwhile.
  document.documentElement.lang = next;
  document.querySelector("link[rel=manifest]")?.setAttribute("href", `/app-${next}.webmanifest`);
  change(next);
}

export const t = translator<Record<WordKey, Entry>>(locale, words);

/** Whether there are words for a key that was put together from a code of the server. */
export function has(key: string): key is WordKey {
  return key in ru;
}

/** What channels say of themselves in the reader's language, by key: their names, and the words for codes that only they know. */
const [ofChannels, learn] = createSignal<Readonly<Record<string, string>> | null>(null);
export { learn };

/** The words of a code, if there are any. */
function codeText(code: string, params: Params | undefined): string | null {
  const key = `reason.${code}`;
  const words = has(key) ? t(key) : ofChannels()?.[key];
  if (words === undefined) return null;
  const shown = code === "file_too_large" && params?.limit !== undefined ? { ...params, limit: size(locale(), Number(params.limit)) } : params;
  return putReason(words, shown);
}

/** A reason in words; the provider's own words beside it. */
export function reasonText(reason: Reason | null | undefined): string {
  if (!reason) return "";
  const text = codeText(reason.code, reason.params) ?? t("reason.other", { code: reason.code });
  return reason.provider ? `${text.replace(/[^.!?…:]$/, "$&.")} «${reason.provider}»` : text;
}

export function problemText(error: unknown): string {
  if (!(error instanceof Problem)) return t("error.server");
  if (error.status === 0) return t("error.network");
  if (error.status === 429) return t("error.tooMany");
  const text = codeText(error.code, error.params);
  if (text !== null) return text;
  if (error.status === 401) return t("error.session");
  if (error.status === 403) return t("error.denied");
  if (error.status === 404) return t("error.missing");
  if (error.status === 409 || error.status === 412) return t("error.conflict");
  if (error.status === 413) return t("error.tooLarge");
  if (error.status < 500) return t("error.invalid", { detail: error.detail || error.code });
  return t("error.server");
}

/** Why a message of ours was refused. */
export function refusalText(code: string): string {
  return codeText(code, undefined) ?? t("error.refused", { code });
}

/** A channel's name. One that this version of the server does not know is called as it is written. */
export function kindText(kind: string): string {
  const known = ofChannels();
  return known === null ? t("kind.other") : (known[`name.${kind}`] ?? kind);
}

/** A conversation's name; a name of nothing but blanks is none. */
export const titleOf = (title: string | undefined): string => title?.trim() || t("list.noName");
