/** What may be done with one message, as far as the channel and one's rights go. Pure. */
import type { Can, MessageView } from "@kommutator/shared/generated/protocol.ts";

export type Asker = { can: Can | undefined; me: string; admin: boolean };

export const isAlive = (message: MessageView) => !message.deleted_at && message.direction !== "system";
const isNote = (message: MessageView) => message.direction === "note";
const isOurs = (message: MessageView, { me, admin }: Asker) => (message.direction === "outbound" || isNote(message)) && (message.author.id === me || admin);

export const mayReply = (message: MessageView, { can }: Asker) => isAlive(message) && !isNote(message) && can?.reply === true && can.send;
export const mayEdit = (message: MessageView, asker: Asker) => isAlive(message) && isOurs(message, asker) && (isNote(message) || asker.can?.edit === true);
export const mayReact = (message: MessageView, { can }: Asker) => isAlive(message) && (isNote(message) || can?.react === true);
/** Notes are for colleagues: they do not leave the conversation. */
export const mayForward = (message: MessageView) => isAlive(message) && !isNote(message);

export type Undeletable = "customers" | "others" | "channel";

/** Why a message cannot be deleted; `null`: it can. */
export function undeletable(message: MessageView, asker: Asker): Undeletable | null {
  if (message.direction === "inbound") return "customers";
  if (!isOurs(message, asker)) return "others";
  return isNote(message) || asker.can?.delete === true ? null : "channel";
}
