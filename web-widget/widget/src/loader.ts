/**
 * `/widget.js`: draws the launcher at once in its own shadow root and fetches the chat when the page rests or the
 * visitor asks for it. No dependency, no cookie, no inline style: it runs under a strict content security policy.
 */
import { accentOr, textOn } from "@kommutator/shared/contrast.ts";
import css from "./launcher.css?inline";
import { launcherWords } from "./launcher-words.ts";
import { type Chat, DEFAULT_ACCENT, type Look, type Mount, storeName } from "./look.ts";

/** Put in by the build: the chat's file in each language, with its content's hash in the name. */
declare const CHAT_FILES: Record<keyof typeof launcherWords, string>;

type Api = Chat & { mount?: (mount: Mount) => Chat };
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
  return { accent: accentOr(accentOr(DEFAULT_ACCENT, data.accent), look?.accent), side: look?.side ?? data.side ?? "right" };
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
    frame.classList.toggle("left", look.side === "left");
  };
  const setUnread = (count: number) => {
    badge.textContent = count > 99 ? "99+" : count > 0 ? String(count) : "";
    launcher.ariaLabel = count > 0 ? say.unread.replace("{n}", String(count)) : say.open;
  };
  let isOpen = false;
  const setOpen = (open: boolean) => {
    isOpen = open;
    frame.classList.toggle("on", open);
    launcher.ariaExpanded = String(open);
  };
  setLook(lookAtFirst(tag.dataset));

  let chat: Promise<Chat> | undefined;
  const load = () =>
    (chat ??= new Promise<Chat>((resolve, reject) => {
      const chunk = document.createElement("script");
      chunk.src = `${base}widget/${CHAT_FILES[locale]}`;
      if (tag.nonce) chunk.nonce = tag.nonce;
      chunk.onload = () => {
        const made = window.KommutatorChat?.mount({ root, base, widgetKey: key, locale, launcher, setLook, setUnread, setOpen });
        if (made) resolve(made);
        else reject(new Error("kommutator"));
      };
      chunk.onerror = () => reject(new Error("kommutator"));
      document.head.append(chunk);
    }).catch((error: unknown) => {
      // The next click tries again.
      chat = undefined;
      throw error;
    }));
  const ask = (act: (made: Chat) => void) => void load().then(act, () => undefined);

  const open = () => ask((made) => made.open());
  const close = () => ask((made) => made.close());
  launcher.onclick = () => (isOpen ? close() : open());
  launcher.onpointerenter = () => ask(() => undefined);
  window.Kommutator = { open, close, send: (text: string) => ask((made) => made.send(text)) };

  document.body.append(host);
  const rest = () => ("requestIdleCallback" in window ? requestIdleCallback(() => ask(() => undefined), { timeout: 4000 }) : setTimeout(() => ask(() => undefined), 1500));
  if (document.readyState === "complete") rest();
  else window.addEventListener("load", rest, { once: true });
}

if (script && widgetKey && !window.Kommutator) {
  if (document.body) start(widgetKey, script);
  else document.addEventListener("DOMContentLoaded", () => start(widgetKey, script), { once: true });
}
