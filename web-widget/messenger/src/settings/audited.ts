/** What a line of the log says of its deed: what changed, or what there was to say. */
import type { AuditEntry } from "../types.ts";

/** Each leaf with the way to it: `settings.title`. */
function leaves(value: unknown, way: string, into: Map<string, string>): void {
  if (value === null || value === undefined || value === "") return;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) {
    if (value.length > 0) into.set(way, value.join(", "));
  } else if (typeof value === "object") {
    for (const [name, one] of Object.entries(value)) leaves(one, way ? `${way}.${name}` : name, into);
  } else into.set(way, typeof value === "string" ? value : JSON.stringify(value));
}

const mapOf = (value: unknown) => {
  const into = new Map<string, string>();
  leaves(value, "", into);
  return into;
};

export function linesOf(entry: Pick<AuditEntry, "details" | "target">): string[] {
  const details = entry.details;
  if (details !== null && typeof details === "object" && "old" in details && "new" in details) {
    const [before, after] = [mapOf(details.old), mapOf(details.new)];
    const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
    // What it is called stands first: the rest says what changed.
    const name = after.get("name") ?? before.get("name");
    return [...(name !== undefined && !names.includes("name") ? [name] : []), ...names.map((one) => `${one}: ${before.get(one) ?? "—"} → ${after.get(one) ?? "—"}`)];
  }
  const said = [...mapOf(details)].map(([name, value]) => (name ? `${name}: ${value}` : value));
  return said.length > 0 ? said : [...mapOf(entry.target).values()];
}
