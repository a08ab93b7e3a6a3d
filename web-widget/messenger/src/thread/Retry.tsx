import { createSignal, Show } from "solid-js";
import { Portal } from "solid-js/web";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { Confirm } from "../ui/Dialog.tsx";
import { toast } from "../ui/toast.tsx";

/** Sends a failed message again. One that may have arrived is sent again only by somebody who knows that it may come twice. */
export function Retry(props: { message: MessageView }) {
  const desk = useDesk();
  const [asking, setAsking] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const retry = async () => {
    setBusy(true);
    try {
      desk.conversations.upsert(await api.retry(props.message.conversation, props.message.id));
    } catch (error) {
      toast(problemText(error), true);
    }
    setBusy(false);
  };
  const answered = (yes: boolean) => {
    setAsking(false);
    if (yes) void retry();
  };
  return (
    <>
      <button type="button" disabled={busy()} onClick={() => (props.message.state.status === "unknown" ? setAsking(true) : void retry())}>{t("state.retry")}</button>
      <Show when={asking()}><Portal><Confirm title={t("state.twice.title")} text={t("state.twice")} action={t("state.retry")} done={answered} /></Portal></Show>
    </>
  );
}
