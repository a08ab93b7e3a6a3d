/** One scene of the widget, as a site has it: `?scene=ID`. */
import type { Scene } from "./scenes.ts";
import { LOOK, SCENES } from "./scenes.ts";

const scene = SCENES.find((one) => one.id === new URLSearchParams(location.search).get("scene")) ?? SCENES[0];
if (!scene) throw new Error("no scenes");
localStorage.clear();

class PlayedSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    if (playing.ends === undefined) setTimeout(() => this.onopen?.());
    else if (playing.ends > 0) setTimeout(() => this.onclose?.({ code: playing.ends ?? 0 }));
  }

  private say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  send(text: string): void {
    const frame = JSON.parse(text) as { type: string; client_id?: string; text?: string };
    if (frame.type === "hello" && playing.refuses) {
      this.say({ type: "error", code: playing.refuses, detail: "", client_id: null });
      setTimeout(() => this.onclose?.({ code: 4401 }));
    } else if (frame.type === "hello") {
      this.say({
        type: "ready", session: "", cursor: "", resumed: false, server_time: "2026-11-21T12:30:00Z", me: { kind: "customer", id: "v", name: "" }, visitor_token: "gallery", conversation: playing.messages ? "0000000000001" : null,
        widget: { ...LOOK, ...playing.view }, visit: "", talk: playing.talk, episodes: playing.past ?? [], messages: playing.messages ?? [],
      });
      for (const one of playing.frames ?? []) setTimeout(() => this.say(one), 50);
    }
  }

  close(): void {
    this.onclose = null;
  }
}

const playing: Scene = scene;
// The pictures are taken by what is listed here.
Object.assign(window, { WebSocket: PlayedSocket, SCENES });
const tag = document.createElement("script");
tag.src = "/widget.js";
tag.dataset.widget = "gallery";
tag.dataset.locale = "ru";
tag.onload = () => {
  if (!playing.shut) window.Kommutator?.("open");
};
document.body.append(tag);
