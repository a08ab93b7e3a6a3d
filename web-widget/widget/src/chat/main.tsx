/** The chat chunk: the loader calls `mount` once. */
import { render } from "solid-js/web";
import { put } from "@kommutator/shared/i18n.ts";
import tokens from "@kommutator/shared/tokens.css?inline";
import type { Chat, Mount } from "../look.ts";
import { words } from "@kommutator/words";
import css from "./chat.css?inline";
import { setPanel } from "./context.ts";
import { Panel } from "./Panel.tsx";
import { createChat } from "./store.ts";
import { createUploads } from "@kommutator/shared/uploads.ts";

export function mount(host: Mount): Chat {
  const sheets = [tokens, css].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  host.root.adoptedStyleSheets = [...sheets, ...host.root.adoptedStyleSheets];
  const chat = createChat(host);
  const frame = host.launcher.parentElement ?? host.root.appendChild(document.createElement("div"));
  const uploads = createUploads(
    (file) => new URL(`widget/v1/files?widget=${encodeURIComponent(host.widgetKey)}&name=${encodeURIComponent(file)}`, host.base).href,
    chat.token,
    () => ({ most: chat.look()?.max_file_bytes ?? 0, files: chat.look()?.max_files ?? 0 }),
  );
  let area: HTMLTextAreaElement | undefined;
  const setOpen = (open: boolean) => {
    host.setOpen(open);
    chat.setOpen(open);
    if (open) area?.focus();
    else host.launcher.focus();
  };
  setPanel({
    chat,
    locale: host.locale,
    t: (key, params) => put(words[key], params),
    link: (url: string | undefined) => (url === undefined ? undefined : new URL(url, host.base).href),
  });
  render(() => <Panel uploads={uploads} close={() => setOpen(false)} area={(made) => (area = made)} />, frame);
  return {
    open: () => setOpen(true),
    close: () => setOpen(false),
    send: (text) => void chat.send(text.trim(), []),
  };
}
