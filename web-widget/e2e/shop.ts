/** The demo's widget as its owner sets it: each test sets what it needs, over what a new widget has. */
import { WebSocket } from "ws";
import type { PersonView, Presence, ServerFrame, WidgetOptions } from "@kommutator/shared/generated/protocol.ts";
import { expect } from "vitest";
import { api, demo, hostPage } from "./people.ts";

type Channel = { id: string; widget?: { key: string; origins: string[]; options: WidgetOptions } };

export async function widgetChannel(): Promise<Required<Channel>> {
  const { items } = await api<{ items: Channel[] }>("GET", "/channels");
  const channel = items.find((one) => one.widget?.key === demo.widget_key);
  if (!channel?.widget) throw new Error("the demo has no widget");
  return channel as Required<Channel>;
}

export async function letIn(): Promise<void> {
  const { id, widget } = await widgetChannel();
  await api("PATCH", `/channels/${id}`, { widget: { origins: [...widget.origins, hostPage] } });
}

export async function set(options: Partial<WidgetOptions>): Promise<void> {
  await api("PATCH", `/channels/${(await widgetChannel()).id}`, { widget: { options } });
}

type Row = { id: string; preview: { text: string } | null };

/** What managers know of the person whose newest message says this. */
export async function person(words: string): Promise<PersonView & { conversation: string }> {
  const { items } = await api<{ items: Row[] }>("GET", "/conversations?view=all&limit=100");
  const found = items.find((row) => row.preview?.text.includes(words));
  if (!found) throw new Error(`nobody said ${words}`);
  return { ...(await personOf(found.id)), conversation: found.id };
}

export const personOf = (conversation: string) => api<PersonView>("GET", `/conversations/${conversation}/person`);

export const close = (conversation: string) => api("POST", `/conversations/${conversation}/close`);

/** A manager's socket that watches a conversation's visitor. */
export async function watch(conversation: string) {
  const socket = new WebSocket(`${demo.url.replace(/^http/, "ws")}/ws/manager`);
  const seen: Presence[] = [];
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as ServerFrame;
    if (frame.type === "ready") socket.send(JSON.stringify({ type: "watch", conversation }));
    if (frame.type === "presence") seen.push(frame);
  });
  await new Promise((done) => socket.on("open", done));
  socket.send(JSON.stringify({ type: "hello", token: demo.token }));
  return {
    sees: (wanted: (presence: Presence) => boolean) => expect.poll(() => seen.some(wanted), { timeout: 15_000, message: "presence" }).toBe(true),
    end: () => socket.close(),
  };
}
