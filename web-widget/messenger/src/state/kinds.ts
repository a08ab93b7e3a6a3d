/** The kinds of channels the server knows, with what each asks and its words. */
import { api } from "../api.ts";
import { learn, locale } from "../i18n.ts";
import type { ChannelKind } from "../types.ts";

export async function loadKinds(): Promise<ChannelKind[]> {
  const language = locale();
  const { items } = await api.channelKinds(language);
  // Another language may have been chosen meanwhile.
  if (language === locale()) learn(Object.assign({}, ...items.map((kind) => kind.texts)) as Record<string, string>);
  return items;
}
