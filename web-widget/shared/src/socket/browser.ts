/** The browser's side of what the socket client wants from outside. */
import type { QueueStorage } from "./queue.ts";
import type { SocketLike, Timers } from "./client.ts";

export const browserTimers: Timers = {
  now: () => Date.now(),
  set: (act, ms) => setTimeout(act, ms),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout> | undefined),
};

export function browserSocket(url: string): SocketLike {
  return new WebSocket(url) as unknown as SocketLike;
}

/** `null` where the browser forbids it (private windows, blocked third-party storage). */
export function browserStorage(): QueueStorage | null {
  try {
    const storage = window.localStorage;
    storage.getItem("");
    return storage;
  } catch {
    return null;
  }
}

export function socketUrl(base: string, path: string): string {
  const url = new URL(path, base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

type Watched = { online(): void; offline(): void; visible(): void };

/** Tells the client what the browser knows about the network; gives back how to end that. */
export function watchPage(client: Watched): () => void {
  const online = () => client.online();
  const offline = () => client.offline();
  const visible = () => {
    if (document.visibilityState === "visible") client.visible();
  };
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  window.addEventListener("pageshow", visible);
  document.addEventListener("visibilitychange", visible);
  return () => {
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    window.removeEventListener("pageshow", visible);
    document.removeEventListener("visibilitychange", visible);
  };
}

/** A key for a message; `randomUUID` is missing on pages without TLS. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
