/** How the visitor came: kept on the device for as long as the visit lasts. */
import type { Page, VisitHello } from "@kommutator/shared/generated/protocol.ts";
import { decode, encode } from "@kommutator/shared/json.ts";
import type { Panel } from "../chat/context.ts";
import { newClientId } from "@kommutator/shared/socket/browser.ts";

/** After so long without a page a visit is over. */
const IDLE_MS = 30 * 60_000;
const COOKIE = /(?:^|; )(_ga|_ym_uid|_fbp|roistat_visit)=([^;]+)/g;
const MARK = /^(?:utm_(\w+)|(\w+clid|openstat))$/;

type Kept = VisitHello & { seen: number };

function pageNow(): Page {
  return { url: location.href.slice(0, 2000), title: document.title.slice(0, 300), referrer: document.referrer.slice(0, 2000) };
}

function marksNow(): Record<string, string> {
  const marks: Record<string, string> = {};
  new URLSearchParams(location.search).forEach((value, name) => {
    const found = MARK.exec(name);
    if (found) marks[found[1] ?? name] = value.slice(0, 300);
  });
  return marks;
}

/** What the site's analytics call the visitor. They come after the page, mostly. */
function analyticsNow(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, value] of document.cookie.matchAll(COOKIE)) if (name && value) found[name] = value.slice(0, 300);
  return found;
}

/** The visit that lasts, or a new one: after a pause, and when an advertisement leads here anew. */
function visitNow(recall: string | undefined, remember: (text: string) => void): VisitHello {
  const now = Date.now();
  const marks = marksNow();
  let kept: Kept | undefined;
  try {
    kept = decode(recall ?? "null") as Kept | undefined;
  } catch {
    // Foreign text under our name.
  }
  const same = kept?.key && now - kept.seen < IDLE_MS && (Object.keys(marks).length === 0 || encode(marks) === encode(kept.marks));
  const visit: Kept = same && kept ? kept : { key: newClientId(), first: pageNow(), marks, analytics: {}, seen: now };
  visit.seen = now;
  Object.assign(visit.analytics, analyticsNow());
  remember(encode(visit));
  return { key: visit.key, first: visit.first, marks: visit.marks, analytics: visit.analytics };
}

/** Tells of every other page, also where the page changes its address by itself, and of analytics that came late. */
function watchPlace(say: (frame: object) => void): () => void {
  const now = () => location.href + encode(analyticsNow());
  let last = now();
  const look = () => {
    if (now() === last) return;
    last = now();
    say({ type: "page", page: pageNow(), analytics: analyticsNow() });
  };
  window.addEventListener("popstate", look);
  // A page that moves by `pushState` says so to nobody: its methods stay its own, so we look.
  setInterval(look, 1000);
  return look;
}

/** A letter's link led here: what it carries is taken out of the address before anything else reads it, and the chat opens. */
function backBy(panel: Panel): string | undefined {
  const found = /#kommutator=([\w-]+)$/.exec(location.href);
  if (!found) return undefined;
  history.replaceState(history.state, "", location.href.slice(0, found.index));
  setTimeout(panel.open);
  return found[1];
}

export const make = (panel: Panel) => {
  const [back, before] = [backBy(panel), panel.chat.token()];
  // Until the server has given the token of who was written to.
  const told = () => (back && panel.chat.token() === before ? { back } : {});
  return {
    page: pageNow,
    visit: (recall: string | undefined, remember: (text: string) => void) => ({ ...visitNow(recall, remember), ...told() }),
    watch: watchPlace,
  };
};
