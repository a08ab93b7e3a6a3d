/** Which conversations this manager pinned and muted, the same on every device. */
import { createSignal } from "solid-js";
import type { ConversationView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText } from "../i18n.ts";
import { toast } from "../ui/toast.tsx";

type Mark = { pinned: boolean; muted: boolean };
const NONE: Mark = { pinned: false, muted: false };

export function createMarks(upsert: (one: ConversationView) => void) {
  const [all, setAll] = createSignal<ReadonlyMap<string, Mark>>(new Map());
  const put = (id: string, mark: Mark) => setAll((map) => new Map(map).set(id, mark));
  const of = (id: string): Mark => all().get(id) ?? NONE;
  return {
    of,
    pinned: () => [...all()].filter(([, mark]) => mark.pinned).map(([id]) => id),
    async load(): Promise<void> {
      try {
        const page = await api.marks();
        page.items.forEach((one) => upsert(one.conversation));
        setAll(new Map(page.items.map((one) => [one.conversation.id, { pinned: one.pinned, muted: one.muted }])));
      } catch {
        // Without them the list is still right.
      }
    },
    async change(id: string, change: Partial<Mark>): Promise<void> {
      const before = of(id);
      put(id, { ...before, ...change });
      try {
        await api.mark(id, { ...before, ...change });
      } catch (error) {
        put(id, before);
        toast(problemText(error), true);
      }
    },
  };
}
