/** What the HTTP edge answers beside the views of the wire. */
import type { Appearance, ConversationView, MessageView, Reason, Role, WidgetOptions } from "@kommutator/shared/generated/protocol.ts";

export type Page<Item> = { items: Item[]; next: string | null; total?: number };
export type View = "all" | "unread" | "unanswered" | "closed";
export type Counters = { open: number; unread: number; unanswered: number };
export type Found = { conversation: ConversationView; message: MessageView };

export type HealthStatus = "connected" | "degraded" | "access_lost" | "not_connected";
export type WidgetSettings = { key: string; origins: string[]; verified_identity: boolean; appearance: Appearance; options: WidgetOptions; max_file_bytes: number };
export type ChannelView = {
  id: string;
  name: string;
  kind: string;
  active: boolean;
  health: { status: HealthStatus; reason?: Reason | null; since?: string };
  widget?: WidgetSettings;
  created_at: string;
};
export type { Appearance };
export type ChannelChange = { name?: string; active?: boolean; widget?: { origins?: string[]; appearance?: Appearance; options?: WidgetOptions } };

export type UserView = { id: string; name: string; email: string; role: Role; channels: string[] | null; created_at: string };
/** What everybody may know of everybody; the rest is for admins. */
export type Colleague = Pick<UserView, "id" | "name" | "role">;
export type TokenView = { id: string; name: string; role: Role; created_at: string; last_used_at?: string | null };
export type AuditEntry = { id: string; at: string; actor: { id: string; name: string }; action: string; target?: unknown; details?: unknown };
export type QuarantineView = { id: string; at: string; channel_provider: string; login: string | null; reason: Reason; size: number; replayed_at: string | null };
/** `payload` is base 64. */
export type QuarantinePayload = QuarantineView & { payload: string };
