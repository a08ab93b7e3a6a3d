/** The colour of text on an accent somebody chose: white where it can be read, else black, which then always can. Pure. */

function channel(hex: string, at: number): number {
  const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

export function luminance(hex: string): number {
  return 0.2126 * channel(hex, 1) + 0.7152 * channel(hex, 3) + 0.0722 * channel(hex, 5);
}

export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** What is no `#rrggbb` is not let near a style. */
export function accentOr(fallback: string, accent: string | null | undefined): string {
  return accent && /^#[0-9a-f]{6}$/i.test(accent) ? accent : fallback;
}

export function textOn(accent: string): string {
  return contrast(accent, "#ffffff") >= 4.5 ? "#ffffff" : "#000000";
}
