/** The words of a kind of channel. */
import { problemText, t } from "../../i18n.ts";
import { Problem } from "../../http.ts";
import type { Spoken } from "../../types.ts";

export const WIDGET = "site_widget";

/** A channel's or a CRM's words by key; empty: it has none for it. */
export const said = (kind: Spoken | undefined, key: string): string => kind?.texts[key] ?? "";

/** Why a step or a form was refused, and at which field. */
export function refusal(error: unknown): { field: string; text: string } {
  const field = error instanceof Problem && typeof error.params.field === "string" ? error.params.field : "";
  return { field, text: problemText(error) };
}

export const yesNo = (on: boolean) => t(on ? "common.yes" : "common.no");
