import { createSignal, For, onCleanup, Show } from "solid-js";
import { dateTime, size } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { kindText, locale, problemText, reasonText, t } from "../i18n.ts";
import type { QuarantineView } from "../types.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { createPaged } from "./paged.ts";
import { createLoaded, Head, Loaded } from "./parts.tsx";
import { bytesOf, readable } from "./payload.ts";

function Payload(props: { entry: QuarantineView; close: () => void }) {
  const loaded = createLoaded(async () => bytesOf((await api.payload(props.entry.id)).payload));
  let url: string | undefined;
  onCleanup(() => url && URL.revokeObjectURL(url));
  const link = (bytes: Uint8Array<ArrayBuffer>) => (url ??= URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" })));
  return (
    <Dialog title={t("quarantine.payload")} close={() => props.close()}>
      <Loaded from={loaded}>
        {(bytes) => (
          <>
            <pre class="payload" tabindex="0" aria-label={t("quarantine.payload")}>{readable(bytes())}</pre>
            <div class="actions"><a class="button" href={link(bytes())} download={`quarantine-${props.entry.id}.bin`}><Icon name="download" small />{t("quarantine.save")}</a></div>
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

export function Quarantine() {
  const list = createPaged<QuarantineView>(api.quarantine);
  const [busy, setBusy] = createSignal<string | null>(null);
  const [shown, setShown] = createSignal<QuarantineView | null>(null);
  const replay = async (id: string) => {
    setBusy(id);
    try {
      list.put(await api.replay(id));
      toast(t("quarantine.replayed"));
    } catch (error) {
      toast(problemText(error), true);
    }
    setBusy(null);
  };
  const about = (entry: QuarantineView) => [dateTime(locale(), entry.at), kindText(entry.channel_provider), size(locale(), entry.size)].join(" · ");
  return (
    <>
      <Head title={t("settings.quarantine")} lead={t("quarantine.lead")} />
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="done" title={t("quarantine.empty")} text={t("quarantine.empty.text")} />}>
        {(all) => (
          <ul class="table">
            <For each={all()}>
              {(entry) => (
                <li class="item quarantined">
                  <span class="disc" classList={{ warn: !entry.replayed_at }}><Icon name={entry.replayed_at ? "done" : "warning"} /></span>
                  <span class="about"><b>{reasonText(entry.reason)}</b><small>{about(entry)}</small><Show when={entry.replayed_at}>{(at) => <small>{t("quarantine.done", { time: dateTime(locale(), at()) })}</small>}</Show></span>
                  <span class="buttons">
                    <button type="button" class="ghost" title={t("quarantine.show")} aria-label={t("quarantine.show")} onClick={() => setShown(entry)}><Icon name="file" /></button>
                    <Show when={!entry.replayed_at}><button type="button" class="button" disabled={busy() === entry.id} onClick={() => void replay(entry.id)}><Icon name="again" small />{t("quarantine.replay")}</button></Show>
                  </span>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
      <Show when={list.next()}><button type="button" class="button more" onClick={list.more}>{t("common.more")}</button></Show>
      <Show when={shown()}>{(entry) => <Payload entry={entry()} close={() => setShown(null)} />}</Show>
    </>
  );
}
