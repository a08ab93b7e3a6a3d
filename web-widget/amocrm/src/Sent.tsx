import { For, Show } from "solid-js";
import type { Reason } from "./gateway.ts";
import type { Ground } from "./ground.ts";
import { reasonText, t } from "./i18n.ts";

export type SentOne = { message: string; text: string; state: string; reason?: Reason | null | undefined };

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
const STATES = ["queued", "sent", "delivered", "read", "failed", "unknown"] as const;
const stateOf = (state: string) => STATES.find((one) => one === state) ?? "queued";
/** Nothing more comes of it. */
const over = (state: string) => state === "read" || state === "failed";

/** Asks what became of a message, ever more seldom, until nothing more can come. */
export function follow(ground: Ground, message: string, signal: AbortSignal, tell: (now: { state: string; reason: Reason | null }) => void): void {
  const again = (ms: number) => {
    const timer = setTimeout(() => void ask(ms), ms);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  };
  const ask = async (ms: number) => {
    const now = await ground.gateway.message(message).catch(() => null);
    if (signal.aborted) return;
    if (now) tell({ state: now.state, reason: now.reason ?? null });
    if (!now || !over(now.state)) again(Math.min(ms * 1.5, LONGEST_MS));
  };
  again(FIRST_MS);
}

/** What was sent from here, and how far it came. */
export function SentList(props: { of: readonly SentOne[] }) {
  return (
    <Show when={props.of.length > 0}>
      <ul class="k-sent" aria-label={t("talk.sent")} aria-live="polite">
        <For each={props.of}>
          {(one) => (
            <li classList={{ bad: one.state === "failed" }}>
              <span class="k-text">{one.text}</span>
              <span class="k-state">{t(`state.${stateOf(one.state)}`)}</span>
              <Show when={reasonText(one.reason)}>{(why) => <span class="k-why">{why()}</span>}</Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
