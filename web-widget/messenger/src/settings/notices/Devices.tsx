import { createSignal, For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../../api.ts";
import { locale, problemText, t } from "../../i18n.ts";
import { Problem } from "../../http.ts";
import { askPermission, permission, supported } from "../../state/notify.ts";
import { canPush, dropPushes, takePushes } from "../../state/push.ts";
import type { DeviceView, NoticesView } from "../../types.ts";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";

/** The devices that take pushes; this one can be added. */
export function Devices(props: { view: NoticesView; again: () => void }) {
  const [busy, setBusy] = createSignal(false);
  const here = () => props.view.devices.some((one) => one.current);
  const name = (one: DeviceView) => one.label || t("sessions.unknown");
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      props.again();
    } catch (error) {
      toast(error instanceof Problem ? problemText(error) : t("notify.devices.failed"), true);
    }
    setBusy(false);
  };
  const add = () => run(async () => {
    if (permission() === "granted" || (await askPermission()) === "granted") await takePushes(props.view.push_key);
  });
  const end = (one: DeviceView) => run(async () => {
    if (one.current) await dropPushes();
    await api.endPushes(one.id);
  });
  return (
    <section class="block">
      <h3>{t("notify.devices")}</h3>
      <p class="help">{t("notify.devices.help")}</p>
      <Show when={props.view.devices.length > 0} fallback={<p class="dim">{t("notify.devices.none")}</p>}>
        <ul class="table devices">
          <For each={props.view.devices}>
            {(one) => (
              <li class="item">
                <span class="disc"><Icon name="device" /></span>
                <span class="about"><b>{name(one)}<Show when={one.current}> <em>{t("notify.devices.this")}</em></Show></b><small>{t("notify.devices.since", { date: dateTime(locale(), one.created_at) })}</small></span>
                <span class="buttons"><button type="button" class="button" disabled={busy()} aria-label={`${t("notify.devices.off")}: ${name(one)}`} onClick={() => void end(one)}>{t("notify.devices.off")}</button></span>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={!here() && canPush && supported}><div class="actions start"><button type="button" class="button main" disabled={busy() || permission() === "denied"} onClick={() => void add()}>{t("notify.devices.add")}</button></div></Show>
    </section>
  );
}
