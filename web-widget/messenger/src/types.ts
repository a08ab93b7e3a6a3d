/** What the HTTP edge answers beside the views of the wire. */
import type { Appearance, AttachmentView, ConversationView, CustomerView, EpisodeView, Escalation, Field, MessageView, NoticeSettings, Reason, Role, Step, WidgetOptions } from "@kommutator/shared/generated/protocol.ts";

export type { Field as DataField, Reason, Step as ConnectStep };
export type Page<Item> = { items: Item[]; next: string | null; total?: number };
export type Counters = Record<"open" | "unread" | "unanswered" | "unassigned" | "mine" | "snoozed", number>;
export type TagView = { id: string; name: string; colour: number };
export type ReplyView = { id: string; shared: boolean; shortcut: string; title: string; text: string; files: AttachmentView[]; changed_at: string };
export type MarkView = { conversation: ConversationView; pinned: boolean; muted: boolean };
export type DraftView = { conversation: string; text: string; reply_to: string | null; note: boolean; attachments: AttachmentView[]; at: string };
/** What can be done with one conversation or many. */
export type Deed =
  | { do: "close" | "reopen" | "read" | "unread" }
  | { do: "assign"; user: string | null }
  | { do: "snooze"; until: string | null }
  | { do: "tag"; on?: string[]; off?: string[] }
  | { do: "block"; blocked: boolean };
export type BulkDone = { done: ConversationView[]; failed: { id: string; code: string }[] };
export type FactView = { at: string; by: string; kind: string; to?: string | null; step?: number; rating?: number; until?: string; on?: string[]; off?: string[]; reason?: Reason };
export type Timeline = { facts: FactView[]; episodes: EpisodeView[] };
/** What managers know of a customer; what is not named stays. */
export type CustomerSaid = { name?: string; phones?: string[]; emails?: string[]; company?: string; note?: string };
export type IdentityView = { id: string; channel_kind: string; name: string; username: string; site_id: string | null; unreachable: Reason | null; home: string; created_at: string };
export type CustomerCard = { customer: CustomerView; identities: IdentityView[]; conversations: ConversationView[]; merged: { id: string; name: string }[]; alike: AlikeView[] };
/** Something two customers have in common. */
export type SignView = { kind: "phone" | "account" | "site" | "name" | "email"; value: string };
/** Somebody who may be the same person, and why. */
export type AlikeView = { customer: CustomerView; by: SignView[] };
/** How a channel can reach an address; without `address` it cannot write there first, and `reason` says why. */
export type Way = { channel: string; kind: string; name: string; address: string | null; reason: Reason | null; conversation: string | null };
export type Ways = { channels: Way[]; customers: CustomerView[] };
export type Found = { conversation: ConversationView; message: MessageView };
export type HourTally = { at: string; inbound: number; outbound: number; begun: number };
/** Half of the first answers took no longer than `half_within_seconds`; null: there were none. */
export type DayTally = { date: string; hours: HourTally[]; answered: number; half_within_seconds: number | null };
export type Overview = { time_zone: string; today: DayTally; yesterday: DayTally; quarantine?: number };
/** What the channel will make of a message. */
export type Outlook = { pieces: { text: string; files: string[] }[]; length: number; limit: number; unit: string };
/** `read_as`: what was meant, if it was typed in the other keyboard layout. */
export type FoundPage = Page<Found> & { complete: boolean; read_as?: string | null };

