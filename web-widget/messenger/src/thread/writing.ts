/** The words being written into one conversation: a draft, or new words for an old message; canned replies after a slash. */
import { createEffect, createMemo, createSignal, createUniqueId, on } from "solid-js";
import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { draftOf, saveDraft } from "../state/drafts.ts";
import type { Colleague, ReplyView } from "../types.ts";
import { toast } from "../ui/toast.tsx";
import { askedReply, fillIn, findReplies } from "./canned.ts";
import { useThread } from "./context.ts";
import { askedMention, findColleagues, mentionedIn } from "./mentions.ts";

/** `insert` takes the files of a canned reply. */
export function createWriting(area: () => HTMLTextAreaElement | undefined, insert: (files: readonly AttachmentView[]) => void) {
  const desk = useDesk();
  const { id, conversation, thread, note, editing, setEditing } = useThread();
  const [text, setText] = createSignal(draftOf(id));
  const [picked, setPicked] = createSignal(0);
  const [hidden, setHidden] = createSignal(false);
  const listId = createUniqueId();
  /** The newest message when these words were begun; empty: there was none yet. */
  let begunAt: string | null = null;
  // Who writes before the messages have come has not been overtaken by those.
  createEffect(on(thread.state, (state) => { if (state === "ready" && begunAt === "") begunAt = thread.messages().at(-1)?.id ?? ""; }, { defer: true }));

  const fit = () => {
    const field = area();
    if (!field) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  const write = (words: string) => {
    if (words === "") begunAt = null;
    else begunAt ??= thread.messages().at(-1)?.id ?? "";
    setText(words);
    setHidden(false);
    setPicked(0);
    // Changed words of an old message are no draft.
    if (editing() === null) saveDraft(id, words);
    queueMicrotask(fit);
  };
  // What was written on another device, while nothing is written here.
  createEffect(on(() => draftOf(id), (words) => { if (editing() === null && words !== text() && document.activeElement !== area()) setText(words); }, { defer: true }));
  createEffect(on(editing, (message) => write(message ? message.text : draftOf(id)), { defer: true }));

  const [caret, setCaret] = createSignal(0);
  const [crew, setCrew] = createSignal<readonly Colleague[]>([]);
  // Who may see this conversation is asked when somebody begins a note.
  createEffect(on(() => note() && conversation()?.channel, (channel) => { if (channel) api.colleagues(channel).then((page) => setCrew(page.items.filter((one) => one.id !== desk.me().id)), () => undefined); }));
  const mention = () => (note() && !hidden() ? askedMention(text(), Math.min(caret(), text().length)) : null);
  const colleagues = createMemo(() => { const at = mention(); return at === null ? [] : findColleagues(crew(), at.words); });
  const useColleague = (one: Colleague) => {
    const at = mention();
    if (!at) return;
    const before = `${text().slice(0, at.at)}@${one.name} `;
    write(before + text().slice(at.at + 1 + at.words.length).trimStart());
    setCaret(before.length);
    queueMicrotask(() => { area()?.focus(); area()?.setSelectionRange(before.length, before.length); });
  };
  /** The keys of an open list; `true`: it was for it. */
  const walk = (event: KeyboardEvent, most: number, use: () => void) => {
    if (event.key === "Escape") setHidden(true);
    else if (event.key === "ArrowDown" && most) setPicked((picked() + 1) % most);
    else if (event.key === "ArrowUp" && most) setPicked((picked() - 1 + most) % most);
    else if ((event.key === "Enter" || event.key === "Tab") && most) use();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const asked = () => (hidden() ? null : askedReply(text()));
  const found = createMemo(() => { const words = asked(); return words === null ? [] : findReplies(desk.replies(), words); });
  const useReply = (one: ReplyView) => {
    const first = (conversation()?.title ?? "").split(" ")[0] ?? "";
    write(fillIn(one.text, { name: first, manager: desk.me().name, channel: conversation()?.channel_name ?? "", company: desk.me().workspace_name }));
    insert(one.files);
    queueMicrotask(() => area()?.focus());
  };

  return {
    text,
    write,
    fit,
    insert(words: string): void {
      const from = area()?.selectionStart ?? text().length;
      write(text().slice(0, from) + words + text().slice(area()?.selectionEnd ?? from));
      queueMicrotask(() => { area()?.focus(); area()?.setSelectionRange(from + words.length, from + words.length); });
    },
    canned: { id: listId, open: () => asked() !== null, found, picked, pick: useReply, hover: setPicked },
    mentions: { id: `${listId}-m`, open: () => mention() !== null && (colleagues().length > 0 || mention()?.words === ""), found: colleagues, picked, pick: useColleague, hover: setPicked, in: (words: string) => mentionedIn(words, crew()) },
    /** Where the caret stands. */
    moved: () => setCaret(area()?.selectionStart ?? 0),
    /** The keys of the open list of colleagues or canned replies; `true`: it was for them. */
    listKey(event: KeyboardEvent): boolean {
      const one = colleagues()[picked()];
      if (mention() !== null && one) return walk(event, colleagues().length, () => useColleague(one));
      if (asked() === null) return false;
      const reply = found()[picked()];
      return walk(event, found().length, () => { if (reply) useReply(reply); });
    },
    /** Somebody answered while these words were written: two answers may contradict each other. */
    overtaken: () => (note() || begunAt === null ? undefined : thread.messages().findLast((one) => one.id > (begunAt ?? "") && one.direction === "outbound" && one.author.id !== desk.me().id)),
    lastOfMine: () => thread.messages().findLast((one) => one.author.id === desk.me().id && !one.deleted_at && (one.direction === "note" || (one.direction === "outbound" && conversation()?.can.edit === true))),
    /** Gives the old message its new words. */
    async change(): Promise<void> {
      const message = editing();
      if (!message || !text().trim()) return;
      try {
        thread.take((await api.edit(id, message.id, text().trim())).message, false);
        setEditing(null);
      } catch (error) {
        toast(problemText(error), true);
      }
    },
  };
}
