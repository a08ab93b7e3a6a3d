/** What is done with the open conversation, by its buttons and its keys alike. */
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { t } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";
import type { Desk } from "../state/desk.ts";
import type { Deed } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { toast } from "../ui/toast.tsx";

export function createActions(desk: Desk, id: string, conversation: () => ConversationView | undefined, setNote: (on: boolean) => void, note: () => boolean) {
  const menus = new Map<string, HTMLButtonElement>();
  const perform = (deed: Deed) => void desk.perform([id], deed);
  const actions = {
    menus,
    perform,
    toggle: () => perform({ do: conversation()?.status === "closed" ? "reopen" : "close" }),
    take: () => perform({ do: "assign", user: conversation()?.assignee === desk.me().id ? null : desk.me().id }),
    /** An open conversation is read at once, so it is left first. */
    unread: () => {
      navigate("/");
      perform({ do: "unread" });
    },
    copyLink: () => void navigator.clipboard.writeText(location.origin + chatPath(id)).then(() => toast(t("common.copied")), () => toast(t("common.notCopied"), true)),
    block: async () => {
      const blocked = conversation()?.blocked === true;
      if (blocked || (await askSure(t("thread.block"), t("thread.block.text"), t("thread.block"), true))) perform({ do: "block", blocked: !blocked });
    },
    key(event: KeyboardEvent): boolean {
      const keys: Record<string, () => void> = {
        KeyE: actions.toggle,
        KeyA: actions.take,
        KeyN: () => setNote(!note()),
        KeyR: () => document.querySelector<HTMLElement>(".composer textarea")?.focus(),
        KeyU: actions.unread,
        KeyH: () => menus.get("snooze")?.click(),
        KeyT: () => menus.get("tags")?.click(),
      };
      const act = keys[event.code];
      act?.();
      return act !== undefined;
    },
  };
  return actions;
}

export type Actions = ReturnType<typeof createActions>;
