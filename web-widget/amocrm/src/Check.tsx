import { createEffect, createSignal, Match, on, Switch } from "solid-js";
import type { Widget } from "./amo.ts";
import { isKey, read } from "./gateway.ts";
import { at } from "./ground.ts";
import { t, troubleText } from "./i18n.ts";
import { dark } from "./theme.ts";

type Said = { well: boolean; text: string };

/** What is wrong with what was typed, if anything is. */
export function wrong(address: string, key: string): string {
  if (!address.trim()) return t("check.noAddress");
  if (read(address) === null) return t("check.badAddress");
  if (!key.trim()) return t("check.noKey");
  return isKey(key) ? "" : t("check.badKey");
}

/** Below amoCRM's own fields: whether address and key are right, and how to mend it (H-AMO-10). */
export function Check(props: { self: Widget; typed: () => { address: string; key: string }; refused: () => number }) {
  const [busy, setBusy] = createSignal(false);
  const [said, setSaid] = createSignal<Said | null>(null);
  const check = async () => {
    const { address, key } = props.typed();
    const trouble = wrong(address, key);
    if (trouble) return setSaid({ well: false, text: trouble });
    setBusy(true);
    setSaid(null);
    const ground = at(read(address) ?? "", key.trim().toLowerCase(), props.self);
    try {
      const { name, on, health } = await ground.hello();
      if (!on) setSaid({ well: false, text: t("check.ok.off", { name }) });
      else if (health.status === "access_lost") setSaid({ well: false, text: t("check.ok.lost", { name }) });
      else setSaid({ well: true, text: t("check.ok", { name }) });
    } catch (error) {
      setSaid({ well: false, text: troubleText(error, ground.gateway.address) });
    }
    return setBusy(false);
  };
  createEffect(on(() => props.refused(), () => void check(), { defer: true }));
  return (
    <div class="kommutator kommutator-check" classList={{ dark: dark() }}>
      <p class="k-calm">{t("check.where")}</p>
      <button type="button" class="k-button" disabled={busy()} onClick={() => void check()}>{busy() ? t("check.checking") : t("check.button")}</button>
      <div role="status">
        <Switch>
          <Match when={said()?.well}><p class="k-done">{said()?.text}</p></Match>
          <Match when={said()}>{(now) => <p class="k-alert">{now().text}</p>}</Match>
        </Switch>
      </div>
    </div>
  );
}
