/** How two views of one message become one, and where it belongs. Pure. */
import type { AttachmentView, MessageView, SendState, SendStatus } from "./generated/protocol.ts";

const LADDER: Partial<Record<SendStatus, number>> = { queued: 0, sent: 1, delivered: 2, read: 3 };

/** On the ladder a state only rises; beside it (failed, unknown) the later one counts. */
export function laterState(have: SendState, came: SendState): SendState {
  const a = LADDER[have.status];
  const b = LADDER[came.status];
  if (a !== undefined && b !== undefined) return b >= a ? came : have;
  return came.at >= have.at ? came : have;
}

function laterFile(have: AttachmentView | undefined, came: AttachmentView): AttachmentView {
  return have && have.status !== "pending" && came.status === "pending" ? have : came;
}

export function mergeMessage(have: MessageView | undefined, came: MessageView): MessageView {
  if (!have) return came;
  const stale = (have.deleted_at !== undefined && came.deleted_at === undefined) || (have.edited_at ?? "") > (came.edited_at ?? "");
  const base = stale ? have : came;
  const files = new Map(have.attachments.map((file) => [file.id, file]));
  return {
    ...base,
    attachments: base.attachments.map((file) => laterFile(files.get(file.id), file)),
    state: laterState(have.state, came.state),
  };
}

/** Puts messages into a list sorted by id, each id once. Gives a new list; equal entries stay the same objects. */
export function mergeMessages(list: readonly MessageView[], came: readonly MessageView[]): MessageView[] {
  const byId = new Map(list.map((message) => [message.id, message]));
  for (const message of came) byId.set(message.id, mergeMessage(byId.get(message.id), message));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Messages of one author within three minutes stand together. */
export function startsGroup(previous: MessageView | undefined, message: MessageView): boolean {
  if (!previous) return true;
  const same = previous.direction === message.direction && previous.author.kind === message.author.kind && previous.author.id === message.author.id;
  return !same || Date.parse(message.written_at) - Date.parse(previous.written_at) > 180_000;
}

export function isPicture(file: { media_type: string }): boolean {
  return /^image\/(png|jpeg|gif|webp)$/.test(file.media_type);
}
