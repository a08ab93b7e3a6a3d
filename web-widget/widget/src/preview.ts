/**
 * The owner's preview: the real loader and the real chat, and a server that only plays. The page around it says how the widget is
 * to look; nothing leaves this frame.
 */
import type { MessageView, VisitorReady, WidgetView } from "@kommutator/shared/generated/protocol.ts";

export type Shown = { view: WidgetView; open: boolean; sample: string };

const asked = new URLSearchParams(location.search);
const CONVERSATION = "0000000000001";
let shown: Shown | undefined;
let ready: (() => void) | undefined;
let count = 0;

function message(text: string, own: boolean): MessageView {
  const at = new Date().toISOString();
  const id = `${CONVERSATION}${String((count += 1)).padStart(7, "0")}`;
  const author = own ? { kind: "customer" as const, id: "v", name: "" } : { kind: "manager" as const, id: "m", name: shown?.view.title ?? "" };
  return { id, conversation: CONVERSATION, direction: own ? "inbound" : "outbound", author, text, attachments: [], written_at: at, imported_at: at, state: { status: "sent", at }, crm: [], reactions: [], reply_to: null, client_id: null };
}

/** Answers as the server would. */
class PlayedSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    setTimeout(() => this.onopen?.());
  }

  private say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  private readonly greet = (): void => {
    if (!shown) return;
    const frame: VisitorReady & { type: "ready" } = {
      type: "ready", session: "", cursor: "", resumed: true, server_time: new Date().toISOString(), me: { kind: "customer", id: "v", name: "" },
      visitor_token: "preview", conversation: null, widget: shown.view, visit: "", episodes: [], messages: [],
    };
    this.say(frame);
  };

  send(text: string): void {
    const frame = JSON.parse(text) as { type: string; client_id?: string; text?: string };
    if (frame.type === "hello") {
      ready = this.greet;
      this.greet();
    } else if (frame.type === "send") this.say({ type: "accepted", client_id: frame.client_id, message: message(frame.text ?? "", true), duplicate: false });
  }

  close(): void {
    this.onclose = null;
  }
}

// Nothing of an earlier preview is remembered.
for (const key of Object.keys(localStorage)) if (key.startsWith("kommutator.preview.")) localStorage.removeItem(key);
Object.assign(window, { WebSocket: PlayedSocket });

// A browser does not say to a frame which theme the page around it shows, so the sheets are told.
const dark = asked.get("theme") === "dark";
const replaceSync = Object.getOwnPropertyDescriptor(CSSStyleSheet.prototype, "replaceSync")?.value as (this: CSSStyleSheet, text: string) => void;
CSSStyleSheet.prototype.replaceSync = function replace(text: string) {
  replaceSync.call(this, text.replaceAll("prefers-color-scheme:dark", dark ? "min-width:0" : "max-width:0").replaceAll("prefers-color-scheme: dark", dark ? "min-width:0" : "max-width:0"));
};

const page = new CSSStyleSheet();
replaceSync.call(page, `html{height:100%;background:${dark ? "#1b1f27" : "#eef1f5"}}`);
document.adoptedStyleSheets = [page];

window.addEventListener("message", (event: MessageEvent<Shown>) => {
  if (event.origin !== location.origin || !event.data.view) return;
  const first = !shown;
  shown = event.data;
  if (first) {
    const tag = document.createElement("script");
    tag.src = "/widget.js";
    tag.dataset.widget = "preview";
    tag.dataset.locale = asked.get("locale") ?? "ru";
    tag.dataset.accent = shown.view.accent;
    tag.onload = () => window.Kommutator?.("open");
    document.body.append(tag);
  } else ready?.();
});
window.parent.postMessage("preview", location.origin);
