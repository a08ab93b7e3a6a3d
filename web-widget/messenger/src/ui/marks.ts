/** Marks after names, as a dictionary asks for it. */
export const pattern = (names: string) => {
  const all = names.split(",").map((name) => name.trim()).filter(Boolean);
  return all.length === 0 ? null : new RegExp(`\\b(${all.join("|")})\\b\\*?`, "g");
};

/** The text with `*` after each of these names, once. */
export function withMarks(text: string, names: string): string {
  const found = pattern(names);
  return found ? text.replace(found, "$1*") : text;
}

