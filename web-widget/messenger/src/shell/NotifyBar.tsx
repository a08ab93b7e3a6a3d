import { createSignal, Show } from "solid-js";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { askPermission, permission, supported } from "../state/notify.ts";
import { Icon } from "../ui/Icon.tsx";

const STORE = "kommutator.notify.asked";

/** Says once that new messages would go unnoticed, and mends it by a click. */
export function NotifyBar() {
  const desk = useDesk();
  const [asked, setAsked] = createSignal(localStorage.getItem(STORE) !== null);
  const wanted = () => Object.values(desk.noticeSettings() ?? {}).some((wish: unknown) => typeof wish === "object" && wish !== null && (wish as { desktop?: boolean }).desktop);
  const close = () => {
    localStorage.setItem(STORE, "1");
    setAsked(true);
  };
  return (
    <Show when={supported && wanted() && !asked() && permission() === "default"}>
      <div class="notify-bar" role="status">
        <Icon name="sound" small />
        <span>{t("notify.bar")}</span>
        <button type="button" onClick={() => void askPermission()}>{t("notify.allow")}</button>
        <button type="button" class="ghost" aria-label={t("common.close")} onClick={close}><Icon name="close" small /></button>
      </div>
    </Show>
  );
}
