/** When an invitation fits. Pure. */
import type { Rule } from "@kommutator/shared/generated/protocol.ts";

export type Moment = { seconds: number; address: string; scroll: number; leaving: boolean; now: number };

/** Contains, or, with a star in it, is of this form. */
export function addressFits(pattern: string, address: string): boolean {
  if (!pattern.includes("*")) return address.includes(pattern);
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^(?:https?://)?${parts.join(".*")}$`).test(address);
}

/** `shown`: when it was shown last, ms; none: never. */
export function fits(rule: Rule, at: Moment, shown: number | undefined): boolean {
  const again = shown === undefined || (rule.again_hours !== undefined && rule.again_hours !== null && at.now - shown >= rule.again_hours * 3_600_000);
  return (
    again &&
    at.seconds >= (rule.seconds ?? 0) &&
    at.scroll >= (rule.scroll ?? 0) &&
    (at.leaving || !rule.leaving) &&
    addressFits(rule.address, at.address)
  );
}
