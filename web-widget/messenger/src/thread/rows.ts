/** What stands in the log: messages, day marks, the line above what is new. Pure. */
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { dayNumber } from "@kommutator/shared/format.ts";
import { startsGroup } from "@kommutator/shared/messages.ts";

export type Row = { id: string; message: MessageView; first: boolean; last: boolean; day: boolean; fresh: boolean };

/** The first of the last `unread` messages of the customer. */
export function freshId(messages: readonly MessageView[], unread: number): string | null {
  let left = unread;
  for (let index = messages.length - 1; index >= 0 && left > 0; index -= 1) {
    const message = messages[index];
    if (message?.direction !== "inbound") continue;
    left -= 1;
    if (left === 0) return message.id;
  }
  return left > 0 && left < unread ? (messages[0]?.id ?? null) : null;
}

export function rowsOf(messages: readonly MessageView[], fresh: string | null): Row[] {
  const opens = messages.map((message, index) => {
    const last = messages[index - 1];
    const day = dayNumber(last?.written_at ?? 0) !== dayNumber(message.written_at);
    return { day, first: day || message.id === fresh || startsGroup(last, message) };
  });
  return messages.map((message, index) => {
    const { day, first } = opens[index] ?? { day: false, first: true };
    return { id: message.id, message, first, last: opens[index + 1]?.first ?? true, day, fresh: message.id === fresh };
  });
}
