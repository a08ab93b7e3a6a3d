import { describe, expect, it } from "vitest";
import type { Entry } from "@kommutator/shared/i18n.ts";
import { words as widgetEn } from "../../widget/src/words/en.ts";
import { words as widgetEs } from "../../widget/src/words/es.ts";
import { words as widgetRu } from "../../widget/src/words/ru.ts";
import { en } from "../src/words/en.ts";
import { es } from "../src/words/es.ts";
import { ru } from "../src/words/ru.ts";

const names = (entry: Entry) => [...new Set([...(typeof entry === "string" ? entry : Object.values(entry).join(" ")).matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();

for (const [app, all] of Object.entries({ messenger: { ru, en, es }, widget: { ru: widgetRu, en: widgetEn, es: widgetEs } }) as [string, Record<"ru" | "en" | "es", Record<string, Entry>>][]) {
  describe(app, () => {
    for (const locale of ["ru", "en", "es"] as const) {
      it(`${locale} has every word, with the same names in it`, () => {
        expect(Object.keys(all[locale]).sort()).toEqual(Object.keys(all.ru).sort());
        for (const [key, entry] of Object.entries(all[locale])) {
          expect(names(entry), key).toEqual(names(all.ru[key]!));
          // A footnote stands only where the law of the language's land wants it.
          if (!/^(message\.by|footnote)\./.test(key)) expect(typeof entry === "string" ? entry : entry.other, key).not.toBe("");
        }
      });
      it(`${locale} has every plural form of its language`, () => {
        const forms = new Intl.PluralRules(locale).resolvedOptions().pluralCategories.sort();
        for (const [key, entry] of Object.entries(all[locale])) if (typeof entry !== "string") expect(Object.keys(entry).sort(), key).toEqual(forms);
      });
    }
    it("does not leave Russian in the other languages", () => {
      for (const locale of ["en", "es"] as const) for (const [key, entry] of Object.entries(all[locale])) expect(JSON.stringify(entry), key).not.toMatch(/[а-яё]/i);
    });
  });
}
