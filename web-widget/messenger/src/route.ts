/** The address bar as a signal. History routes, no hash; the same page answers them all. */
import { createSignal } from "solid-js";

export type SettingsPage = "profile" | "notifications" | "workspace" | "setup" | "channels" | "replies" | "tags" | "people" | "tokens" | "audit" | "quarantine";
/** The pages before one is let in. What they were given stands behind `#`, where no server and no other site sees it. */
export type Door = "setup" | "invite" | "forgot" | "reset";
export type Route =
  | { name: "door"; page: Door }
  | { name: "chats"; conversation: string | null; message: string | null }
  | { name: "customers"; id: string | null }
  | { name: "settings"; page: SettingsPage | null; item: string | null };

const PAGES: readonly string[] = ["profile", "notifications", "workspace", "setup", "channels", "replies", "tags", "people", "tokens", "audit", "quarantine"];

const DOORS: readonly string[] = ["setup", "invite", "forgot", "reset"];

export const secretOfLink = () => location.hash.slice(1);

export function parseRoute(path: string, search: string): Route {
  const [, first, second, third] = path.split("/");
  if (second === undefined && DOORS.includes(first ?? "")) return { name: "door", page: first as Door };
  if (first === "settings") return { name: "settings", page: PAGES.includes(second ?? "") ? (second as SettingsPage) : null, item: third || null };
  if (first === "customers") return { name: "customers", id: second ? decodeURIComponent(second) : null };
  const conversation = first === "c" && second ? decodeURIComponent(second) : null;
  return { name: "chats", conversation, message: conversation ? new URLSearchParams(search).get("m") : null };
}

const [route, setRoute] = createSignal<Route>(parseRoute(location.pathname, location.search));
export { route };

/** Asked before the address changes; whoever says no keeps the page. */
type Guard = () => boolean;
let guard: { blocks: Guard; ask: (go: () => void) => void } | null = null;

export function setGuard(next: typeof guard): void {
  guard = next;
}

export function navigate(path: string, replace = false): void {
  const go = () => {
    if (replace) history.replaceState(null, "", path);
    else if (path !== location.pathname + location.search) history.pushState(null, "", path);
    setRoute(parseRoute(location.pathname, location.search));
  };
  if (guard?.blocks()) guard.ask(go);
  else go();
}

export const chatPath = (conversation: string, message?: string) => `/c/${encodeURIComponent(conversation)}${message ? `?m=${encodeURIComponent(message)}` : ""}`;

export const customerPath = (id: string) => `/customers/${encodeURIComponent(id)}`;

window.addEventListener("popstate", () => setRoute(parseRoute(location.pathname, location.search)));
window.addEventListener("beforeunload", (event) => {
  if (guard?.blocks()) event.preventDefault();
});

/** For links that stay inside: a plain click navigates, any other is the browser's. */
export function follow(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(event.currentTarget.pathname + event.currentTarget.search);
}
