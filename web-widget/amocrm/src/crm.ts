/** Who stands in a card: asked of amoCRM itself, as the person whose browser it is. */
import { word } from "./amo.ts";

export type Contact = { id: string; name: string; phones: string[]; emails: string[]; links: string[] };
type Value = { value?: unknown };
type Field = { field_code?: string | null; field_type?: string; values?: Value[] };
type Raw = { id?: number; name?: string | null; custom_fields_values?: Field[] | null; _embedded?: { contacts?: { id?: number; is_main?: boolean }[]; companies?: { id?: number }[] } };

const PATIENCE_MS = 15_000;
/** As many as amoCRM gives at once. */
const PAGE = 250;
/** So many calls at once, where a list could not be had: amoCRM takes seven a second. */
const SIDE_BY_SIDE = 3;

export class NoAnswer extends Error {}

const LINK = /^(https?:\/\/|(www\.)?(t\.me|telegram\.me|vk\.com|vk\.ru|instagram\.com|wa\.me)\/|@\w)/i;

/** What of a contact somebody can be written to by. */
export function contact(raw: Raw): Contact {
  const found: Contact = { id: word(raw.id), name: word(raw.name), phones: [], emails: [], links: [] };
  for (const field of raw.custom_fields_values ?? []) {
    const values = (field.values ?? []).map((one) => word(one.value)).filter(Boolean);
    if (field.field_code === "PHONE") found.phones.push(...values);
    else if (field.field_code === "EMAIL") found.emails.push(...values);
    else found.links.push(...values.filter((value) => field.field_type === "url" || LINK.test(value)));
  }
  return found;
}

async function ask(path: string): Promise<unknown> {
  const answer = await fetch(path, { credentials: "same-origin", headers: { "x-requested-with": "XMLHttpRequest" }, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  if (!answer || (!answer.ok && answer.status !== 404)) throw new NoAnswer();
  if (answer.status === 204 || answer.status === 404) return null;
  return answer.json().catch(() => {
    throw new NoAnswer();
  });
}

const one = async (id: string) => {
  const raw = (await ask(`/api/v4/contacts/${encodeURIComponent(id)}`)) as Raw | null;
  return raw ? contact(raw) : null;
};

/** Contacts by their ids, in that order. Whoever is gone is left out. */
export async function contacts(ids: readonly string[]): Promise<Contact[]> {
  const known = new Map<string, Contact>();
  if (ids.length > 1) {
    for (let at = 0; at < ids.length; at += PAGE) {
      const query = new URLSearchParams([...ids.slice(at, at + PAGE).map((id) => ["filter[id][]", id]), ["limit", String(PAGE)]]);
      const page = (await ask(`/api/v4/contacts?${query.toString()}`)) as { _embedded?: { contacts?: Raw[] } } | null;
      for (const raw of page?._embedded?.contacts ?? []) known.set(word(raw.id), contact(raw));
    }
  }
  // Where the tariff has no filters, amoCRM passes over them without a word and gives others.
  const missing = ids.filter((id) => !known.has(id));
  const next = missing.values();
  const work = async () => {
    for (const id of next) {
      const found = await one(id);
      if (found) known.set(id, found);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return ids.flatMap((id) => known.get(id) ?? []);
}

const deal = async (id: string) => ((await ask(`/api/v4/leads/${encodeURIComponent(id)}?with=contacts`)) as Raw | null)?._embedded;

function people(of: Raw["_embedded"]): Promise<Contact[]> {
  const linked = [...(of?.contacts ?? [])].sort((a, b) => Number(b.is_main ?? false) - Number(a.is_main ?? false));
  return contacts(linked.map((each) => word(each.id)).filter(Boolean));
}

/** Whom a deal is with, the main contact first. */
export const ofDeal = async (id: string): Promise<Contact[]> => people(await deal(id));

/** One number is written in many ways. */
const number = (phone: string) => phone.replace(/\D/g, "").slice(-10);

/** The same, and behind them the deal's company, by the numbers none of them has: whoever is written to there has no contact yet, and so no id (H-AMO-38). */
export async function atDeal(id: string): Promise<Contact[]> {
  const of = await deal(id);
  const company = word(of?.companies?.[0]?.id);
  const [own, raw] = await Promise.all([people(of), company ? (ask(`/api/v4/companies/${encodeURIComponent(company)}`) as Promise<Raw | null>) : null]);
  const known = new Set(own.flatMap((one) => one.phones.map(number)));
  const phones = raw ? contact(raw).phones.filter((phone) => !known.has(number(phone))) : [];
  return phones.length > 0 ? [...own, { id: "", name: word(raw?.name), phones, emails: [], links: [] }] : own;
}
