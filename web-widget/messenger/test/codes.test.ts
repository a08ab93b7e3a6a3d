import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CODES } from "@kommutator/shared/codes.ts";
import { putReason } from "../src/reasons.ts";
import { en } from "../src/words/en.ts";
import { es } from "../src/words/es.ts";
import { ru } from "../src/words/ru.ts";

const source = fileURLToPath(new URL("../../../src/", import.meta.url));

/** Where the server's sources name a code for people. */
const PLACES: [RegExp, string][] = [
  [/(?:refused|Reason::new|NotAllowed)\(\s*"(\w+)"/g, ""],
  [/Act::\w+\(\s*"(\w+)"/g, ""],
  [/(?:bad_request|forbidden|try_again)\(\s*"(\w+)"/g, ""],
  [/(?:Problem|Self)::new\(\s*[\w:]*StatusCode::\w+,\s*"(\w+)"/g, ""],
  [/Outcome::refuse\(\s*close::\w+,\s*"(\w+)"/g, ""],
  [/error_frame\(\s*"(\w+)"/g, ""],
  [/\b(?:Wrong|WrongSetting) \{[^}]*code: "(\w+)"/g, ""],
  [/\bwrong\((?:"\w+", )?"([a-z]+_\w+|required)"\)/g, ""],
  [/(?:Problem|Self)::unknown\(\s*"(\w+)"/g, "unknown_"],
  [/\bAct::(?:Fail|Later|Unreachable|Closed|NewToken)\(\s*"(\w+)"/g, ""],
  [/AdministrationError::Unknown\(\s*"(\w+)"/g, "unknown_"],
];

/** The codes in the sources, without what is said of the configuration (to the operator, in English), without what follows `#[cfg(test)]` and without the channel of the tests, which is in no release. */
function codesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rs") && !/tests?\.rs$/.test(name) && !/^(channel\/probe|config)\//.test(name))
    .flatMap((name) => {
      const text = readFileSync(folder + name, "utf8").split("#[cfg(test)]")[0] ?? "";
      const own = wordsOfFolder(folder, name);
      return PLACES.flatMap(([place, before]) => [...text.matchAll(place)].map((match) => before + (match[1] ?? ""))).filter((code) => !own.has(code));
    });
}

/** The codes a channel or a CRM has words of its own for: they stand in its folder, in each language. */
function wordsOfFolder(folder: string, name: string): Set<string> {
  const [, own] = /^((?:channel|crm)\/\w+)\//.exec(name) ?? [];
  const texts = own ? `${folder}${own}/texts` : "";
  if (!existsSync(texts)) return new Set();
  const codes = readdirSync(texts).map((file) => Object.keys(JSON.parse(readFileSync(`${texts}/${file}`, "utf8")) as object).filter((key) => key.startsWith("reason.")));
  return new Set((codes[0] ?? []).filter((key) => codes.every((keys) => keys.includes(key))).map((key) => key.slice("reason.".length)));
}

describe("codes of the server", () => {
  it("are all in the list, which is sorted", () => {
    expect([...CODES]).toEqual([...new Set(CODES)].sort());
    const found = new Set(codesOf(source));
    expect(found.size).toBeGreaterThan(60);
    expect([...found].filter((code) => !(CODES as readonly string[]).includes(code))).toEqual([]);
  });
  for (const [locale, words] of Object.entries({ ru, en, es })) {
    it(`have words in ${locale}, and there are no others`, () => {
      const said = Object.keys(words).filter((key) => key.startsWith("reason.") && key !== "reason.other");
      expect(said.map((key) => key.slice("reason.".length)).sort()).toEqual([...CODES]);
    });
    it(`can be said in ${locale} without their parameters`, () => {
      for (const [key, text] of Object.entries(words)) if (key.startsWith("reason.") && key !== "reason.other") expect(putReason(typeof text === "string" ? text : text.other, {}), key).not.toMatch(/[{}]|\s[.)]|\(/);
    });
  }
});

it("puts parameters in, or leaves out the remark that needs them", () => {
  const text = "Too long (at most {limit}).";
  expect(putReason(text, { limit: "40" })).toBe("Too long (at most 40).");
  expect(putReason(text, {})).toBe("Too long.");
});
