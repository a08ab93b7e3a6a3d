import { createSignal, For, onCleanup, Show } from "solid-js";
import type { ConversationView, MessageView } from "@kommutator/shared/generated/protocol.ts";
import { problemText, reasonText, t } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { useThread } from "./context.ts";
import { type Forwarding, MOST_TARGETS, startForwarding } from "./forward.ts";
import { Targets } from "./Targets.tsx";

/** How far each of them is, and why not. */
function Progress(props: { work: Forwarding }) {
  return (
    <ul class="going">
      <For each={props.work.all}>
        {(one) => (
          <li classList={{ bad: one.error() !== null }}>
            <Icon name={one.error() ? "alert" : one.done() === one.most ? "check" : "clock"} small />
            <span class="about"><b>{one.to.title || t("list.noName")}</b><small role={one.error() ? "alert" : undefined}>{one.error() ? problemText(one.error()) : one.done() === one.most ? t("forward.done") : t("forward.progress", { n: one.done(), all: one.most })}</small></span>
          </li>
        )}
      </For>
    </ul>
  );
}

/** Where to, and off it goes. It goes on when the window is closed; a word tells how it ended, with the way there. */
export function Forward(props: { messages: readonly MessageView[]; close: () => void }) {
  const { id, conversation, picks } = useThread();
  const [picked, setPicked] = createSignal<readonly ConversationView[]>([]);
  const [work, setWork] = createSignal<Forwarding | null>(null);
  const [busy, setBusy] = createSignal(false);
  let gone = false;
  onCleanup(() => (gone = true));
  const nameOf = (message: MessageView) => message.author.name || (message.author.kind === "customer" ? conversation()?.title || t("thread.customer") : t("message.by.api"));
  const toggle = (one: ConversationView) => {
    const has = picked().some((other) => other.id === one.id);
    if (!has && picked().length >= MOST_TARGETS) toast(t("forward.most", { n: MOST_TARGETS }), true);
    else setPicked(has ? picked().filter((other) => other.id !== one.id) : [...picked(), one]);
  };
  const go = async (made: Forwarding) => {
    setWork(made);
    setBusy(true);
    await made.run();
    setBusy(false);
    const done = made.all.filter((one) => one.error() === null);
    const first = done[0]?.to;
    if (made.failed().length > 0) {
      if (gone) toast(t("forward.failed", { names: made.failed().map((one) => one.to.title || t("list.noName")).join(", ") }), true);
      return;
    }
    picks.end();
    if (!gone) props.close();
    toast(done.length === 1 ? t("forward.sentOne", { name: first?.title || t("list.noName") }) : t("forward.sent", { n: done.length }), false, first && { text: t("forward.open"), act: () => navigate(chatPath(first.id)) });
  };
  const start = () => void go(startForwarding(picked(), props.messages, nameOf));
  return (
    <Dialog title={t("forward.title", { n: props.messages.length })} close={() => props.close()}>
      <Show when={work()} fallback={<Targets not={id} picked={picked()} why={(one) => (one.can.send ? "" : reasonText(one.can.reason) || t("compose.cannot"))} toggle={toggle} />}>
        {(made) => <Progress work={made()} />}
      </Show>
      <div class="actions">
        <button type="button" class="button" onClick={() => props.close()}>{t(busy() ? "forward.leave" : "common.cancel")}</button>
        <Show when={work()} fallback={<button type="button" class="button main" disabled={picked().length === 0} onClick={start}><Icon name="forward" small />{t("forward.send", { n: picked().length })}</button>}>
          {(made) => <button type="button" class="button main" disabled={busy()} onClick={() => void go(made())}>{t("common.retry")}</button>}
        </Show>
      </div>
    </Dialog>
  );
}
