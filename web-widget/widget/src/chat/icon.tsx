/** Outlines from Lucide (ISC licence). */
const RING = "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0";
const BELL = "M10 21a2 2 0 0 0 4 0M6 8a6 6 0 0 1 12 0q0 6 3 9H3q3-3 3-9";
const PATHS = {
  close: "M18 6 6 18M6 6l12 12",
  clip: "m21 12-8.5 8.5a6 6 0 0 1-8.5-8.5l9-9a4 4 0 0 1 5.7 5.7l-9 9a2 2 0 0 1-2.8-2.8l8-8",
  send: "m5 12 7-7 7 7M12 19V5",
  clock: `M12 6v6l4 2${RING}`,
  check: "M20 6 9 17l-5-5",
  checks: "M18 6 7 17l-5-5M22 10l-7.5 7.5L13 16",
  alert: `M12 8v4M12 16h.01${RING}`,
  bell: BELL,
  off: `${BELL}M3 3l18 18`,
  smile: `M8 14q4 4 8 0M9 9h.01M15 9h.01${RING}`,
  mic: "M12 18v4M5 11v1a7 7 0 0 0 14 0v-1M9 5v7a3 3 0 0 0 6 0V5a3 3 0 0 0-6 0",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName) {
  const path = PATHS[name];
  return <svg viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg>;
}
