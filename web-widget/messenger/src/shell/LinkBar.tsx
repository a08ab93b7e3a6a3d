import { createEffect, createSignal, on, onCleanup, Show } from "solid-js";
import { time } from "@kommutator/shared/format.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { Icon } from "../ui/Icon.tsx";

/** A short gap is not worth a word. */
const PATIENCE_MS = 1_500;

export function LinkBar() {
  const desk = useDesk();
  const [late, setLate] = createSignal(false);
  const up = () => desk.status().kind === "ready";
  createEffect(on(up, (ready) => {
    setLate(false);
    if (ready) return;
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    onCleanup(() => clearTimeout(timer));
  }));
  const text = () => {
    const status = desk.status();
    if (status.kind === "stopped") {
      const known: Record<number, WordKey> = { 4400: "link.4400", 4403: "link.4403", 4429: "link.4429" };
      return t(known[status.code] ?? "link.stopped");
    }
    const at = desk.contact();
    return at === null ? t("link.offlineNever") : t("link.offline", { time: time(locale(), at) });
  };
  const waiting = () => desk.outbox().filter((entry) => entry.failed === undefined).length;
  return (
    <div role="status">
      <Show when={!up() && (late() || desk.status().kind === "stopped")}>
        <div class="linkbar" classList={{ bad: desk.status().kind === "stopped" }}>
          <Icon name="offline" small />
          <span>{text()} <Show when={waiting() > 0}>{t("link.queued", { n: waiting() })}</Show></span>
          <button type="button" onClick={() => desk.connect()}>{t("link.retry")}</button>
        </div>
      </Show>
    </div>
  );
}
