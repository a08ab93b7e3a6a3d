/** Notices of messages, in any place of amoCRM. One tab of a browser asks and puts them into the notification centre, which all of them show. */
import { notify } from "./amo.ts";
import { type Notice, Trouble } from "./gateway.ts";
import type { Ground } from "./ground.ts";

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 5 * 60_000;

let running: { of: string; end: AbortController } | null = null;

const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });

const store = {
  get: (name: string) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  set: (name: string, value: string) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Without a store a reload begins from now.
    }
  },
};

export function show(notice: Notice): void {
  const at = Math.floor(new Date(notice.at).getTime() / 1000);
  const link = notice.deal ? `/leads/detail/${encodeURIComponent(notice.deal)}` : notice.contact ? `/contacts/detail/${encodeURIComponent(notice.contact)}` : "";
  notify({ header: notice.title, text: notice.text, date: Number.isFinite(at) ? at : 0, ...(link && { link }) });
}

async function ask({ gateway, account, user }: Ground, signal: AbortSignal): Promise<void> {
  const name = `kommutator.notices.${account}.${user.id}`;
  let pause = FIRST_WAIT_MS;
  let key: string | null = null;
  let after = store.get(name);
  while (!signal.aborted) {
    try {
      key ??= (await gateway.userKey(user)).key;
      const { notices, cursor } = await gateway.notices(user.id, key, after, signal);
      if (signal.aborted) return;
      // What another tab showed meanwhile is not shown again: only who holds the lock comes here.
      for (const notice of notices) show(notice);
      after = cursor;
      store.set(name, cursor);
      pause = FIRST_WAIT_MS;
    } catch (error) {
      if (error instanceof Trouble && error.status > 0 && error.status < 500 && error.status !== 429) pause = LONGEST_WAIT_MS;
      key = null;
      await wait(pause, signal);
      pause = Math.min(pause * 2, LONGEST_WAIT_MS);
    }
  }
}

/** Begins, unless it does so already for the same person and key. */
export async function follow(ground: Ground): Promise<void> {
  const of = JSON.stringify([ground.gateway.address, ground.key, ground.user.id]);
  if (running?.of === of) return;
  running?.end.abort();
  const own = (running = { of, end: new AbortController() });
  const { signal } = own.end;
  try {
    const hello = await ground.hello();
    if (!hello.notices.on || !hello.notices.key_known) {
      if (running === own) running = null;
      return;
    }
    const name = `kommutator.notices.${of}`;
    const { locks } = navigator as { locks?: LockManager };
    if (locks) await locks.request(name, { signal }, () => ask(ground, signal));
    else await ask(ground, signal);
  } catch {
    // Not reached, or ended while it waited for its turn: the next page begins anew.
    if (running === own) running = null;
  }
}

export function leave(): void {
  running?.end.abort();
  running = null;
}
