import { For } from "solid-js";
import type { NoticeEvent, NoticeSettings, Wish } from "@kommutator/shared/generated/protocol.ts";
import { t } from "../../i18n.ts";

const EVENTS: readonly NoticeEvent[] = ["mine", "unassigned", "colleagues", "assigned", "mentioned", "overdue", "trouble"];
const MEANS: readonly (keyof Wish)[] = ["sound", "desktop", "push", "letter"];

/** Why something cannot be told by some means; none: it can. */
function never(event: NoticeEvent, by: keyof Wish, letters: boolean): string | null {
  const message = event === "mine" || event === "unassigned" || event === "colleagues";
  if (by === "letter" && message) return t("notify.noLetter");
  if (by === "letter" && !letters) return t("notify.noMail");
  return event === "trouble" && (by === "sound" || by === "desktop") ? t("notify.onlyAway") : null;
}

/** What somebody is told of, by which means. */
export function Matrix(props: { settings: NoticeSettings; letters: boolean; change: (part: Partial<NoticeSettings>) => void }) {
  const put = (event: NoticeEvent, by: keyof Wish, on: boolean) => props.change({ [event]: { ...props.settings[event], [by]: on } });
  return (
    <div class="matrix-frame">
      <table class="matrix">
        <thead><tr><th scope="col">{t("notify.what")}</th><For each={MEANS}>{(by) => <th scope="col">{t(`notify.${by}`)}</th>}</For></tr></thead>
        <tbody>
          <For each={EVENTS}>
            {(event) => (
              <tr>
                <th scope="row">{t(`notify.${event}`)}{event === "trouble" ? <small>{t("notify.trouble.help")}</small> : ""}</th>
                <For each={MEANS}>
                  {(by) => {
                    const why = () => never(event, by, props.letters);
                    return (
                      <td title={why() ?? undefined}>
                        <label><input type="checkbox" disabled={why() !== null} checked={why() === null && props.settings[event][by]} aria-label={[t(`notify.${event}`), t(`notify.${by}`), why()].filter(Boolean).join(": ")} onChange={(change) => put(event, by, change.currentTarget.checked)} /></label>
                      </td>
                    );
                  }}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}
