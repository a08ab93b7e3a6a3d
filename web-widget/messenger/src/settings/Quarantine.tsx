import { createSignal, For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, reasonText, t } from "../i18n.ts";
import type { QuarantineView } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { createPaged } from "./paged.ts";
import { Head, Loaded } from "./parts.tsx";

export function Quarantine() {
  const list = createPaged<QuarantineView>(api.quarantine);
  const [busy, setBusy] = createSignal<string | null>(null);
  const replay = async (id: string) => {
    setBusy(id);
    try {
      await api.replay(id);
      toast(t("quarantine.replayed"));
      list.again();
    } catch (error) {
      toast(problemText(error), true);
    }
    setBusy(null);
  };
  const why = (entry: QuarantineView) => (typeof entry.reason === "string" ? entry.reason : reasonText(entry.reason));
  return (
    <>
      <Head title={t("settings.quarantine")} lead={t("quarantine.lead")} />
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="done" title={t("quarantine.empty")} text={t("quarantine.empty.text")} />}>
        {(all) => (
          <ul class="table">
            <For each={all()}>
              {(entry) => (
                <li class="item">
                  <span class="disc warn"><Icon name="warning" /></span>
                  <span class="about"><b>{why(entry) || entry.id}</b><small>{[entry.at && dateTime(locale(), entry.at), entry.source].filter(Boolean).join(" · ")}</small><Show when={entry.preview}><code class="raw">{entry.preview}</code></Show></span>
                  <span class="buttons"><button type="button" class="button" disabled={busy() === entry.id} onClick={() => void replay(entry.id)}><Icon name="again" small />{t("quarantine.replay")}</button></span>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
      <Show when={list.next()}><button type="button" class="button more" onClick={list.more}>{t("common.more")}</button></Show>
    </>
  );
}
