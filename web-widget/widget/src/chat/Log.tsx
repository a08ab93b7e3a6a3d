import { createEffect, createMemo, createSignal, For, type JSX, onMount } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { day, dayNumber } from "@kommutator/shared/format.ts";
import { encode } from "@kommutator/shared/json.ts";
import { startsGroup } from "@kommutator/shared/messages.ts";
import { bubble, queued, words } from "./bubble.tsx";
import { usePanel } from "./context.ts";
import { run } from "./extras.ts";

type Row = { message: MessageView; same: string; first: boolean; day: boolean; status: () => string; setStatus: (status: string) => void };

/** The rows of the log; a row of which nothing but the state changed stays, so its pictures are not drawn again. */
function rowsOf(messages: MessageView[], before: Row[]): Row[] {
  const known = new Map(before.map((row) => [row.same, row]));
  let last: MessageView | undefined;
  return messages.map((message) => {
    const day = dayNumber(last?.written_at ?? 0) !== dayNumber(message.written_at);
    const first = day || startsGroup(last, message);
    last = message;
    const same = encode({ ...message, state: [first, day] });
    const row = known.get(same);
    if (row) {
      row.setStatus(message.state.status);
      return row;
    }
    const [status, setStatus] = createSignal<string>(message.state.status);
    return { message, same, first, day, status, setStatus };
  });
}

/** What stands before the first word: a greeting, or that nobody is here; ready words. */
function Opening() {
  const { t, chat } = usePanel();
  const [ready, setReady] = createSignal<JSX.Element>();
  const look = () => chat.look();
  createEffect(() => {
    if (chat.opened() && (look()?.phrases.length || look()?.messengers.length)) run("opening", (make) => setReady(make()));
  });
  const greeting = () => {
    const text = (look()?.online === false && look()?.away_text) || look()?.greeting;
    if (text) return <div class="msg first"><div class="bubble">{words(text)}</div></div>;
    return chat.quiet() && <div class="hint">{/* @once */ t("hint")}</div>;
  };
  const buttons = () => chat.quiet() && ready();
  return [greeting, buttons] as unknown as JSX.Element;
}

export function Log() {
  const { t, chat, locale } = usePanel();
  const [rating, setRating] = createSignal<JSX.Element>();
  let box!: HTMLDivElement;
  const rows = createMemo<Row[]>((before) => rowsOf(chat.messages().filter((message) => message.direction !== "note" && message.direction !== "system"), before), []);
  const dots = () => {
    const name = chat.typing();
    if (name === null) return null;
    const label = t("typing", { name: name || t("manager") });
    return <div class="msg first"><div class="bubble dots" role="img" aria-label={label}><i /><i /><i /></div></div>;
  };
  const line = (text: string, style = "day") => <div class={style}><span>{text}</span></div>;
  const begins = (id: string) => [chat.talk()?.episode, ...chat.past()].some((one) => one && one.number > 1 && one.first_message === id);
  const above = (id: string) => (() => [begins(id) && line(t("part")), chat.fresh() === id && line(t("fresh"), "day fresh")]) as unknown as JSX.Element;
  const over = () => chat.talk()?.episode.closed_at !== undefined;
  const end = () => over() && chat.waiting().length === 0 && [line(t("over")), rating()];
  const toEnd = () => (box.scrollTop = box.scrollHeight);
  createEffect(() => {
    if (over() && chat.look()?.rating && chat.opened()) run("rating", (make) => setRating(make(() => chat.talk()?.episode)));
  });
  onMount(() => {
    new ResizeObserver(toEnd).observe(box);
    createEffect(() => {
      rows();
      chat.waiting();
      chat.typing();
      rating();
      over();
      if (chat.opened()) queueMicrotask(toEnd);
    });
  });
  return (
    <div class="log" ref={(made) => (box = made)} role="log" aria-live="polite" aria-label={/* @once */ t("log")} tabindex="0">
      <Opening />
      <For each={rows()}>
        {(row) => [
          row.day && line(day(locale, row.message.written_at, Date.now())),
          above(row.message.id),
          bubble(row.message, row.first, row.status),
        ]}
      </For>
      <For each={chat.waiting()}>{queued}</For>
      {dots()}
      {end()}
    </div>
  );
}