export type HealthStatus = "connected" | "degraded" | "access_lost" | "not_connected";
export type WidgetSettings = { key: string; origins: string[]; verified_identity: boolean; former_secret_until?: string; appearance: Appearance; options: WidgetOptions; max_file_bytes: number };
export type ChannelView = {
  /** What the last question for news brought, where its provider is asked. */
  looked?: { at: string; came: number; over: boolean };
  id: string;
  name: string;
  kind: string;
  active: boolean;
  health: { status: HealthStatus; reason?: Reason | null; since?: string };
  widget?: WidgetSettings;
  facts?: Record<string, string>;
  settings?: Record<string, unknown>;
  created_at: string;
};
export type { Appearance };
/** A kind of channel: whether it is connected by steps, what can be set of it, its words. */
export type ChannelKind = { kind: string; connect: boolean; settings: Field[]; texts: Record<string, string> };
export type Connecting = { id?: string; step?: Step; qr_svg?: string; until?: string; refused?: Reason; channels: string[]; connection?: string };
/** What is to be connected: something new, or something that is there anew. */
export type Begin = { kind: string } | { channel: string } | { crm: string } | { connection: string };
/** Whoever brings words of its own: a kind of channel, a CRM. */
export type Spoken = { kind: string; texts: Record<string, string> };
export type CrmKind = Spoken & { connect: boolean; widget: boolean };
export type ConnectionView = {
  id: string;
  name: string;
  kind: string;
  mode: string;
  active: boolean;
  /** Our own messenger: always there, always on. */
  fixed: boolean;
  health: ChannelView["health"];
  api_key?: string;
  facts?: Record<string, string>;
  /** Settings that choose what the CRM no longer has. */
  gone?: string[];
  waiting: number;
  oldest?: string;
  failed: number;
  created_at: string;
};
export type CrmLists = Record<string, { value: string; label: string; group?: string }[]>;
export const RULES = ["create_contact", "create_deal", "find_existing", "update_contact"] as const;
export type FeedView = { channel: string; name: string; kind: string; feeds: boolean; rules: Record<(typeof RULES)[number], boolean> };
/** Where a customer stands in the CRMs: their records, and where their newest messages are. */
export type CustomerInCrms = {
  connections: { connection: string; name: string; kind: string; records: { record: "contact" | "deal"; id: string; url?: string; said_at: string }[] }[];
  messages: MessageView[];
};
/** What this installation is at a CRM. */
export type ConnectionApp = { fields: Field[]; values: Record<string, unknown>; kept: string[]; shared_with: number };
export type ConnectionSettings = { fields: Field[]; values: Record<string, unknown>; lists: CrmLists; read_at?: string; channels: FeedView[] };
export type UndeliveredView = { connection: string; reason?: Reason; at: string; title: string; message: MessageView };
export type Choice = { value: string; text: string };
export type ChannelChange = { name?: string; active?: boolean; settings?: Record<string, unknown>; widget?: { origins?: string[]; appearance?: Appearance; options?: WidgetOptions } };

export type UserView = { id: string; name: string; email: string; role: Role; channels: string[] | null; created_at: string; away: boolean; away_until?: string; here: boolean; seen_at?: string };
/** What everybody may know of everybody; the rest is for admins. */
export type Colleague = Pick<UserView, "id" | "name" | "role" | "away" | "away_until">;
export type TokenView = { id: string; name: string; role: Role; channels: string[] | null; created_at: string };
export type AuditEntry = { id: string; at: string; actor: { id: string; name: string }; action: string; target?: unknown; details?: unknown };
export type AuditAsk = { actor?: string; action?: string; from?: string; to?: string };
export type QuarantineView = { id: string; at: string; channel_provider: string; login: string | null; reason: Reason; size: number; replayed_at: string | null };
/** `payload` is base 64. */
export type QuarantinePayload = QuarantineView & { payload: string };

export type InviteState = "open" | "accepted" | "expired" | "revoked";
export type LetterStatus = "waiting" | "posted" | "undeliverable";
export type InviteView = { id: string; email: string; role: Role; channels: string[] | null; invited_by: string; state: InviteState; letter: LetterStatus | null; created_at: string; expires_at: string };
/** `path` leads to the invite's page and is told once. */
export type MadeInvite = InviteView & { path: string };
export type InviteCard = { workspace: string; locale: string; email: string; role: Role; invited_by: string; known: boolean };
/** In, or a code is asked for. */
export type Entered = { token?: string; challenge?: string };
export type Profile = { number: number; time_zone: string; phone: string; notify_email: string; second_factor: boolean; recovery_codes: number };
export type SessionView = { id: string; device: string; address: string; created_at: string; seen_at: string; current: boolean };
export type Workspace = { id: number; name: string; locale: string; time_zone: string; created_at: string; escalation: Escalation };
export type LetterKind = "invitation" | "password_link" | "password_changed" | "factor_on" | "factor_off" | "trial" | "webhook_off" | "assigned" | "mentioned" | "overdue" | "channel_lost" | "connection_lost" | "connection_gone" | "send_failed";
export type LetterView = { id: string; to: string; about: LetterKind; status: LetterStatus; reason: Reason | null; tries: number; created_at: string; at: string };
export type MailView = { configured: boolean; from: string | null; server: string | null; letters: LetterView[] };

/** What I want to be told, and what there is to tell me by. */
export type NoticesView = { settings: NoticeSettings; push_key: string; letters: boolean; devices: DeviceView[] };
export type DeviceView = { id: string; label: string; created_at: string; current: boolean };
