/** Who is behind the open conversation: what its channel tells, and the customer it belongs to. */
import { createResource, onCleanup } from "solid-js";
import { api } from "../api.ts";
import { useDesk } from "../state/desk.ts";
import { useThread } from "./context.ts";

export function createPerson(version: () => number) {
  const desk = useDesk();
  const { id } = useThread();
  const [told] = createResource(version, () => api.person(id));
  const person = () => (told.error ? undefined : told.latest);
  const [card, { mutate, refetch }] = createResource(() => person()?.customer ?? null, (key) => api.customer(key).catch(() => undefined));
  onCleanup(desk.listen({ customer: (key) => { if (key === person()?.customer) void refetch(); }, reload: () => undefined }));
  return { person, customer: () => card.latest, changed: mutate };
}

export type PersonOf = ReturnType<typeof createPerson>;
