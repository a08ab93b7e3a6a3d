/** Every address of the HTTP edge the messenger uses, typed, in one place. */
import type { AttachmentView, ConversationView, CustomerView, Me, MessageView, NoticeSettings, PersonView, Role } from "@kommutator/shared/generated/protocol.ts";
import { call, query } from "./http.ts";
import { PAGE } from "./state/conversations.ts";
import type { Query } from "./state/query.ts";
import type { Appearance, AuditAsk, AuditEntry, BulkDone, ChannelChange, ChannelKind, ChannelView, Choice, Colleague, Connecting, Counters, CustomerCard, CustomerSaid, Deed, DraftView, Entered, Found, FoundPage, InviteCard, InviteView, MadeInvite, MailView, MarkView, NoticesView, Outlook, Overview, Page, Profile, QuarantinePayload, QuarantineView, ReplyView, SessionView, TagView, Timeline, TokenView, UserView, Ways, Workspace } from "./types.ts";

const base = "/api/v1";
const id = encodeURIComponent;

export type NewUser = { name: string; email: string; password: string; role: Role; channels: string[] | null };
export type FirstWorkspace = { code: string; workspace: string; name: string; email: string; password: string; locale: string; time_zone: string };
export type Acceptance = { token: string; name: string; password: string; locale: string; time_zone: string };
export type MessagesAsk = { limit?: number; before?: string; after?: string; around?: string; at?: string };

