/** The service worker: pushes to this device, what a click on one leads to, and those that nobody needs any more. */
import { api } from "../api.ts";
import { navigate } from "../route.ts";
import { tagOf } from "./notify.ts";

export const canPush = "serviceWorker" in navigator && "PushManager" in window;
const ready = () => (canPush ? navigator.serviceWorker.register("/sw.js", { scope: "/" }).then(() => navigator.serviceWorker.ready) : Promise.reject(new Error("no service worker")));

/** This browser's own key must be the server's: after a restore from elsewhere it is not. */
async function subscribed(worker: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0)).join();
  const known = await worker.pushManager.getSubscription();
  const theirs = known?.options.applicationServerKey;
  if (known && theirs && new Uint8Array(theirs).join() === bytes(key)) return known;
  await known?.unsubscribe();
  return worker.pushManager.subscribe(options);
}

/** Turns pushes on for this device. */
export async function takePushes(key: string): Promise<void> {
  await api.takePushes((await subscribed(await ready(), key)).toJSON());
}

/** Says again where this device takes pushes, if it does: the browser may have given it another address, or somebody has logged in anew. */
export async function sayAgain(): Promise<void> {
  const worker = await ready();
  if (!(await worker.pushManager.getSubscription())) return;
  await takePushes((await api.notices()).push_key);
}

export async function dropPushes(): Promise<void> {
  const worker = canPush ? await navigator.serviceWorker.getRegistration() : undefined;
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
}

/** Takes away the notices of conversations that were read or answered, here or elsewhere. */
export async function closeNotices(conversation: string): Promise<void> {
  const worker = canPush ? await navigator.serviceWorker.getRegistration() : undefined;
  for (const note of (await worker?.getNotifications({ tag: tagOf(conversation) })) ?? []) note.close();
}

let badged: number | undefined;
/** Shows how many wait on the app's icon. */
export function badge(waiting: number): void {
  // Said to another process each time: only what is new.
  if (waiting === badged) return;
  badged = waiting;
  if (waiting > 0) void navigator.setAppBadge?.(waiting).catch(() => undefined);
  else void navigator.clearAppBadge?.().catch(() => undefined);
}

/** Listens to the service worker until told to stop. */
export function watchPushes(): () => void {
  if (!canPush) return () => undefined;
  const heard = (event: MessageEvent<{ kind?: string; url?: string }>) => {
    const { kind, url } = event.data;
    if (kind === "subscribe") void sayAgain().catch(() => undefined);
    if (kind !== "navigate" || !url) return;
    const to = new URL(url, location.href);
    if (to.origin === location.origin) navigate(to.pathname + to.search);
  };
  navigator.serviceWorker.addEventListener("message", heard);
  sayAgain().catch(() => undefined); // Without a service worker there are no pushes; the settings say so.
  return () => navigator.serviceWorker.removeEventListener("message", heard);
}
