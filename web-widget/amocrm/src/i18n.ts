/** Words by the language of the person, and what codes of the server come to in them. */
import { putReason } from "../../messenger/src/reasons.ts";
import { type Dictionary, type Entry, type Locale, translator } from "@kommutator/shared/i18n.ts";
import { reasons } from "virtual:reasons";
import { language } from "./amo.ts";
import { NoAnswer } from "./crm.ts";
import { type Reason, Trouble } from "./gateway.ts";
import { en } from "./words/en.ts";
import { es } from "./words/es.ts";
import { ru } from "./words/ru.ts";

const words: Record<Locale, Dictionary<typeof ru>> = { ru, en, es };
export const t = translator<Record<keyof typeof ru, Entry>>(language, words);
const has = (key: string): key is keyof typeof ru => key in ru;

/** A reason in words: the product's own, else what the server said. */
export function reasonText(reason: Reason | null | undefined): string {
  if (!reason) return "";
  const own = `error.${reason.code}`;
  if (has(own)) return t(own);
  const known = reasons[language()][reason.code];
  const words = known ? putReason(known, reason.params ?? undefined) : reason.message || t("error.other", { detail: reason.code });
  return reason.provider ? `${words.replace(/[^.!?…:]$/, "$&.")} «${reason.provider}»` : words;
}

export function troubleText(error: unknown, address: string): string {
  if (error instanceof NoAnswer) return t("error.crm");
  if (!(error instanceof Trouble)) return t("error.server");
  if (error.code === "network") return t("error.network", { address });
  if (error.status === 429) return t("error.busy");
  if (error.status >= 500) return t("error.server");
  return reasonText({ code: error.code, message: error.detail, params: error.params ?? null });
}