export const api = {
  login: (email: string, password: string, remember: boolean) => call<Entered>("POST", `${base}/login`, { email, password, remember }),
  loginCode: (challenge: string, code: string) => call<Entered>("POST", `${base}/login/code`, { challenge, code }),
  setupState: () => call<{ empty: boolean; mail: boolean }>("GET", `${base}/setup`),
  found: (first: FirstWorkspace) => call<Entered>("POST", `${base}/setup`, first),
  lookInvite: (token: string) => call<InviteCard>("POST", `${base}/invites/look`, { token }),
  acceptInvite: (said: Acceptance) => call<Entered>("POST", `${base}/invites/accept`, said),
  forgot: (email: string) => call<undefined>("POST", `${base}/password/forgot`, { email }),
  lookReset: (token: string) => call<{ email: string }>("POST", `${base}/password/look`, { token }),
  reset: (token: string, password: string) => call<undefined>("POST", `${base}/password/reset`, { token, password }),
  logout: () => call<undefined>("POST", `${base}/logout`),
  me: () => call<Me>("GET", `${base}/me`),
  profile: () => call<Profile>("GET", `${base}/me/profile`),
  changePassword: (current: string, next: string) => call<undefined>("POST", `${base}/me/password`, { current, new: next }),
  beginFactor: () => call<{ secret: string; qr: string }>("POST", `${base}/me/second-factor/begin`),
  confirmFactor: (code: string) => call<{ recovery_codes: string[] }>("POST", `${base}/me/second-factor/confirm`, { code }),
  disableFactor: (password: string) => call<undefined>("POST", `${base}/me/second-factor/disable`, { password }),
  sessions: () => call<Page<SessionView>>("GET", `${base}/me/sessions`),
  endSession: (key: string) => call<undefined>("DELETE", `${base}/me/sessions/${id(key)}`),
  endOtherSessions: () => call<undefined>("POST", `${base}/me/sessions/end-others`),
  changeMe: (change: { name?: string; locale?: string } & Partial<Pick<Profile, "time_zone" | "phone" | "notify_email">>) => call<Me | undefined>("PATCH", `${base}/me`, change),

  conversations: (asked: Query, place: { cursor?: string | null; skip?: number }) => call<Page<ConversationView>>("GET", `${base}/conversations${query({ ...asked, ...place, limit: PAGE })}`),
  counters: () => call<Counters>("GET", `${base}/conversations/counters`),
  conversation: (key: string) => call<ConversationView>("GET", `${base}/conversations/${id(key)}`),
  bulk: (ids: string[], deed: Deed) => call<BulkDone>("POST", `${base}/conversations/bulk`, { ids, ...deed }),
  person: (key: string) => call<PersonView>("GET", `${base}/conversations/${id(key)}/person`),
  timeline: (key: string) => call<Timeline>("GET", `${base}/conversations/${id(key)}/timeline`),
  files: (key: string, cursor: string | null) => call<Page<AttachmentView>>("GET", `${base}/conversations/${id(key)}/files${query({ cursor })}`),
  edit: (key: string, message: string, text: string) => call<{ message: MessageView }>("PATCH", `${base}/conversations/${id(key)}/messages/${id(message)}`, { text }),
  unsend: (key: string, message: string) => call<{ message: MessageView }>("DELETE", `${base}/conversations/${id(key)}/messages/${id(message)}`),
  react: (key: string, message: string, emoji: string | null) => call<{ message: MessageView }>("PUT", `${base}/conversations/${id(key)}/messages/${id(message)}/reaction`, { emoji }),
  retry: (key: string, message: string) => call<ConversationView>("POST", `${base}/conversations/${id(key)}/messages/${id(message)}/retry`),
  messages: (key: string, ask: MessagesAsk) => call<Page<MessageView>>("GET", `${base}/conversations/${id(key)}/messages${query(ask)}`),
  send: (key: string, message: { client_id: string; text: string; attachments: string[]; as_files?: boolean }) => call<{ message: MessageView }>("POST", `${base}/conversations/${id(key)}/messages`, message),
  outlook: (key: string, message: { text: string; attachments: string[]; as_files: boolean }, signal?: AbortSignal) => call<Outlook>("POST", `${base}/conversations/${id(key)}/outlook`, message, signal),
  copyFile: (key: string) => call<AttachmentView>("POST", `${base}/files/${id(key)}/copy`),
  search: (q: string, cursor: string | null, signal?: AbortSignal, conversation?: string) => call<FoundPage>("GET", `${base}/search${query({ q, cursor, conversation })}`, undefined, signal),
  overview: () => call<Overview>("GET", `${base}/overview`),
  failures: (cursor: string | null) => call<Page<Found>>("GET", `${base}/failures${query({ cursor })}`),
  customers: (q: string, cursor: string | null, limit?: number, signal?: AbortSignal) => call<Page<CustomerView> & { complete: boolean }>("GET", `${base}/customers${query({ q, cursor, limit })}`, undefined, signal),
  customer: (key: string) => call<CustomerCard>("GET", `${base}/customers/${id(key)}`),
  addCustomer: (said: CustomerSaid) => call<CustomerView>("POST", `${base}/customers`, said),
  changeCustomer: (key: string, said: CustomerSaid) => call<CustomerCard>("PATCH", `${base}/customers/${id(key)}`, said),
  mergeCustomer: (key: string, into: string) => call<CustomerCard>("POST", `${base}/customers/${id(key)}/merge`, { into }),
  keepApart: (key: string, from: string) => call<CustomerCard>("POST", `${base}/customers/${id(key)}/apart`, { from }),
  unmergeCustomer: (key: string) => call<CustomerCard>("POST", `${base}/customers/${id(key)}/unmerge`),
  ways: (address: string, signal?: AbortSignal) => call<Ways>("GET", `${base}/ways${query({ address })}`, undefined, signal),
  writeFirst: (channel: string, first: { address: string; client_id: string; text: string }) => call<{ message: MessageView }>("POST", `${base}/channels/${id(channel)}/messages`, first),
  uploadUrl: (name: string) => `${base}/files${query({ name })}`,

  tags: () => call<Page<TagView>>("GET", `${base}/tags`),
  addTag: (name: string, colour: number) => call<TagView>("POST", `${base}/tags`, { name, colour }),
  changeTag: (key: string, change: { name?: string; colour?: number }) => call<TagView>("PATCH", `${base}/tags/${id(key)}`, change),
  deleteTag: (key: string) => call<undefined>("DELETE", `${base}/tags/${id(key)}`),
  replies: () => call<Page<ReplyView>>("GET", `${base}/replies`),
  addReply: (reply: { shared: boolean; shortcut: string; title: string; text: string; files: string[] }) => call<ReplyView>("POST", `${base}/replies`, reply),
  changeReply: (key: string, reply: { shortcut: string; title: string; text: string; files: string[] }) => call<ReplyView>("PUT", `${base}/replies/${id(key)}`, reply),
  deleteReply: (key: string) => call<undefined>("DELETE", `${base}/replies/${id(key)}`),
  marks: () => call<Page<MarkView>>("GET", `${base}/me/marks`),
  mark: (key: string, mark: { pinned: boolean; muted: boolean }) => call<undefined>("PUT", `${base}/me/marks/${id(key)}`, mark),
  drafts: () => call<Page<DraftView>>("GET", `${base}/me/drafts`),
  keepDraft: (key: string, draft: { text: string; reply_to: string | null; note: boolean; attachments: string[] }) => call<undefined>("PUT", `${base}/me/drafts/${id(key)}`, draft),

  notices: () => call<NoticesView>("GET", `${base}/me/notices`),
  setNotices: (settings: NoticeSettings) => call<NoticesView>("PUT", `${base}/me/notices`, settings),
  tryNotices: (means: "push" | "letter") => call<undefined>("POST", `${base}/me/notices/test`, { means }),
  takePushes: (subscription: PushSubscriptionJSON) => call<undefined>("PUT", `${base}/me/push`, subscription),
  endPushes: (key: string) => call<undefined>("DELETE", `${base}/me/push/${id(key)}`),
  away: (away: boolean, until: string | null) => call<undefined>("PUT", `${base}/me/away`, { away, until }),

  channels: () => call<Page<ChannelView>>("GET", `${base}/channels`),
  channel: (key: string) => call<ChannelView>("GET", `${base}/channels/${id(key)}`),
  addWidget: (name: string, origins: string[], appearance: Appearance) => call<ChannelView>("POST", `${base}/channels`, { kind: "site_widget", name, widget: { origins, appearance } }),
  changeChannel: (key: string, change: ChannelChange) => call<ChannelView>("PATCH", `${base}/channels/${id(key)}`, change),
  channelKinds: (language: string) => call<Page<ChannelKind>>("GET", `${base}/channel-kinds${query({ language })}`),
  beginConnecting: (what: { kind: string } | { channel: string }) => call<Connecting>("POST", `${base}/connecting`, what),
  answerStep: (key: string, values: Record<string, unknown>) => call<Connecting>("POST", `${base}/connecting/${id(key)}`, { values }),
  endConnecting: (key: string) => call<undefined>("DELETE", `${base}/connecting/${id(key)}`),
  choices: (key: string, field: string) => call<Page<Choice>>("GET", `${base}/channels/${id(key)}/choices/${id(field)}`),
  pollChannel: (key: string) => call<undefined>("POST", `${base}/channels/${id(key)}/poll`),
  deleteChannel: (key: string) => call<undefined>("DELETE", `${base}/channels/${id(key)}`),

  users: () => call<Page<UserView>>("GET", `${base}/users`),
  colleagues: (sees?: string) => call<Page<Colleague>>("GET", `${base}/users${query({ sees })}`),
  addUser: (user: NewUser) => call<UserView>("POST", `${base}/users`, user),
  changeUser: (key: string, change: Partial<NewUser>) => call<UserView>("PATCH", `${base}/users/${id(key)}`, change),
  deleteUser: (key: string) => call<undefined>("DELETE", `${base}/users/${id(key)}`),
  passwordLink: (key: string) => call<{ path: string; expires_at: string }>("POST", `${base}/users/${id(key)}/password-link`),
  resetFactor: (key: string) => call<undefined>("DELETE", `${base}/users/${id(key)}/second-factor`),
  invites: () => call<Page<InviteView>>("GET", `${base}/invites`),
  invite: (email: string, role: Role, channels: string[] | null) => call<MadeInvite>("POST", `${base}/invites`, { email, role, channels }),
  renewInvite: (key: string) => call<MadeInvite>("POST", `${base}/invites/${id(key)}/renew`),
  revokeInvite: (key: string) => call<undefined>("DELETE", `${base}/invites/${id(key)}`),

  workspace: () => call<Workspace>("GET", `${base}/workspace`),
  changeWorkspace: (change: Partial<Pick<Workspace, "name" | "locale" | "time_zone" | "escalation">>) => call<Workspace>("PATCH", `${base}/workspace`, change),
  mail: () => call<MailView>("GET", `${base}/mail`),
  testLetter: () => call<string>("POST", `${base}/mail/test`),

  tokens: () => call<Page<TokenView>>("GET", `${base}/tokens`),
  addToken: (name: string, role: Role, channels: string[] | null) => call<TokenView & { token: string }>("POST", `${base}/tokens`, { name, role, channels }),
  deleteToken: (key: string) => call<undefined>("DELETE", `${base}/tokens/${id(key)}`),

  audit: (asked: AuditAsk, cursor: string | null) => call<Page<AuditEntry>>("GET", `${base}/audit${query({ ...asked, cursor })}`),
  quarantine: (cursor: string | null) => call<Page<QuarantineView>>("GET", `${base}/quarantine${query({ cursor })}`),
  payload: (key: string) => call<QuarantinePayload>("GET", `${base}/quarantine/${id(key)}`),
  replay: (key: string) => call<QuarantineView>("POST", `${base}/quarantine/${id(key)}/replay`),
};
