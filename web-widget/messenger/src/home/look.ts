/** What the owner's first page tells, from what is cheap to ask: counters, first pages, small tables. */
import { api } from "../api.ts";
import { loadFailed } from "./Failures.tsx";
import { look as steps } from "../settings/steps.ts";
import { webhooks } from "../settings/webhooks/api.ts";
import { EVERYTHING } from "../state/query.ts";

/** Who has waited so long is overdue. */
export const OVERDUE_MS = 60 * 60_000;
const SHOWN = 5;

/** `many`: so many of what did not go out are shown. */
export async function look(many: number) {
  const [counters, waiting, channels, overview, failed, mail, hooks, setup] = await Promise.all([
    api.counters(), api.conversations({ ...EVERYTHING, view: "unanswered", sort: "waiting" }, {}), api.channels(), api.overview(), loadFailed(many), api.mail(), webhooks.all(), steps(),
  ]);
  const failing = hooks.items.filter((one) => one.off_at !== null || (one.on && one.failing_since !== null) || one.dropped > 0);
  return {
    counters,
    waiting: waiting.items.slice(0, SHOWN),
    channels: channels.items,
    troubled: channels.items.filter((one) => one.active && one.health.status !== "connected"),
    overview,
    failed,
    quarantine: overview.quarantine ?? 0,
    letters: mail.letters.filter((one) => one.status === "undeliverable" || (one.status === "waiting" && one.tries > 0)),
    webhooks: { all: hooks.items.length, failing, waiting: hooks.items.reduce((sum, one) => sum + one.waiting, 0) },
    setup,
  };
}

export type Looked = Awaited<ReturnType<typeof look>>;

/** Whether somebody has waited too long, by the row that waits longest. */
export const isOverdue = (since: string | null | undefined, now: number) => since !== null && since !== undefined && now - Date.parse(since) >= OVERDUE_MS;
