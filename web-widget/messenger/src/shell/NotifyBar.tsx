import { createEffect, createSignal, Show } from "solid-js";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { askPermission, permission, supported } from "../state/notify.ts";
import { Icon } from "../ui/Icon.tsx";

const STORE = "kommutator.notify.asked";
/** Whether anything was wanted on screen when last known: until the settings are there the page is laid out by it, and does not move when they come. */
const WANTED = "kommutator.notify.wanted";

/** Says once that new messages would go unnoticed, and mends it by a click. */
export function NotifyBar() {
  const desk = useDesk();
  const [asked, setAsked] = createSignal(localStorage.getItem(STORE) !== null);
  const wanted = () => {
    const settings = desk.noticeSettings();
    if (!settings) return localStorage.getItem(WANTED) !== "0";
    return Object.values(settings).some((wish: unknown) => typeof wish === "object" && wish !== null && (wish as { desktop?: boolean }).desktop);
  };
  createEffect(() => {
    if (desk.noticeSettings()) localStorage.setItem(WANTED, wanted() ? "1" : "0");
  });
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
