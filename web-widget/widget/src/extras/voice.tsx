/** Records a voice message: it becomes a file of the next message. */
import { createSignal } from "solid-js";
import { voice as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import { icon } from "./shared/outlines.tsx";
import css from "./voice.css?inline";

/** Longer ones are cut: nobody listens to them, and the file must stay small. */
const LONGEST_S = 5 * 60;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export function make(panel: Panel) {
  panel.style(css);
  return (take: (file: File) => void, done: () => void) => {
    const [seconds, setSeconds] = createSignal(0);
    const [denied, setDenied] = createSignal(false);
    let recorder: MediaRecorder | undefined;
    let kept = false;
    let timer: ReturnType<typeof setInterval> | undefined;
    const silence = () => {
      clearInterval(timer);
      recorder?.stream.getTracks().forEach((track) => track.stop());
    };
    const end = (keep: boolean) => {
      kept = keep;
      if (recorder?.state === "recording") recorder.stop();
      else done();
    };
    const start = async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
      const made = (recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 32_000 }));
      const parts: Blob[] = [];
      made.ondataavailable = (event) => parts.push(event.data);
      made.onstop = () => {
        silence();
        const ending = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
        if (kept) take(new File(parts, `${words.name}.${ending}`, { type: type.split(";")[0] ?? "" }));
        done();
      };
      made.start();
      timer = setInterval(() => {
        if (setSeconds(seconds() + 1) >= LONGEST_S) end(true);
      }, 1000);
    };
    start().catch(() => setDenied(true));
    const time = () => `${Math.floor(seconds() / 60)}:${String(seconds() % 60).padStart(2, "0")}`;
    const face = () =>
      denied()
        ? <span role="alert">{words.denied}</span>
        : [<i aria-hidden="true" />, <span role="timer" aria-label={words.recording}>{time()}</span>, <button type="button" class="go" aria-label={words.stop} onClick={() => end(true)}>{icon("check")}</button>];
    return (
      <div class="record">
        {face()}
        <button type="button" class="icon" aria-label={words.cancel} onClick={() => end(false)}>{icon("close")}</button>
      </div>
    );
  };
}
