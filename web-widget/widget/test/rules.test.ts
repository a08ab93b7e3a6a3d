import { expect, it } from "vitest";
import type { Rule } from "@kommutator/shared/generated/protocol.ts";
import { addressFits, fits, type Moment } from "../src/extras/rules.ts";

it.each([
  ["", "https://shop.example/", true],
  ["/catalog", "https://shop.example/catalog/5", true],
  ["/catalog", "https://shop.example/about", false],
  ["shop.example/catalog/*", "https://shop.example/catalog/5?x=1", true],
  ["https://shop.example/*/5", "https://shop.example/catalog/5", true],
  ["shop.example/catalog/*", "https://shop.example/about?to=shop.example/catalog/", false],
  ["shop.example/a.b*", "https://shop.example/axb", false],
  ["*.(+", "https://shop.example/.(+", true],
])("the address %s fits %s: %s", (pattern, address, wanted) => expect(addressFits(pattern, address)).toBe(wanted));

const HOUR = 3_600_000;
const at = (part: Partial<Moment>): Moment => ({ seconds: 0, address: "https://shop.example/", scroll: 0, leaving: false, now: 100 * HOUR, ...part });
const rule = (part: Partial<Rule>): Rule => ({ id: "a", address: "", leaving: false, ...part });

it.each([
  ["too early", rule({ seconds: 30 }), at({ seconds: 29 }), undefined, false],
  ["in time", rule({ seconds: 30 }), at({ seconds: 30 }), undefined, true],
  ["not far enough", rule({ scroll: 50 }), at({ scroll: 49 }), undefined, false],
  ["far enough", rule({ scroll: 50 }), at({ scroll: 50 }), undefined, true],
  ["stays", rule({ leaving: true }), at({}), undefined, false],
  ["leaves", rule({ leaving: true }), at({ leaving: true }), undefined, true],
  ["one of two", rule({ seconds: 5, leaving: true }), at({ seconds: 9 }), undefined, false],
  ["on another page", rule({ seconds: 0, address: "/cart" }), at({}), undefined, false],
  ["shown once", rule({ seconds: 0 }), at({}), HOUR, false],
  ["shown lately", rule({ seconds: 0, again_hours: 24 }), at({}), 77 * HOUR, false],
  ["shown long ago", rule({ seconds: 0, again_hours: 24 }), at({}), 76 * HOUR, true],
] as const)("%s", (_, one, moment, shown, wanted) => expect(fits(one, moment, shown)).toBe(wanted));
