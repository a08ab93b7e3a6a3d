/** Outgoing webhooks over HTTP. With the settings, so that nobody's first load has it. */
import type { Reason } from "@kommutator/shared/generated/protocol.ts";
import { call, query } from "../../http.ts";
import type { Page } from "../../types.ts";

export const EVENTS = ["message.added", "message.updated", "conversation.opened", "conversation.closed", "conversation.assigned", "conversation.rated", "conversation.updated", "customer.updated"] as const;
export type WebhookEvent = (typeof EVENTS)[number] | "test";
export const STATUSES = ["waiting", "delivered", "failed"] as const;
export type WebhookStatus = (typeof STATUSES)[number];
export type WebhookFields = { name: string; url: string; events: WebhookEvent[]; channels: string[] | null; on: boolean };
export type WebhookView = WebhookFields & { id: string; failing_since: string | null; reason: Reason | null; off_at: string | null; waiting: number; dropped: number; created_at: string };
export type DeliveryView = { id: string; event: WebhookEvent; status: WebhookStatus; tries: number; next_at: string | null; reason: Reason | null; code: number | null; took_ms: number | null; created_at: string; at: string | null };
export type DeliveryWhole = DeliveryView & { request: string; response: string };
export type LogAsk = { status?: string; event?: string };

const base = "/api/v1/webhooks";
const at = (id: string) => `${base}/${encodeURIComponent(id)}`;

export const webhooks = {
  all: () => call<Page<WebhookView>>("GET", base),
  one: (id: string) => call<WebhookView>("GET", at(id)),
  add: (fields: WebhookFields) => call<WebhookView & { secret: string }>("POST", base, fields),
  change: (id: string, fields: Partial<WebhookFields>) => call<WebhookView>("PATCH", at(id), fields),
  remove: (id: string) => call<undefined>("DELETE", at(id)),
  secret: (id: string) => call<{ secret: string }>("POST", `${at(id)}/secret`),
  test: (id: string) => call<DeliveryView>("POST", `${at(id)}/test`),
  log: (id: string, asked: LogAsk, cursor: string | null) => call<Page<DeliveryView>>("GET", `${at(id)}/deliveries${query({ ...asked, cursor })}`),
  delivery: (id: string, delivery: string) => call<DeliveryWhole>("GET", `${at(id)}/deliveries/${encodeURIComponent(delivery)}`),
  again: (id: string, delivery: string) => call<DeliveryView>("POST", `${at(id)}/deliveries/${encodeURIComponent(delivery)}/again`),
};
