/** What every part of the panel needs. A page has one panel, so this is set once, before it is drawn. */
import type { Locale, Params } from "@kommutator/shared/i18n.ts";
import type { Mount } from "../look.ts";
import type { WordKey } from "../words/ru.ts";
import type { run } from "./extras.ts";
import type { ChatStore } from "./store.ts";

export type Panel = {
  host: Mount;
  chat: ChatStore;
  locale: Locale;
  t: (key: WordKey, params?: Params) => string;
  /** An address of the server as the page needs it. */
  link: (url: string | undefined) => string | undefined;
  /** Adds a sheet to what the panel is drawn with. */
  style: (css: string) => void;
  open: () => void;
  /** Fetches another rare part. */
  run: typeof run;
  /** What lies over the page: a picture, an invitation. */
  frame: HTMLElement;
};

let panel: Panel | undefined;

export function setPanel(made: Panel): void {
  panel = made;
}

export function usePanel(): Panel {
  if (!panel) throw new Error("no panel yet");
  return panel;
}
