/** Every address of the HTTP edge the messenger uses, typed, in one place. */
import type { ConversationView, Me, MessageView, Role } from "@kommutator/shared/generated/protocol.ts";
import { call, query } from "./http.ts";
import type { Appearance, AuditEntry, ChannelChange, ChannelView, Colleague, Counters, Found, Page, QuarantinePayload, QuarantineView, TokenView, UserView, View } from "./types.ts";

const base = "/api/v1";
const id = encodeURIComponent;

export type NewUser = { name: string; email: string; password: string; role: Role; channels: string[] | null };
export type MessagesAsk = { limit?: number; before?: string; after?: string; around?: string };

export const api = {
  login: (email: string, password: string) => call<{ token: string }>("POST", `${base}/login`, { email, password }),
  logout: () => call<undefined>("POST", `${base}/logout`),
  me: () => call<Me>("GET", `${base}/me`),
  changeMe: (change: { name?: string; locale?: string }) => call<Me | undefined>("PATCH", `${base}/me`, change),

  conversations: (view: View, cursor: string | null, limit = 50) => call<Page<ConversationView>>("GET", `${base}/conversations${query({ view, cursor, limit })}`),
  counters: () => call<Counters>("GET", `${base}/conversations/counters`),
  conversation: (key: string) => call<ConversationView>("GET", `${base}/conversations/${id(key)}`),
  close: (key: string) => call<ConversationView | undefined>("POST", `${base}/conversations/${id(key)}/close`),
  reopen: (key: string) => call<ConversationView | undefined>("POST", `${base}/conversations/${id(key)}/reopen`),
  assign: (key: string, user: string | null) => call<ConversationView | undefined>("POST", `${base}/conversations/${id(key)}/assign`, { user }),
  retry: (key: string, message: string) => call<ConversationView>("POST", `${base}/conversations/${id(key)}/messages/${id(message)}/retry`),
  messages: (key: string, ask: MessagesAsk) => call<Page<MessageView>>("GET", `${base}/conversations/${id(key)}/messages${query(ask)}`),
  search: (q: string, cursor: string | null, signal?: AbortSignal) => call<Page<Found> & { complete: boolean }>("GET", `${base}/search${query({ q, cursor })}`, undefined, signal),
  uploadUrl: (name: string) => `${base}/files${query({ name })}`,

  channels: () => call<Page<ChannelView>>("GET", `${base}/channels`),
  addWidget: (name: string, origins: string[], appearance: Appearance) => call<ChannelView>("POST", `${base}/channels`, { kind: "site_widget", name, widget: { origins, appearance } }),
  changeChannel: (key: string, change: ChannelChange) => call<ChannelView>("PATCH", `${base}/channels/${id(key)}`, change),
  deleteChannel: (key: string) => call<undefined>("DELETE", `${base}/channels/${id(key)}`),

  users: () => call<Page<UserView>>("GET", `${base}/users`),
  colleagues: () => call<Page<Colleague>>("GET", `${base}/users`),
  addUser: (user: NewUser) => call<UserView>("POST", `${base}/users`, user),
  changeUser: (key: string, change: Partial<NewUser>) => call<UserView>("PATCH", `${base}/users/${id(key)}`, change),
  deleteUser: (key: string) => call<undefined>("DELETE", `${base}/users/${id(key)}`),

  tokens: () => call<Page<TokenView>>("GET", `${base}/tokens`),
  addToken: (name: string, role: Role, channels: string[] | null) => call<TokenView & { token: string }>("POST", `${base}/tokens`, { name, role, channels }),
  deleteToken: (key: string) => call<undefined>("DELETE", `${base}/tokens/${id(key)}`),

  audit: (cursor: string | null) => call<Page<AuditEntry>>("GET", `${base}/audit${query({ cursor })}`),
  quarantine: (cursor: string | null) => call<Page<QuarantineView>>("GET", `${base}/quarantine${query({ cursor })}`),
  payload: (key: string) => call<QuarantinePayload>("GET", `${base}/quarantine/${id(key)}`),
  replay: (key: string) => call<QuarantineView>("POST", `${base}/quarantine/${id(key)}/replay`),
};
