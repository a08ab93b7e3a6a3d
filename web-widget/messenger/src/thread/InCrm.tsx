import { For, Show } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { has, problemText, reasonText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";

/** Where a message stands in a CRM. */
export const statusText = (status: string) => {
  const key = `crm.status.${status}`;
  return has(key) ? t(key) : status;
};

/** Where a message stands in each CRM, and another try where it did not get there. Our own messenger has it: it is seen here (G-01). */
export function InCrm(props: { message: MessageView; close: () => void }) {
  const desk = useDesk();
  const named = (id: string) => desk.connections().find((one) => one.id === id)?.name ?? t("crm.other");
  const messenger = () => desk.connections().find((one) => one.fixed)?.name ?? t("crm.messenger");
  const again = async (connection: string) => {
    try {
      await api.sendToCrmAgain(props.message.conversation, props.message.id, connection);
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <Dialog title={t("crm.where")} narrow close={() => props.close()}>
      <ul class="in-crm">
        <li><span class="name">{messenger()}</span><span class="state delivered">{statusText("delivered")}</span></li>
        <For each={props.message.crm}>
          {(one) => (
            <li>
              <span class="name">{named(one.connection)}</span>
              <span class={`state ${one.status}`}>{statusText(one.status)}</span>
              <Show when={reasonText(one.reason)}>{(text) => <p>{text()}</p>}</Show>
              <Show when={one.status === "failed"}><button type="button" class="button" onClick={() => void again(one.connection)}><Icon name="again" small />{t("out.again")}</button></Show>
            </li>
          )}
        </For>
      </ul>
    </Dialog>
  );
}
