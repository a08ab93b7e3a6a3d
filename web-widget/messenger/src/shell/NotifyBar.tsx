import { Show } from "solid-js";
import { t } from "../i18n.ts";
import { askPermission, permission, setWishes, supported, wishes } from "../state/notify.ts";
import { Icon } from "../ui/Icon.tsx";

/** Says once that new messages would go unnoticed, and mends it by a click. */
export function NotifyBar() {
  return (
    <Show when={supported && wishes().desktop && !wishes().asked && permission() === "default"}>
      <div class="notify-bar" role="status">
        <Icon name="sound" small />
        <span>{t("notify.bar")}</span>
        <button type="button" onClick={() => void askPermission()}>{t("notify.allow")}</button>
        <button type="button" class="ghost" aria-label={t("common.close")} onClick={() => setWishes({ asked: true })}><Icon name="close" small /></button>
      </div>
    </Show>
  );
}
