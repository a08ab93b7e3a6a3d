import { createSignal, For, onCleanup, Show } from "solid-js";
import type { MessageView } from "@kommutator/shared/generated/protocol.ts";
import { brief, dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, reasonText, t } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { now } from "../state/clock.ts";
import { useDesk } from "../state/desk.ts";
import { statusText } from "../thread/InCrm.tsx";
import type { CustomerInCrms } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";

const words = (message: MessageView) => message.text || message.attachments.map((file) => file.name).join(", ") || t("out.noText");

/** Where a customer stands in the CRMs: contact and deals with their pages there, and where each of the newest messages is. */
export function InCrms(props: { customer: string }) {
  const desk = useDesk();
  // The pane is made anew for each customer, so the id never changes.
  // eslint-disable-next-line solid/reactivity
  const own = props.customer;
  const [found, setFound] = createSignal<CustomerInCrms>({ connections: [], messages: [] });
  // The card is whole without it; what cannot be read now comes with the next news.
  const load = () => void api.customerInCrms(own).then(setFound, () => undefined);
  load();
  const mine = (message: MessageView) => found().messages.some((one) => one.conversation === message.conversation);
  onCleanup(desk.listen({ message: (message) => { if (mine(message)) load(); }, customer: (id) => { if (id === own) load(); }, reload: load }));
  const named = (id: string) => desk.connections().find((one) => one.id === id)?.name ?? t("crm.other");
  return (
    <Show when={found().connections.length > 0 || found().messages.length > 0}>
      <section aria-label={t("customers.inCrms")}>
        <h2>{t("customers.inCrms")}</h2>
        <ul class="plain-list">
          <For each={found().connections}>
            {(one) => (
              <li class="known-as"><Icon name="forward" small />
                <p><b>{one.name}</b>
                  <span class="records">
                    <For each={one.records}>
                      {(record) => (
                        <Show when={record.url} fallback={<span>{t(`customers.record.${record.record}`, { id: record.id })}</span>}>
                          {(url) => <a href={url()} target="_blank" rel="noreferrer" title={dateTime(locale(), record.said_at)}>{t(`customers.record.${record.record}`, { id: record.id })}<Icon name="link" small /></a>}
                        </Show>
                      )}
                    </For>
                  </span>
                </p>
              </li>
            )}
          </For>
        </ul>
        <Show when={found().messages.length > 0}>
          <details class="in-crms"><summary>{t("customers.inCrms.messages")}</summary>
            <ul class="in-crm">
              <For each={found().messages}>
                {(message) => (
                  <li>
                    <a class="name" href={chatPath(message.conversation, message.id)} onClick={follow}>{words(message)}</a>
                    <time datetime={message.written_at}>{brief(locale(), message.written_at, now())}</time>
                    <For each={message.crm}>{(there) => <p>{named(there.connection)}: <span class={`state ${there.status}`}>{statusText(there.status)}</span><Show when={reasonText(there.reason)}>{(why) => <>{". "}{why()}</>}</Show></p>}</For>
                  </li>
                )}
              </For>
            </ul>
          </details>
        </Show>
      </section>
    </Show>
  );
}
