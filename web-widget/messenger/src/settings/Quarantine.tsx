import { createSignal, onCleanup, Show } from "solid-js";
import { dateTime, size } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { kindText, locale, reasonText, t } from "../i18n.ts";
import type { QuarantineView } from "../types.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { marked } from "../ui/footnote.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { toast } from "../ui/toast.tsx";
import { each } from "./deeds.ts";
import { createPaged } from "../state/paged.ts";
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
  const [shown, setShown] = createSignal<QuarantineView | null>(null);
  const waits = (entry: QuarantineView) => entry.replayed_at === null;
  const replay = async (entries: QuarantineView[]) => {
    if (await each(entries, async (one) => list.put(await api.replay(one.id)))) toast(t("quarantine.replayed"));
  };
  const button = (icon: "file" | "again", text: string, entry: QuarantineView, act: () => void) => <button type="button" class="ghost" title={text} aria-label={`${text}: ${reasonText(entry.reason)}`} onClick={act}><Icon name={icon} small /></button>;
  return (
    <>
      <Head title={t("settings.quarantine")} lead={t("quarantine.lead")} />
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="done" title={t("quarantine.empty")} text={t("quarantine.empty.text")} />}>
        {(all) => (
          <Table label={t("settings.quarantine")} rows={all()} id={(one) => one.id} name={(one) => reasonText(one.reason)} mayChange={waits} more={list.next() === null ? null : list.more}
            deeds={[{ text: t("quarantine.replay"), act: (rows) => void replay(rows) }]}
            hands={(one) => <>{button("file", t("quarantine.show"), one, () => setShown(one))}<Show when={waits(one)}>{button("again", t("quarantine.replay"), one, () => void replay([one]))}</Show></>}
            columns={[
              { id: "reason", title: t("quarantine.reason"), sort: (one) => reasonText(one.reason), cell: (one) => <span class="two"><b>{reasonText(one.reason)}</b><Show when={one.replayed_at}>{(at) => <span>{t("quarantine.done", { time: dateTime(locale(), at()) })}</span>}</Show></span> },
              { id: "kind", title: t("channels.kind"), narrow: true, sort: (one) => kindText(one.channel_provider), cell: (one) => marked(kindText(one.channel_provider)) },
              { id: "size", title: t("quarantine.size"), narrow: true, sort: (one) => one.size, cell: (one) => size(locale(), one.size) },
              { id: "at", title: t("audit.when"), narrow: true, sort: (one) => one.at, cell: (one) => dateTime(locale(), one.at) },
            ]} />
        )}
      </Loaded>
      <Show when={shown()}>{(entry) => <Payload entry={entry()} close={() => setShown(null)} />}</Show>
    </>
  );
}
