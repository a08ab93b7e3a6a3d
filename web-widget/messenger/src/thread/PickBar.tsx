import { onMount, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { locale, problemText, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { askSure } from "../ui/ask.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { useThread } from "./context.ts";
import { mayForward, type Undeletable, undeletable } from "./rights.ts";

/** What can be done with the picked messages; it stands in the composer's place. */
export function PickBar() {
  const desk = useDesk();
  const { id, conversation, thread, picks, forward } = useThread();
  let box: HTMLElement | undefined;
  onMount(() => document.querySelector<HTMLElement>(".msg.picked .box")?.focus());
  const nameOf = (message: MessageView) => message.author.name || (message.author.kind === "customer" ? conversation()?.title || t("thread.customer") : t("message.by.api"));
  const copy = () => {
    const lines = picks.list().map((one) => `[${dateTime(locale(), one.written_at)}] ${nameOf(one)}: ${[one.text, ...one.attachments.map((file) => `«${file.name}»`)].filter(Boolean).join(" ")}`);
    void navigator.clipboard.writeText(lines.join("\n")).then(() => { toast(t("pick.copied", { n: lines.length })); picks.end(); }, () => toast(t("common.notCopied"), true));
  };
  const send = () => {
    const going = picks.list().filter(mayForward);
    if (going.length === 0) toast(t("forward.notes"), true);
    else forward(going);
  };
  const remove = async () => {
    const asker = { can: conversation()?.can, me: desk.me().id, admin: desk.isAdmin() };
    const why = picks.list().map((message) => ({ message, not: undeletable(message, asker) }));
    const can = why.filter((one) => one.not === null).map((one) => one.message);
    const reasons = (["customers", "others", "channel"] as Undeletable[]).flatMap((not) => {
      const n = why.filter((one) => one.not === not).length;
      return n > 0 ? [t(`pick.not.${not}` satisfies WordKey, { n })] : [];
    });
    if (can.length === 0) {
      toast([t("pick.noneDeletable"), ...reasons].join(" "), true);
      return;
    }
    const text = [t("pick.delete.text"), ...reasons].join(" ");
    if (!(await askSure(t("pick.delete", { n: can.length }), text, t("common.delete"), true))) return;
    let failed: unknown = null;
    for (const message of can) {
      try {
        thread.take((await api.unsend(id, message.id)).message, false);
      } catch (error) {
        failed = error;
      }
    }
    if (failed) toast(problemText(failed), true);
    picks.end();
  };
  const none = () => picks.count() === 0;
  return (
    <section class="pick-bar" ref={(made) => (box = made)} aria-label={t("bulk.label")}>
      <button type="button" class="ghost" aria-label={t("bulk.clear")} title={`${t("bulk.clear")} (Esc)`} onClick={() => { picks.end(); box?.blur(); }}><Icon name="close" /></button>
      <b role="status">{t("pick.count", { n: picks.count() })}</b>
      <button type="button" class="button" disabled={none()} aria-label={t("common.copy")} title={t("common.copy")} onClick={copy}><Icon name="copy" small /><span>{t("common.copy")}</span></button>
      <button type="button" class="button" disabled={none()} aria-label={t("message.forward")} title={t("message.forward")} onClick={send}><Icon name="forward" small /><span>{t("message.forward")}</span></button>
      <button type="button" class="button danger" disabled={none()} aria-label={t("common.delete")} title={t("common.delete")} onClick={() => void remove()}><Icon name="trash" small /><span>{t("common.delete")}</span></button>
      <Show when={picks.list().some((one) => !mayForward(one))}><small>{t("forward.notes")}</small></Show>
    </section>
  );
}
