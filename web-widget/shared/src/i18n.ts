/** Words in three languages: typed dictionaries, plural forms by `Intl.PluralRules`, names in braces replaced. */

export type Locale = "ru" | "en" | "es";
export const LOCALES: readonly Locale[] = ["ru", "en", "es"];

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Entry = string | Plural;
export type Dictionary<Base> = { [Key in keyof Base]: Base[Key] extends string ? string : Plural };
export type Params = Record<string, string | number>;
export type Translate<Key extends string> = (key: Key, params?: Params) => string;

/** `ru-RU` → `ru`; what we do not speak falls to `fallback`. */
export function pickLocale(wanted: string | null | undefined, fallback: Locale): Locale {
  const short = (wanted ?? "").toLowerCase().slice(0, 2);
  return LOCALES.find((locale) => locale === short) ?? fallback;
}

const rules = new Map<Locale, Intl.PluralRules>();

export function pluralForm(locale: Locale, forms: Plural, count: number): string {
  let rule = rules.get(locale);
  if (!rule) rules.set(locale, (rule = new Intl.PluralRules(locale)));
  return forms[rule.select(count)] ?? forms.other;
}

export function put(text: string, params: Params | undefined): string {
  return params ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)) : text;
}

/** The words of one language; `n` picks the plural form. */
export function translator<Base extends Record<string, Entry>>(locale: () => Locale, all: Record<Locale, Base>): Translate<keyof Base & string> {
  return (key, params) => {
    const entry: Entry = all[locale()][key] ?? key;
    return put(typeof entry === "string" ? entry : pluralForm(locale(), entry, Number(params?.n ?? 0)), params);
  };
}
