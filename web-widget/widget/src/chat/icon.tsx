/** Outlines from Lucide (ISC licence). */
const PATHS = {
  close: "M18 6 6 18M6 6l12 12",
  clip: "M13.234 20.252 21 12.3M16 6l-8.414 8.586a2 2 0 0 0 0 2.828 2 2 0 0 0 2.828 0l8.414-8.586a4 4 0 0 0 0-5.656 4 4 0 0 0-5.656 0l-8.415 8.585a6 6 0 1 0 8.486 8.486",
  send: "m5 12 7-7 7 7M12 19V5",
  clock: "M12 6v6l4 2M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
  check: "M20 6 9 17l-5-5",
  checks: "M18 6 7 17l-5-5M22 10l-7.5 7.5L13 16",
  alert: "M12 8v4M12 16h.01M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
  file: "M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7ZM14 2v4a2 2 0 0 0 2 2h4",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName) {
  const path = PATHS[name];
  return <svg viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg>;
}
