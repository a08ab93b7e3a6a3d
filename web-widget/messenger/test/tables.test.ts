import { describe, expect, it } from "vitest";
import { linesOf } from "../src/settings/audited.ts";
import { dayEnd, dayStart } from "../src/settings/days.ts";
import { titleOf } from "../src/state/title.ts";
import { withMarks } from "../src/ui/marks.ts";

describe("names that a dictionary wants marked", () => {
  const table: [string, string, string][] = [
    ["Instagram", "Instagram,Facebook", "Instagram*"],
    ["Instagram*", "Instagram,Facebook", "Instagram*"],
    ["Instagram Директ и Facebook", "Instagram,Facebook", "Instagram* Директ и Facebook*"],
    ["Instagrammer", "Instagram", "Instagrammer"],
    ["Telegram", "Instagram,Facebook", "Telegram"],
    ["Instagram", "", "Instagram"],
  ];
  for (const [text, names, marked] of table) it(`${text} (${names || "none"})`, () => expect(withMarks(text, names)).toBe(marked));
});

it("calls the window by its page, with how many wait", () => {
  expect(titleOf("Журнал", "Kommutator", 0)).toBe("Журнал · Kommutator");
  expect(titleOf("", "Kommutator", 3)).toBe("(3) Kommutator");
  expect(titleOf("Журнал", "Kommutator", 3)).toBe("(3) Журнал · Kommutator");
});

it("knows where a day of the reader's calendar lies", () => {
  expect(dayStart("2026-03-05")).toBe(new Date(2026, 2, 5).toISOString());
  expect(dayEnd("2026-12-31")).toBe(new Date(2027, 0, 1).toISOString());
  expect(dayStart("")).toBeUndefined();
});

describe("what a line of the log says", () => {
  const table: [unknown, string[]][] = [
    [{ kind: "site_widget", name: "Сайт" }, ["kind: site_widget", "name: Сайт"]],
    [{ old: { name: "Сайт", active: true, look: { side: "left", origins: ["a", "b"] } }, new: { name: "Сайт", active: false, look: { side: "left", origins: ["a"] } } }, ["Сайт", "active: true → false", "look.origins: a, b → a"]],
    [{ old: { name: "А" }, new: { name: "Б", note: "new" } }, ["name: А → Б", "note: — → new"]],
    [{}, ["target-1"]],
    [null, ["target-1"]],
  ];
  for (const [details, lines] of table) it(lines.join("; "), () => expect(linesOf({ details, target: "target-1" })).toEqual(lines));
});
