/**
 * `/widget.js`: draws the launcher at once in its own shadow root and fetches the chat when the page rests or the
 * visitor asks for it. No dependency, no cookie, no inline style: it runs under a strict content security policy.
 */
import { accentOr, textOn } from "@kommutator/shared/contrast.ts";
import type { VisitorIdentity } from "@kommutator/shared/generated/protocol.ts";
import css from "./launcher.css?inline";
import { launcherWords } from "./launcher-words.ts";
import { type Chat, DEFAULT_ACCENT, type Look, type Mount, storeName } from "./look.ts";

/** Put in by the build: the chat's file in each language, with its content's hash in the name. */
declare const CHAT_FILES: Record<keyof typeof launcherWords, string>;

/** `Kommutator("open")` and the like; before the script is there, a page's own stub keeps the calls in `q`. */
type Call = [name: string, ...rest: unknown[]];
type Api = ((...call: Call) => void) & { q?: ArrayLike<unknown>[] };
declare global {
  interface Window {
    Kommutator?: Api;
    KommutatorChat?: { mount: (mount: Mount) => Chat };
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const widgetKey = script?.dataset.widget;

function stored(what: string): string | null {
  try {
    return localStorage.getItem(storeName(widgetKey ?? "", what));
  } catch {
    return null;
  }
}

function lookAtFirst(data: DOMStringMap): Look {
  let look: Partial<Look> | null = null;
  try {
    look = JSON.parse(stored("look") ?? "null") as Partial<Look> | null;
  } catch {
    // Foreign text under our name: the look of the tag then.
  }
  return { ...look, accent: accentOr(accentOr(DEFAULT_ACCENT, data.accent), look?.accent), side: look?.side ?? data.side ?? "right" };
}

function pickLocale(wanted: string): keyof typeof launcherWords {
  const short = wanted.toLowerCase().slice(0, 2);
  return short in launcherWords ? (short as keyof typeof launcherWords) : "en";
}

const OUTLINE = ["M7.9 20A9 9 0 1 0 4 16.1L2 22Z", "M18 6 6 18M6 6l12 12"];

function icon(name: string, path: string | undefined): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(ns, "path")).setAttribute("d", path ?? "");
  return svg;
}

function start(key: string, tag: HTMLScriptElement): void {
  // Of several tags the first one of the page counts, whichever came over the network first.
  const first = document.querySelector("script[data-widget]");
  if ((first && first !== tag) || document.querySelector("kommutator-widget")) return;
  const base = new URL(".", tag.src).href;
  const locale = pickLocale(tag.dataset.locale || document.documentElement.lang || navigator.language);
  const say = launcherWords[locale];
  const host = document.createElement("kommutator-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const frame = root.appendChild(document.createElement("div"));
  const launcher = frame.appendChild(document.createElement("button"));
  launcher.type = "button";
  launcher.className = "launch";
  launcher.ariaLabel = say.open;
  launcher.ariaExpanded = "false";
  launcher.append(icon("c", OUTLINE[0]), icon("x", OUTLINE[1]));
  const badge = launcher.appendChild(document.createElement("b"));
  badge.ariaHidden = "true";

  const setLook = (look: Look) => {
    const accent = accentOr(DEFAULT_ACCENT, look.accent);
    frame.style.setProperty("--accent", accent);
    frame.style.setProperty("--on-accent", textOn(accent));
    frame.style.setProperty("--x", `${look.offset_x ?? 20}px`);
    frame.style.setProperty("--y", `${look.offset_y ?? 20}px`);
    frame.classList.toggle("left", look.side === "left");
    frame.hidden = !!look.hidden;
  };
  const listeners: [string, (told: unknown) => void][] = [];
  const emit = (name: string, told?: unknown) => {
    for (const [wanted, hear] of listeners.slice()) {
      try {
        if (wanted === name) hear(told);
      } catch (error) {
        console.error(error);
      }
    }
  };
  let unread = 0;
  const setUnread = (count: number) => {
    if (count !== unread) emit("unread", (unread = count));
    badge.textContent = count > 99 ? "99+" : count > 0 ? String(count) : "";
    launcher.ariaLabel = count > 0 ? say.unread.replace("{n}", String(count)) : say.open;
  };
  let isOpen = false;
  const setOpen = (open: boolean) => {
    if (open !== isOpen) emit(open ? "open" : "close");
    isOpen = open;
    frame.classList.toggle("on", open);
    launcher.ariaExpanded = String(open);
  };
  setLook(lookAtFirst(tag.dataset));

  const load = (file: string) =>
    new Promise<void>((resolve, reject) => {
      const chunk = document.createElement("script");
      chunk.src = `${base}widget/${file}`;
      if (tag.nonce) chunk.nonce = tag.nonce;
      chunk.onload = () => resolve();
      chunk.onerror = reject;
      document.head.append(chunk);
    });
  let identity: VisitorIdentity | undefined;
  let chat: Promise<Chat> | undefined;
  const make = async () => {
    await load(CHAT_FILES[locale]);
    const made = window.KommutatorChat?.mount({ root, base, widgetKey: key, locale, launcher, identity: () => identity, load, emit, setLook, setUnread, setOpen });
    if (!made) throw new Error("kommutator");
    return made;
  };
  const get = () =>
    (chat ??= make().catch((error: unknown) => {
      // The next click tries again.
      chat = undefined;
      throw error;
    }));
  const ask = (act: (made: Chat) => void) => void get().then(act, () => undefined);

  const open = () => ask((made) => made.open());
  const close = () => ask((made) => made.close());
  launcher.onclick = () => (isOpen ? close() : open());
  launcher.onpointerenter = () => ask(() => undefined);
  const calls: Record<string, (first: unknown, second: unknown) => void> = {
    open,
    close,
    send: (text) => ask((made) => made.send(String(text))),
    invite: (text) => ask((made) => made.invite(String(text))),
    identify(who) {
      identity = who as VisitorIdentity;
      if (chat) ask((made) => made.identify());
    },
    reset() {
      identity = undefined;
      ask((made) => made.reset());
    },
    on: (name, hear) => listeners.push([name as string, hear as () => void]),
    off(name, hear) {
      const at = listeners.findIndex((one) => one[0] === name && one[1] === hear);
      if (at >= 0) listeners.splice(at, 1);
    },
  };
  const kept = window.Kommutator?.q ?? [];
  const api: Api = (name, ...rest) => calls[name]?.(rest[0], rest[1]);
  window.Kommutator = api;
  for (const call of Array.from(kept)) api(...(Array.from(call) as Call));

  document.body.append(host);
  const rest = () => ("requestIdleCallback" in window ? requestIdleCallback(() => ask(() => undefined), { timeout: 4000 }) : setTimeout(() => ask(() => undefined), 1500));
  if (document.readyState === "complete") rest();
  else window.addEventListener("load", rest, { once: true });
}

if (script && widgetKey) {
  if (document.body) start(widgetKey, script);
  else document.addEventListener("DOMContentLoaded", () => start(widgetKey, script), { once: true });
}
