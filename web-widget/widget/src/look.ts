import type { VisitorIdentity } from "@kommutator/shared/generated/protocol.ts";
import type { Locale } from "@kommutator/shared/i18n.ts";

/** What the loader and the chat chunk say to each other. */
export type Look = { accent: string; side: string; offset_x?: number; offset_y?: number; hidden?: boolean };

export type Mount = {
  /** The shadow root both draw into. */
  root: ShadowRoot;
  /** Where the server is, with a slash at the end. */
  base: string;
  widgetKey: string;
  locale: Locale;
  launcher: HTMLButtonElement;
  /** Who the site says the visitor is. */
  identity(): VisitorIdentity | undefined;
  /** Puts a script of ours into the page. */
  load(file: string): Promise<void>;
  /** Tells the page's listeners. */
  emit(name: string, told?: unknown): void;
  setLook(look: Look): void;
  setUnread(count: number): void;
  setOpen(open: boolean): void;
};

export type Chat = { open(): void; close(): void; send(text: string): void; invite(text: string): void; identify(): void; reset(): void };

export const DEFAULT_ACCENT = "#3b5bdb";
export const storeName = (widgetKey: string, what: string) => `kommutator.${widgetKey}.${what}`;
