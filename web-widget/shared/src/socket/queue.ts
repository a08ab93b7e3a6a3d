/**
 * What was said and not yet answered, in order. Each entry has its own key in the storage, so two tabs that share a
 * storage never overwrite one another: at worst both send the same `client_id`, and that has one effect.
 */

import { decode, encode } from "../json.ts";

export type Keyed = { client_id: string };

export type QueueEntry<Send extends Keyed> = {
  /** The frame as it goes out, without its `type`. */
  frame: Send;
  /** Whatever the app needs to show it before it is accepted, e.g. its files. */
  meta: unknown;
  /** When it was written, ms; also the order: always greater than that of the entry before it. */
  order: number;
  /** The code of the refusal; such an entry waits for a person. */
  failed?: string;
};

export type QueueStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export class SendQueue<Send extends Keyed> {
  private list: QueueEntry<Send>[] = [];

  constructor(
    private readonly storage: QueueStorage | null,
    private readonly prefix: string,
    /** More is refused: nobody writes so much without an answer. */
    private readonly bound = 200,
  ) {
    this.list = this.load();
  }

  entries(): readonly QueueEntry<Send>[] {
    return this.list;
  }

  find(clientId: string): QueueEntry<Send> | undefined {
    return this.list.find((entry) => entry.frame.client_id === clientId);
  }

  /** Whether there was room. */
  add(frame: Send, meta: unknown, now: number): boolean {
    if (this.list.length >= this.bound) return false;
    const order = Math.max(now, (this.list.at(-1)?.order ?? 0) + 1);
    this.put({ frame, meta, order });
    return true;
  }

  remove(clientId: string): boolean {
    const before = this.list.length;
    this.list = this.list.filter((entry) => entry.frame.client_id !== clientId);
    this.quietly((storage) => storage.removeItem(this.prefix + clientId));
    return this.list.length < before;
  }

  fail(clientId: string, code: string): boolean {
    const entry = this.find(clientId);
    if (!entry) return false;
    this.put({ ...entry, failed: code });
    return true;
  }

  private put(entry: QueueEntry<Send>): void {
    const id = entry.frame.client_id;
    const at = this.list.findIndex((other) => other.frame.client_id === id);
    this.list = at < 0 ? [...this.list, entry] : this.list.with(at, entry);
    this.quietly((storage) => storage.setItem(this.prefix + id, encode(entry)));
  }

  private load(): QueueEntry<Send>[] {
    const found: QueueEntry<Send>[] = [];
    this.quietly((storage) => {
      for (let index = 0; index < storage.length; index += 1) {
        const key = storage.key(index);
        if (!key?.startsWith(this.prefix)) continue;
        const entry = read<Send>(storage.getItem(key));
        if (entry) found.push(entry);
      }
    });
    return found.sort((a, b) => a.order - b.order).slice(-this.bound);
  }

  /** A full or forbidden storage must not stop a message from going out: the queue then lives in memory only. */
  private quietly(act: (storage: QueueStorage) => void): void {
    if (!this.storage) return;
    try {
      act(this.storage);
    } catch {
      return;
    }
  }
}

function read<Send extends Keyed>(text: string | null): QueueEntry<Send> | null {
  try {
    const entry = decode(text ?? "") as Partial<QueueEntry<Send>> | null;
    const whole = typeof entry?.order === "number" && typeof entry.frame?.client_id === "string";
    return whole ? (entry as QueueEntry<Send>) : null;
  } catch {
    return null;
  }
}
