/** Records a voice message: it becomes a file of the next message. */
import { createRecorder } from "@kommutator/shared/recorder.ts";
import { voice as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import { icon } from "./shared/outlines.tsx";
import css from "./voice.css?inline";

export function make(panel: Panel) {
  panel.style(css);
  return (take: (file: File) => void, done: () => void) => {
    const recorder = createRecorder(words.name, take, done);
    const face = () =>
      recorder.state() === "denied"
        ? <span role="alert">{words.denied}</span>
        : [<i aria-hidden="true" />, <span role="timer" aria-label={words.recording}>{recorder.time()}</span>, <button type="button" class="go" aria-label={words.stop} onClick={() => recorder.end(true)}>{icon("check")}</button>];
    return (
      <div class="record">
        {face()}
        <button type="button" class="icon" aria-label={words.cancel} onClick={() => recorder.end(false)}>{icon("close")}</button>
      </div>
    );
  };
}
