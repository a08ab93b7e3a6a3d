/** Time zones by the names of the database, as the browser knows them. */

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

/** All of them; `chosen` is among them even where the browser does not know it. */
export function zones(chosen: string): string[] {
  const known = new Set(Intl.supportedValuesOf("timeZone"));
  for (const one of ["UTC", ownZone(), chosen]) if (one) known.add(one);
  return [...known].sort();
}

/** `Europe/Moscow` → `Europe/Moscow (GMT+3)`. */
export function zoneName(zone: string, now: Date): string {
  try {
    const part = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(now).find((one) => one.type === "timeZoneName");
    return `${zone.replaceAll("_", " ")} (${part?.value ?? "GMT"})`;
  } catch {
    return zone;
  }
}
