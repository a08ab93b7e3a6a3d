/** Rare parts lie in chunks of their own and come when they are first needed. */
import type { JSX } from "solid-js";
import type { AttachmentView, EpisodeView, InvitationView, MessageView, Page, VisitHello } from "@kommutator/shared/generated/protocol.ts";
import { type Panel, usePanel } from "./context.ts";

/** Files chosen for the next message. */
export type Tray = {
  add(files: Iterable<File>): void;
  busy(): boolean;
  /** Whether something is ready to go. */
  full(): boolean;
  /** Whether anything was chosen. */
  list(): boolean;
  take(): AttachmentView[];
  view: JSX.Element;
};

export type Extras = {
  /** What a message has beside its words: what it answers, files, reactions. */
  files: { tray: () => Tray; list: (files: AttachmentView[], of?: MessageView) => JSX.Element };
  opening: () => JSX.Element;
  phone: (box: HTMLElement) => void;
  /** Why the server turned the visitor away, in words. */
  refusal: (close: number, code: string) => string;
  sound: () => void;
  /** Where the visitor is and how they came. */
  visit: {
    page: () => Page;
    visit: (recall: string | undefined, remember: (text: string) => void) => VisitHello;
    /** What is given to `say` goes to the server; what it returns looks at once. */
    watch: (say: (frame: object) => void) => () => void;
  };
  form: () => JSX.Element;
  rating: (episode: () => EpisodeView | undefined) => JSX.Element;
  lightbox: (pictures: AttachmentView[], at: number, done: () => void) => JSX.Element;
  emoji: (pick: (emoji: string) => void, done: () => void) => JSX.Element;
  voice: (take: (file: File) => void, done: () => void) => JSX.Element;
  invite: (invitations: InvitationView[]) => { say(text: string): void };
};
export type ExtraName = keyof Extras;

/** Put in by the build: each part's file, with its content's hash in the name. */
declare const EXTRA_FILES: Record<ExtraName, string>;

type Made = Record<string, { make: (panel: Panel) => unknown } | undefined>;

const loaded: Partial<Record<ExtraName, Promise<unknown>>> = {};

/** Fetches a part once and runs it; without it the chat goes on. */
export function run<Name extends ExtraName>(name: Name, act: (made: Extras[Name]) => void, failed: () => void = () => undefined): void {
  const panel = usePanel();
  const coming = (loaded[name] ??= panel.host
    .load(EXTRA_FILES[name])
    .then(() => (window as unknown as Made)[`Kommutator_${name}`]?.make(panel))
    .catch((error: unknown) => {
      // Asked for again, it is tried again.
      loaded[name] = undefined;
      throw error;
    }));
  (coming as Promise<Extras[Name]>).then(act, failed);
}
