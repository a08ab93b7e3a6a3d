import { createSignal, Show } from "solid-js";
import { t } from "../i18n.ts";
import { askPermission, permission, ring, setWishes, show, supported, type Whose, wishes } from "../state/notify.ts";
import { SelectField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Head } from "./parts.tsx";

/** How this device tells of new messages. */
export function Notifications() {
  const [tested, setTested] = createSignal<"silent" | "rang" | null>(null);
  const test = async () => {
    setTested((await ring()) ? "rang" : "silent");
    show(t("app.name"), t("notify.test.text"), null);
  };
  const whose: { value: Whose; text: string }[] = [{ value: "mine", text: t("notify.mine") }, { value: "all", text: t("notify.all") }];
  return (
    <>
      <Head title={t("settings.notifications")} lead={t("notify.lead")} />
      <section class="block">
        <label class="check"><input type="checkbox" checked={wishes().sound} onChange={(event) => setWishes({ sound: event.currentTarget.checked })} /><span>{t("notify.sound")}</span></label>
        <label class="check"><input type="checkbox" checked={wishes().desktop} onChange={(event) => setWishes({ desktop: event.currentTarget.checked, asked: false })} /><span>{t("notify.desktop")}</span></label>
        <Show when={wishes().desktop && permission() !== "granted"}>
          <p class="alert" role="status">
            <Icon name="alert" small />{t(permission() === "denied" || !supported ? "notify.denied" : "notify.notYet")}
            <Show when={permission() === "default"}><button type="button" class="button" onClick={() => void askPermission()}>{t("notify.allow")}</button></Show>
          </p>
        </Show>
        <SelectField label={t("notify.whose")} help={t("notify.whose.help")} value={wishes().whose} options={whose} set={(value) => setWishes({ whose: value })} />
        <div class="actions start">
          <button type="button" class="button" onClick={() => void test()}>{t("notify.test")}</button>
          <span role="status">{tested() === "rang" ? t("notify.rang") : tested() === "silent" ? t("notify.silent") : ""}</span>
        </div>
      </section>
    </>
  );
}
