/** How long a text is in the unit the channel counts in. Pure. */
export function lengthIn(unit: string, text: string): number {
  if (unit === "bytes") return new TextEncoder().encode(text).length;
  if (unit === "utf16") return text.length;
  return Array.from(text).length;
}
