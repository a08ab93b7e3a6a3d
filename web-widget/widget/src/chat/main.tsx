/** The chat chunk: the loader calls `mount` once. */
import { render } from "solid-js/web";
import { put } from "@kommutator/shared/i18n.ts";
import tokens from "@kommutator/shared/tokens.css?inline";
import type { Chat, Mount } from "../look.ts";
import { words } from "@kommutator/words";
import css from "./chat.css?inline";
import { setPanel } from "./context.ts";
import { run } from "./extras.ts";
import { Panel } from "./Panel.tsx";
import { createChat } from "./store.ts";

export { solid } from "./solid.ts";

export function mount(host: Mount): Chat {
  const style = (text: string) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    host.root.adoptedStyleSheets.push(sheet);
  };
  style(tokens);
  style(css);
  const chat = createChat(host);
  const frame = host.launcher.parentElement ?? host.root.appendChild(document.createElement("div"));
  let area: HTMLTextAreaElement | undefined;
  const setOpen = (open: boolean) => {
    host.setOpen(open);
    chat.setOpen(open);
    if (open) area?.focus();
    else host.launcher.focus();
  };
  const open = () => setOpen(true);
  const panel = {
    host,
    chat,
    locale: host.locale,
    t: (key: keyof typeof words, params?: Record<string, string | number>) => put(words[key], params),
    link: (url: string | undefined) => (url === undefined ? undefined : new URL(url, host.base).href),
    style,
    open,
    run,
    frame,
  };
  setPanel(panel);
  chat.begin();
  render(() => <Panel close={() => setOpen(false)} area={(made) => (area = made)} />, frame);
  chat.whenInvited((list) => run("invite", (make) => make(list)));
  return {
    open,
    close: () => setOpen(false),
    send: (text) => void chat.send(text.trim()),
    invite: (text) => run("invite", (make) => make([]).say(text)),
    identify: () => chat.identify(),
    reset: () => chat.reset(),
  };
}
