import { createSignal, For, Show } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { chatPath } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { askSure } from "../ui/ask.tsx";
import { Icon } from "../ui/Icon.tsx";
import { type Item, Menu } from "../ui/Menu.tsx";
import { toast } from "../ui/toast.tsx";
import { useThread } from "./context.ts";
import { EMOJI } from "./Emoji.tsx";
import { InCrm } from "./InCrm.tsx";
import { isAlive, mayEdit, mayForward, mayReact, mayReply, undeletable } from "./rights.ts";

const FACES = ["👍", "❤️", "🔥", "😂", "😮", "🙏"];

/** What can be done with one message, as far as the channel and one's rights go. */
export function MessageMenu(props: { message: MessageView }) {
  const desk = useDesk();
  const { id, conversation, thread, setReply, setEditing, picks, forward } = useThread();
  const [all, setAll] = createSignal(false);
  const [inCrm, setInCrm] = createSignal(false);
  let faces: HTMLButtonElement | undefined;
  const message = () => props.message;
  const note = () => message().direction === "note";
  const asker = () => ({ can: conversation()?.can, me: desk.me().id, admin: desk.isAdmin() });
  const mine = () => message().reactions?.find((one) => one.author.id === desk.me().id)?.emoji ?? null;
  const change = async (work: Promise<{ message: MessageView }>) => {
    try {
      thread.take((await work).message, false);
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const react = (emoji: string) => void change(api.react(id, message().id, mine() === emoji ? null : emoji));
  const copy = (text: string) => void navigator.clipboard.writeText(text).then(() => toast(t("common.copied")), () => toast(t("common.notCopied"), true));
  const unsend = async () => {
    if (await askSure(t("message.delete"), t(note() ? "message.delete.note" : "message.delete.text"), t("message.delete"), true)) void change(api.unsend(id, message().id));
  };
  return (
    <Show when={isAlive(message())}>
      <span class="deeds">
        <Show when={mayReact(message(), asker())}>
          <span classList={{ emoji: all() }}>
            <Menu label={t("message.react")} ref={(made) => (faces = made)} items={() => [
              ...(all() ? EMOJI : FACES).map((emoji): Item => ({ text: emoji, checked: mine() === emoji, act: () => { setAll(false); react(emoji); } })),
              !all() && { text: "…", name: t("message.reactMore"), act: () => { setAll(true); queueMicrotask(() => faces?.click()); } },
            ]}><Icon name="smile" small /></Menu>
          </span>
        </Show>
        <Show when={mayReply(message(), asker())}>
          <button type="button" class="ghost answer" aria-label={t("message.reply")} title={t("message.reply")} onClick={() => setReply(message())}><Icon name="reply" small /></button>
        </Show>
        <Menu label={t("message.more")} items={() => [
          mayEdit(message(), asker()) && { text: t("message.edit"), icon: "edit", act: () => setEditing(message()) },
          message().text !== "" && { text: t("message.copy"), icon: "copy", act: () => copy(message().text) },
          { text: t("message.link"), icon: "link", act: () => copy(location.origin + chatPath(id, message().id)) },
          mayForward(message()) && { text: t("message.forward"), icon: "forward", act: () => forward([message()]) },
          message().crm.length > 0 && { text: t("crm.where"), icon: "inbox", act: () => setInCrm(true) },
          { text: t("message.pick"), icon: "check", act: () => picks.start(message()) },
          undeletable(message(), asker()) === null && { text: t("message.delete"), icon: "trash", danger: true, line: true, act: () => void unsend() },
        ]}><Icon name="dots" small /></Menu>
      </span>
      <Show when={inCrm()}><InCrm message={message()} close={() => setInCrm(false)} /></Show>
    </Show>
  );
}

/** Who felt what; one's own goes by a click. */
export function Reactions(props: { message: MessageView }) {
  const desk = useDesk();
  const { id, thread } = useThread();
  const faces = () => [...new Set((props.message.reactions ?? []).map((one) => one.emoji))].map((emoji) => ({ emoji, who: (props.message.reactions ?? []).filter((one) => one.emoji === emoji).map((one) => one.author) }));
  const toggle = async (emoji: string, mine: boolean) => {
    try {
      thread.take((await api.react(id, props.message.id, mine ? null : emoji)).message, false);
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <Show when={faces().length > 0}>
      <ul class="reactions">
        <For each={faces()}>
          {(one) => {
            const mine = () => one.who.some((author) => author.id === desk.me().id);
            const names = () => one.who.map((author) => author.name || t("thread.customer")).join(", ");
            return <li><button type="button" aria-pressed={mine()} title={names()} aria-label={`${one.emoji} ${names()}`} onClick={() => void toggle(one.emoji, mine())}>{one.emoji}<Show when={one.who.length > 1}><span>{one.who.length}</span></Show></button></li>;
          }}
        </For>
      </ul>
    </Show>
  );
}
