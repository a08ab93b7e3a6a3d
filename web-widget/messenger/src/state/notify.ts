/** Sound and desktop notifications of this device. The sound is made here: no file, nothing to load. */
import { createSignal } from "solid-js";
import type { ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { t, titleOf } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";
import { concerns, type Whose } from "./concerns.ts";

export type { Whose };
export type Wishes = { sound: boolean; desktop: boolean; whose: Whose; asked: boolean };
const STORE = "kommutator.notify";
const START: Wishes = { sound: true, desktop: true, whose: "mine", asked: false };
/** A burst of messages is one sound. */
const PAUSE_MS = 1_500;

function stored(): Wishes {
  try {
    return { ...START, ...(JSON.parse(localStorage.getItem(STORE) ?? "{}") as Partial<Wishes>) };
  } catch {
    return START;
  }
}

const [wishes, change] = createSignal<Wishes>(stored());
export { wishes };
export const supported = "Notification" in window;
const [permission, setPermission] = createSignal<NotificationPermission>(supported ? Notification.permission : "denied");
export { permission };

export function setWishes(next: Partial<Wishes>): void {
  change({ ...wishes(), ...next });
  localStorage.setItem(STORE, JSON.stringify(wishes()));
}

export async function askPermission(): Promise<void> {
  if (supported) setPermission(await Notification.requestPermission());
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

export function show(title: string, text: string, conversation: string | null): void {
  if (!supported || permission() !== "granted") return;
  try {
    const note = new Notification(title, { body: text, tag: conversation ?? "test" });
    note.onclick = () => {
      window.focus();
      if (conversation !== null) navigate(chatPath(conversation));
      note.close();
    };
  } catch {
    // Phones show notifications from a service worker only.
  }
}

let rang = 0;
/** A customer wrote. Who looks at the conversation right now needs no notice. */
export function heard(message: MessageView, one: ConversationView | undefined, me: string, muted: boolean, looking: boolean): void {
  if (message.direction !== "inbound" || looking || !concerns(wishes().whose, one, me, muted)) return;
  const now = Date.now();
  if (wishes().sound && now - rang > PAUSE_MS) {
    rang = now;
    void ring();
  }
  if (wishes().desktop && document.visibilityState !== "visible") show(titleOf(one?.title), message.text || t("notify.file"), message.conversation);
}
