/** The kinds of channels the server knows, with what each asks and its words. */
import { api } from "../../api.ts";
import { has, kindText, locale, problemText, reasonText, t } from "../../i18n.ts";
import { Problem } from "../../http.ts";
import type { ChannelKind, Reason } from "../../types.ts";

export const WIDGET = "site_widget";

export const loadKinds = async (): Promise<ChannelKind[]> => (await api.channelKinds(locale())).items;

/** A channel's words by key; empty: it has none for it. */
export const said = (kind: ChannelKind | undefined, key: string): string => kind?.texts[key] ?? "";

export const nameOf = (kind: ChannelKind): string => (has(`kind.${kind.kind}`) ? kindText(kind.kind) : said(kind, `name.${kind.kind}`) || kindText(kind.kind));

/** A reason in the words of the product, or of its channel. */
export function reasonOf(kind: ChannelKind | undefined, reason: Reason | null | undefined): string {
  if (!reason) return "";
  const own = has(`reason.${reason.code}`) ? "" : said(kind, `reason.${reason.code}`);
  return own ? (reason.provider ? `${own} «${reason.provider}»` : own) : reasonText(reason);
}

/** Why a step or a form was refused, and at which field. */
export function refusal(kind: ChannelKind, error: unknown): { field: string; text: string } {
  if (!(error instanceof Problem)) return { field: "", text: problemText(error) };
  const field = typeof error.params.field === "string" ? error.params.field : "";
  const own = has(`reason.${error.code}`) ? "" : said(kind, `reason.${error.code}`);
  const provider = own && error.message && error.message !== error.code ? ` «${error.message}»` : "";
  return { field, text: own ? `${own}${provider}` : problemText(error) };
}

export const yesNo = (on: boolean) => t(on ? "common.yes" : "common.no");
