/** Records a voice with the browser's own means: it becomes a file. One for both apps. */
import { createSignal } from "solid-js";

/** Longer ones are cut: nobody listens to them, and the file must stay small. */
const LONGEST_S = 5 * 60;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export const canRecord = () => "MediaRecorder" in window;

/** Begins at once. `done` is called when it is over, however it ended; before that `take` gets what is to be kept. */
export function createRecorder(name: string, take: (file: File) => void, done: () => void) {
  const [seconds, setSeconds] = createSignal(0);
  const [state, setState] = createSignal<"asking" | "recording" | "denied">("asking");
  let recorder: MediaRecorder | undefined;
  let over = false;
  let kept = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const end = (keep: boolean) => {
    if (over) return;
    over = true;
    kept = keep;
    if (recorder) recorder.stop();
    else done();
  };
  const start = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const silence = () => stream.getTracks().forEach((track) => track.stop());
    // Given up while the browser was asking: nothing may listen.
    if (over) {
      silence();
      return;
    }
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    const made = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 32_000 });
    const parts: Blob[] = [];
    made.ondataavailable = (event) => parts.push(event.data);
    made.onstop = () => {
      clearInterval(timer);
      silence();
      // A microphone that was pulled out ends it too: what was said is kept.
      const keep = over ? kept : true;
      over = true;
      const ending = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
      if (keep) take(new File(parts, `${name}.${ending}`, { type: type.split(";")[0] ?? "" }));
      done();
    };
    made.start();
    recorder = made;
    setState("recording");
    timer = setInterval(() => {
      if (setSeconds(seconds() + 1) >= LONGEST_S) end(true);
    }, 1000);
  };
  start().catch(() => setState("denied"));
  return { state, end, time: () => `${Math.floor(seconds() / 60)}:${String(seconds() % 60).padStart(2, "0")}` };
}
