/** Light or dark as amoCRM is around us: nobody says how it marks its themes, so what stands behind is looked at. */
import { createSignal } from "solid-js";

const DARK = 0.35;

/** How bright a colour as computed is, 0 to 1; `null` when one sees through it. */
export function brightness(colour: string): number | null {
  const [r = 0, g = 0, b = 0, a = 1] = (/rgba?\(([^)]+)\)/.exec(colour)?.[1] ?? "").split(/[\s,/]+/).filter(Boolean).map(Number);
  if (!colour.startsWith("rgb") || a < 0.5) return null;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

function isDark(from: Element | null): boolean {
  for (let place = from; place; place = place.parentElement) {
    const bright = brightness(getComputedStyle(place).backgroundColor);
    if (bright !== null) return bright < DARK;
  }
  return false;
}

const [dark, set] = createSignal(false);
export { dark };

let place: Element | null = null;
const look = () => set(isDark(place?.isConnected ? place : document.body));
let watching = false;

/** Looks anew, and again whenever the page changes its clothes. */
export function watch(around?: Element | null): void {
  place = around ?? place;
  look();
  if (watching) return;
  watching = true;
  const changes = new MutationObserver(look);
  for (const one of [document.documentElement, document.body]) changes.observe(one, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
}
