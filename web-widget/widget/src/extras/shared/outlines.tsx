/** The few outlines the rare parts use (Lucide, ISC licence). */
const PATHS = { close: "M18 6 6 18M6 6l12 12", check: "M20 6 9 17l-5-5", file: "M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7ZM14 2v4a2 2 0 0 0 2 2h4" };

export function icon(name: keyof typeof PATHS) {
  const path = PATHS[name];
  return <svg viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg>;
}
