/** Sends messages on to other conversations: each as a quoted text that says whose it was, with copies of its files. */
import { createSignal } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import type { ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { newClientId } from "@kommutator/shared/socket/browser.ts";
import { api } from "../api.ts";
import { locale, t } from "../i18n.ts";

/** More at once is a mailing, which is done elsewhere. */
export const MOST_TARGETS = 5;

/** The words as they arrive: who wrote them and when, then each line as a quote. */
export function quoted(message: MessageView, name: string): string {
  const head = t("forward.from", { name, date: dateTime(locale(), message.written_at) });
  return [head, ...(message.text ? message.text.split("\n").map((line) => `> ${line}`) : [])].join("\n");
}

type Piece = { key: string; text: string; files: string[]; asFiles: boolean };

/** What goes to one conversation: a message with more files than the channel takes goes as several. */
function piecesFor(to: ConversationView, messages: readonly MessageView[], nameOf: (message: MessageView) => string): Piece[] {
  return messages.flatMap((message) => {
    const files = message.attachments.filter((file) => file.status === "ready");
    const most = Math.max(1, to.can.files);
    const first: Piece = { key: newClientId(), text: quoted(message, nameOf(message)), files: files.slice(0, most).map((file) => file.id), asFiles: files.some((file) => file.as_file) };
    const more: Piece[] = [];
    for (let from = most; from < files.length; from += most) more.push({ ...first, key: newClientId(), text: "", files: files.slice(from, from + most).map((file) => file.id) });
    return [first, ...more];
  });
}

export function startForwarding(targets: readonly ConversationView[], messages: readonly MessageView[], nameOf: (message: MessageView) => string) {
  const all = targets.map((to) => {
    const [done, setDone] = createSignal(0);
    const [error, setError] = createSignal<unknown>(null);
    // Keys and copies are kept: what is tried again is not sent twice.
    const pieces = piecesFor(to, messages, nameOf);
    const copies = new Map<string, string>();
    const run = async () => {
      setError(null);
      try {
        for (const piece of pieces.slice(done())) {
          const attachments: string[] = [];
          for (const file of piece.files) {
            const copy = copies.get(file) ?? (await api.copyFile(file)).id;
            copies.set(file, copy);
            attachments.push(copy);
          }
          await api.send(to.id, { client_id: piece.key, text: piece.text, attachments, as_files: piece.asFiles });
          setDone(done() + 1);
        }
      } catch (problem) {
        setError(problem);
      }
    };
    return { to, done, error, most: pieces.length, run };
  });
  const failed = () => all.filter((one) => one.error() !== null);
  return {
    all,
    failed,
    /** One after the other: the server is asked no faster than by hand. */
    async run(): Promise<void> {
      for (const one of all) if (one.done() < one.most) await one.run();
    },
  };
}

export type Forwarding = ReturnType<typeof startForwarding>;
