import { createEffect, createMemo, createSignal, For, onMount } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { day, dayNumber } from "@kommutator/shared/format.ts";
import { startsGroup } from "@kommutator/shared/messages.ts";
import { bubble, queued, words } from "./bubble.tsx";
import { usePanel } from "./context.ts";

type Row = { message: MessageView; same: string; first: boolean; day: boolean; status: () => string; setStatus: (status: string) => void };

/** The rows of the log; a row of which nothing but the state changed stays, so its pictures are not drawn again. */
function rowsOf(messages: MessageView[], before: Row[]): Row[] {
  const known = new Map(before.map((row) => [row.same, row]));
  let last: MessageView | undefined;
  return messages.map((message) => {
    const day = dayNumber(last?.written_at ?? 0) !== dayNumber(message.written_at);
    const first = day || startsGroup(last, message);
    last = message;
    const same = JSON.stringify({ ...message, state: [first, day] });
    const row = known.get(same);
    if (row) {
      row.setStatus(message.state.status);
      return row;
    }
    const [status, setStatus] = createSignal<string>(message.state.status);
    return { message, same, first, day, status, setStatus };
  });
}

export function Log() {
  const { t, chat, locale } = usePanel();
  let box!: HTMLDivElement;
  const rows = createMemo<Row[]>((before) => rowsOf(chat.messages().filter((message) => message.direction !== "note" && message.direction !== "system"), before), []);
  const greeting = () => {
    const text = chat.look()?.greeting;
    if (text) return <div class="msg first"><div class="bubble">{words(text)}</div></div>;
    return rows().length + chat.waiting().length === 0 && <div class="hint">{/* @once */ t("hint")}</div>;
  };
  const dots = () => {
    const name = chat.typing();
    if (name === null) return null;
    const label = t("typing", { name: name || t("manager") });
    return <div class="msg first"><div class="bubble dots" role="img" aria-label={label}><i /><i /><i /></div></div>;
  };
  const toEnd = () => (box.scrollTop = box.scrollHeight);
  onMount(() => {
    new ResizeObserver(toEnd).observe(box);
    createEffect(() => {
      rows();
      chat.waiting();
      chat.typing();
      if (chat.opened()) queueMicrotask(toEnd);
    });
  });
  return (
    <div class="log" ref={(made) => (box = made)} role="log" aria-live="polite" aria-label={/* @once */ t("log")} tabindex="0">
      {greeting()}
      <For each={rows()}>
        {(row) => [
          row.day && <div class="day"><span>{/* @once */ day(locale, row.message.written_at, Date.now())}</span></div>,
          bubble(row.message, row.first, row.status),
        ]}
      </For>
      <For each={chat.waiting()}>{queued}</For>
      {dots()}
    </div>
  );
}
