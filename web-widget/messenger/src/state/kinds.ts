/** The kinds of channels and the CRMs the server knows, with what each asks and its words. */
import { api } from "../api.ts";
import { learn, locale } from "../i18n.ts";
import type { ChannelKind, CrmKind } from "../types.ts";

/** What both say of themselves. */
async function load(): Promise<{ channels: ChannelKind[]; crms: CrmKind[] }> {
  const language = locale();
  const [channels, crms] = await Promise.all([api.channelKinds(language), api.crmKinds(language)]);
  // Another language may have been chosen meanwhile. What both have a word for is the channel's.
  if (language === locale()) learn(Object.assign({}, ...[...crms.items, ...channels.items].map((kind) => kind.texts)) as Record<string, string>);
  return { channels: channels.items, crms: crms.items };
}

export const loadKinds = async (): Promise<ChannelKind[]> => (await load()).channels;
export const loadCrms = async (): Promise<CrmKind[]> => (await load()).crms;
