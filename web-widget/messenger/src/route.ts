/** The address bar as a signal. History routes, no hash; the same page answers them all. */
import { createSignal } from "solid-js";
import { parseRoute, type Route } from "./routes.ts";

export type { Door, Route } from "./routes.ts";

export const secretOfLink = () => location.hash.slice(1);

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
