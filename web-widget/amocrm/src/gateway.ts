/** The calls of the widget to the installation, docs/crm-widget.md. */
import type { Contact } from "./crm.ts";
import type { Params } from "@kommutator/shared/i18n.ts";
import type { Person } from "./amo.ts";

export type Reason = { code: string; params?: Params | null; provider?: string | null; message?: string };
export type Health = { status: string; reason?: Reason | null };
export type Hello = {
  name: string;
  mode: "chats" | "add" | "lite";
  on: boolean;
  health: Health;
  notices: { on: boolean; key_known: boolean };
  mailing: { most: number };
};
export type Way = "direct" | "comment";
export type Target = {
  contact: string;
  account: { id: string; kind: string; name: string };
  conversation?: string | null;
  address?: string | null;
  title: string;
  what: "chat" | "compose";
  ways?: Way[];
  last?: { at: string | number; text: string; attachment?: string | null; direction: string } | null;
  can: boolean;
  reason?: Reason | null;
};
export type Sent = { message: string; conversation: string; state: string; reason?: Reason | null };
export type Failed = { contact: string; code: string; message?: string };
export type Mailing = { total: number; sent: number; waiting: number; failed: Failed[]; stopped: boolean };
export type Notice = { id: string; at: string | number; title: string; text: string; contact?: string | null; deal?: string | null };
/** Somebody to write to: a conversation, or an account and an address there. */
export type Whom = { id: string; user: Person; deal?: string; contact?: string; conversation?: string; account?: string; address?: string };
export type Say = Whom & { way?: Way; text: string; files: string[] };

/** Whom a target names, for one request. */
export function whom(target: Target, id: string, user: Person, deal: string | undefined): Whom {
  const { contact, conversation, account, address } = target;
  const to = conversation ? { conversation } : { account: account.id, address: address ?? "" };
  return { id, user, ...(deal && { deal }), ...(contact && { contact }), ...to };
}

/** What went wrong: `code` is the server's, or `network`. */
export class Trouble extends Error {
  constructor(
    readonly code: string,
    readonly status = 0,
    readonly detail = "",
    readonly params?: Params | null,
  ) {
    super(code);
  }
}

const PATIENCE_MS = 20_000;
const UPLOAD_MS = 300_000;
/** The server answers after 25 s at the latest. */
const NOTICES_MS = 40_000;
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The address as it was typed, as an origin with a path; `null` when nothing can stand there. */
export function read(address: string): string | null {
  const typed = address.trim();
  if (!typed) return null;
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(typed) ? typed : `https://${typed}`);
    // A page under https may not call anything else, but for the machine it runs on.
    if (url.protocol !== "https:" && !(url.protocol === "http:" && LOCAL.test(url.hostname))) return null;
    return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  } catch {
    return null;
  }
}

export const isKey = (key: string): boolean => /^[0-9a-f]{32}$/i.test(key.trim());

/** Ends by itself, or when it is left. */
function within(ms: number, left?: AbortSignal): AbortSignal {
  if (!left) return AbortSignal.timeout(ms);
  const end = new AbortController();
  const stop = () => end.abort();
  const timer = setTimeout(stop, ms);
  const leave = () => {
    clearTimeout(timer);
    stop();
  };
  if (left.aborted) leave();
  else left.addEventListener("abort", leave, { once: true });
  return end.signal;
}

export type Gateway = ReturnType<typeof gateway>;

export function gateway(address: string, key: string) {
  const call = async <Answer>(method: string, path: string, body?: unknown, ms = PATIENCE_MS, left?: AbortSignal): Promise<Answer> => {
    const file = body instanceof Blob;
    const type = file ? body.type || "application/octet-stream" : "application/json";
    const headers = { "x-api-key": key, ...(body !== undefined && { "content-type": type }) };
    const request: RequestInit = { method, headers, credentials: "omit", signal: within(ms, left), ...(body !== undefined && { body: file ? body : JSON.stringify(body) }) };
    const answer = await fetch(`${address}/crm-widget/v1/${path}`, request).catch(() => null);
    if (!answer) throw new Trouble("network");
    const said = (await answer.json().catch(() => null)) as (Answer & { code?: string; message?: string; detail?: string; params?: Params }) | null;
    if (answer.ok) return said as Answer;
    throw new Trouble(said?.code ?? (answer.status === 404 ? "not_found" : "server"), answer.status, said?.message ?? said?.detail ?? "", said?.params);
  };
  const part = encodeURIComponent;
  return {
    address,
    hello: (account: string, user: Person, version: string) => call<Hello>("POST", "hello", { account, user, version }),
    card: (deal: string | undefined, contacts: Contact[]) => call<{ targets: Target[] }>("POST", "card", { ...(deal && { deal }), contacts }),
    start: (said: Whom) => call<{ conversation: string; chat: string | null }>("POST", "start", said),
    upload: (file: File) => call<{ id: string }>("POST", `files?name=${part(file.name)}`, file, UPLOAD_MS),
    say: (said: Say) => call<Sent>("POST", "messages", said),
    message: (id: string) => call<Omit<Sent, "conversation">>("GET", `messages/${part(id)}`),
    mail: (id: string, user: Person, contacts: Contact[], text: string) => call<{ mailing: string; total: number; skipped: Failed[] }>("POST", "mailings", { id, user, contacts, text }),
    mailing: (id: string) => call<Mailing>("GET", `mailings/${part(id)}`),
    stop: (id: string) => call<unknown>("DELETE", `mailings/${part(id)}`),
    userKey: (user: Person) => call<{ key: string }>("POST", "user-keys", { user }),
    notices: (user: string, key: string, after: string | null, left: AbortSignal) =>
      call<{ notices: Notice[]; cursor: string }>("GET", `notices?${new URLSearchParams({ user, key, ...(after !== null && { after }) }).toString()}`, undefined, NOTICES_MS, left),
  };
}
