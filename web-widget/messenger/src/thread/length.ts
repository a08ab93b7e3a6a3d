/** How long a text is in the unit the channel counts in. Pure. */
const letters = "Segmenter" in Intl ? new Intl.Segmenter() : null;

export function lengthIn(unit: string, text: string): number {
  if (unit === "bytes") return new TextEncoder().encode(text).length;
  if (unit === "utf16") return text.length;
  // What a person sees as one sign, as the server counts; an old browser counts a few more.
  return letters ? Array.from(letters.segment(text)).length : Array.from(text).length;
}
