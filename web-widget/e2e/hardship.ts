/** A house where everything that can be called something has a name that is hard to show. */
import { expect, vi } from "vitest";
import { caller, type Demo } from "./people.ts";
import { demoServer, type Running } from "./server.mjs";

export const LONG = "Оптовый отдел «СеверМебельТорг» Санкт-Петербург-Васильевский остров, склад-магазин у Приморской";
export const WORD = "Рентгеноэлектрокардиографическоепревысокомногорассмотрительствующий";
const ADDRESS = `https://integration-gateway.a-rather-long-subdomain.example.com/v1/hooks/${"incoming-".repeat(12)}${"x".repeat(80)}?token=${"0123456789abcdef".repeat(6)}`;
const MAIL = "a-very-long-local-part-of-an-address+with-a-tag@a-rather-long-subdomain.of-a-company.example.com";

export type Row = { id: string; title: string };
export type House = { server: Running<Demo>; api: ReturnType<typeof caller>; talks: Row[]; customer: string; webhook: string; channel: string };

export async function hardHouse(): Promise<House> {
  const server = await demoServer("hard", { environment: { KOMMUTATOR_SMTP_URL: "smtp-plain://127.0.0.1:9", KOMMUTATOR_MAIL_FROM: "chat@shop.example" } });
  const api = caller(server.said);
  const made = <Answer>(path: string, body: object) => api<Answer>("POST", path, body);
  // Nobody listens there, nor takes its letters: its log is full of what was not taken, and waits.
  const { id: webhook } = await made<{ id: string }>("/webhooks", { name: `${LONG} ${WORD}`.slice(0, 80), url: ADDRESS, events: ["message.added", "message.updated", "conversation.closed"] });
  for (let n = 0; n < 4; n += 1) await made(`/webhooks/${webhook}/test`, {});
  await made("/webhooks", { name: WORD, url: "https://nobody.example/", events: ["message.added"] });
  for (const name of [LONG, WORD, "!"]) await made("/tokens", { name: name.slice(0, 80), role: "manager", scope: "manager" });
  await made("/invites", { email: MAIL, role: "admin", channels: null });
  await api("PATCH", "/workspace", { name: LONG, locale: "ru", time_zone: "America/Argentina/ComodRivadavia" });
  await made("/customers", { name: `${WORD} ${LONG}`, company: LONG, note: `${LONG}\n${WORD}\n${ADDRESS}\n`.repeat(6), phones: ["+79991234567", "+34911234567890"], emails: [MAIL] });
  await made("/customers", { name: "Ø", phones: [], emails: [] });
  const { items: talks } = await api<{ items: Row[] }>("GET", "/conversations?view=all&limit=100");
  const { items: channels } = await api<{ items: { id: string; name: string }[] }>("GET", "/channels");
  // The index is being built: once it is whole, all are there.
  const people = () => api<{ items: { id: string; name: string }[]; complete: boolean }>("GET", "/customers?limit=100");
  await vi.waitFor(async () => expect((await people()).complete).toBe(true), { timeout: 30_000, interval: 100 });
  const { items: customers } = await people();
  const customer = customers.find((one) => one.name.startsWith(WORD))?.id ?? "";
  return { server, api, talks, customer, webhook, channel: channels.find((one) => one.name.startsWith("Оптовый"))?.id ?? "" };
}
