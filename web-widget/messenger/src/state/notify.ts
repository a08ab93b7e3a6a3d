/** Sound and desktop notifications of this device. The sound is made here: no file, nothing to load. */
import { createSignal } from "solid-js";
import { titleOf } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";

/** A burst of messages is one sound. */
const PAUSE_MS = 1_500;

export const supported = "Notification" in window;
const [permission, setPermission] = createSignal<NotificationPermission>(supported ? Notification.permission : "denied");
export { permission };

export async function askPermission(): Promise<NotificationPermission> {
  if (supported) setPermission(await Notification.requestPermission());
  return permission();
}

let audio: AudioContext | null = null;
/** Two soft tones. `false`: the browser lets no page sound before somebody has touched it. */
export async function ring(): Promise<boolean> {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 300))]);
    if (audio.state !== "running") return false;
    const now = audio.currentTime;
    for (const [index, pitch] of [660, 880].entries()) {
      const [tone, loudness, from] = [audio.createOscillator(), audio.createGain(), now + index * 0.13];
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0, from);
      loudness.gain.linearRampToValueAtTime(0.16, from + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.001, from + 0.3);
      tone.connect(loudness).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.32);
    }
    return true;
  } catch {
    return false;
  }
}

/** The same tag as a push of the same conversation: the device shows one of both. */
export const tagOf = (conversation: string) => `c-${conversation}`;

export async function show(title: string, body: string, conversation: string | null): Promise<void> {
  if (!supported || permission() !== "granted") return;
  const tag = conversation === null ? "trial" : tagOf(conversation);
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  // Phones show notifications from a service worker only.
  if (worker?.active) return worker.showNotification(title, { body, tag, icon: "/icon-192.png", badge: "/badge-96.png", data: { url: conversation === null ? "/" : chatPath(conversation) } }).catch(() => undefined);
  const note = new Notification(title, { body, tag });
  note.onclick = () => {
    window.focus();
    if (conversation !== null) navigate(chatPath(conversation));
    note.close();
  };
}

let rang = 0;
/** Tells of something by what is wished: a sound, and a notification while the page is not on screen. */
export function tell(by: { sound: boolean; desktop: boolean }, title: string, text: string, conversation: string): void {
  const now = Date.now();
  if (by.sound && now - rang > PAUSE_MS) {
    rang = now;
    void ring();
  }
  if (by.desktop && document.visibilityState !== "visible") void show(titleOf(title), text, conversation);
}
