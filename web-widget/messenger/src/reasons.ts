/** Words of reasons: what a parameter tells stands in parentheses, and falls away where the parameter is not known. */
import { type Params, put } from "@kommutator/shared/i18n.ts";

export function putReason(text: string, params: Params | undefined): string {
  return put(text, params).replace(/ ?\([^()]*\{\w+\}[^()]*\)/g, "");
}
