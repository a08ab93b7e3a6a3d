import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { plain } from "../src/amo.ts";
import { contact } from "../src/crm.ts";
import { isKey, read, type Target, whom } from "../src/gateway.ts";
import { brightness } from "../src/theme.ts";
import { en } from "../src/words/en.ts";
import { es } from "../src/words/es.ts";
import { ru } from "../src/words/ru.ts";
import { LOGOS, logo } from "../logo.mjs";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it("reads an address however it was typed, and none a page may not call", () => {
  expect(read(" chat.example.com/ ")).toBe("https://chat.example.com");
  expect(read("https://example.com/kommutator//")).toBe("https://example.com/kommutator");
  expect(read("http://127.0.0.1:8080")).toBe("http://127.0.0.1:8080");
  for (const typed of ["", "http://chat.example.com", "ftp://chat.example.com", "javascript:alert(1)", "https://"]) expect(read(typed), typed).toBeNull();
});

it("knows a key", () => {
  expect(isKey(" 0123456789ABCDEF0123456789abcdef ")).toBe(true);
  for (const typed of ["", "0123456789abcdef", `${"0".repeat(31)}g`, "0".repeat(33)]) expect(isKey(typed), typed).toBe(false);
});

it("finds by what a contact can be written to, in fields of any account", () => {
  const found = contact({
    id: 7,
    name: "Анна",
    custom_fields_values: [
      { field_code: "PHONE", field_type: "multitext", values: [{ value: "+7 999 888-77-66" }, { value: "" }] },
      { field_code: "EMAIL", field_type: "multitext", values: [{ value: "anna@example.com" }] },
      { field_code: null, field_type: "url", values: [{ value: "https://vk.com/anna" }] },
      { field_code: null, field_type: "text", values: [{ value: "t.me/anna" }, { value: "@anna_k" }, { value: "любит чай" }] },
      { field_code: "POSITION", field_type: "text", values: [{ value: "Директор" }] },
    ],
  });
  expect(found).toEqual({ id: "7", name: "Анна", phones: ["+7 999 888-77-66"], emails: ["anna@example.com"], links: ["https://vk.com/anna", "t.me/anna", "@anna_k"] });
  expect(contact({ id: 8, name: null, custom_fields_values: null })).toEqual({ id: "8", name: "", phones: [], emails: [], links: [] });
});

it("names a conversation, or an account and an address", () => {
  const target: Target = { contact: "7", account: { id: "a", kind: "telegram", name: "Бот" }, address: "t.me/anna", title: "Анна", what: "compose", can: true };
  const user = { id: "1", name: "Борис" };
  expect(whom(target, "x", user, "5")).toEqual({ id: "x", user, deal: "5", contact: "7", account: "a", address: "t.me/anna" });
  expect(whom({ ...target, contact: "", conversation: "k" }, "x", user, undefined)).toEqual({ id: "x", user, conversation: "k" });
});

it("leaves no sign of HTML in a notice", () => {
  expect(plain(`<b onclick="x('&')">`)).toBe("‹b onclick=”x(’＆’)”›");
});

it("sees how bright a colour is, and when there is none", () => {
  expect(brightness("rgb(255, 255, 255)")).toBeCloseTo(1);
  expect(brightness("rgb(31, 38, 46)")).toBeLessThan(0.35);
  expect(brightness("rgba(0, 0, 0, 0)")).toBeNull();
  expect(brightness("transparent")).toBeNull();
});

it("has its words in three languages, what stands in braces in all of them", () => {
  const braces = (entry: unknown) => [...new Set(JSON.stringify(entry).match(/\{\w+\}/g))].sort();
  for (const other of [en, es]) {
    expect(Object.keys(other)).toEqual(Object.keys(ru));
    for (const [key, entry] of Object.entries(other)) expect(braces(entry), key).toEqual(braces(ru[key as keyof typeof ru]));
  }
  const files = readdirSync(at("../i18n")).map((name) => JSON.parse(readFileSync(at(`../i18n/${name}`), "utf8")) as Record<string, Record<string, string>>);
  expect(files).toHaveLength(3);
  for (const file of files) expect(Object.entries(file).map(([part, words]) => [part, Object.keys(words)])).toEqual(Object.entries(files[0]!).map(([part, words]) => [part, Object.keys(words)]));
});

it("draws a logo of the size that is asked, the same each time", () => {
  const [width, height] = LOGOS["logo.png"]!;
  const png = logo(width, height);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([130, 100]);
  expect(png.equals(logo(width, height))).toBe(true);
});
