import { createEffect, on, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../../api.ts";
import { locale, problemText, reasonText, t } from "../../i18n.ts";
import { chatPath, follow } from "../../route.ts";
import type { ConnectionView, UndeliveredView } from "../../types.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Table } from "../../ui/Table.tsx";
import { toast } from "../../ui/toast.tsx";
import { each } from "../deeds.ts";
import { createLoaded, Loaded } from "../parts.tsx";

/** The server shows so many. */
const SHOWN = 100;

/** «Не выгружено»: what the CRM did not take, why, and another try. */
export function Undelivered(props: { of: ConnectionView; changed: () => void }) {
  const list = createLoaded(async () => (await api.undelivered(props.of.id)).items);
  createEffect(on(() => props.of.failed, () => list.again(), { defer: true }));
  const told = (n: number) => {
    toast(t("out.againDone", { n }));
    props.changed();
  };
  const again = async (rows: UndeliveredView[]) => {
    if (await each(rows, (one) => api.sendToCrmAgain(one.message.conversation, one.message.id, one.connection))) told(rows.length);
    list.again();
  };
  const all = async () => {
    try {
      told((await api.sendAllAgain(props.of.id)).messages);
    } catch (error) {
      toast(problemText(error), true);
    }
    list.again();
  };
  const words = (one: UndeliveredView) => one.message.text || one.message.attachments.map((file) => file.name).join(", ") || t("out.noText");
  return (
    <section class="block">
      <h3>{t("out.undelivered")}</h3>
      <div class="lists-bar">
        <p class="help">{t("out.undelivered.text")}<Show when={props.of.failed > SHOWN}> {t("out.undelivered.newest")}</Show></p>
        <button type="button" class="button" onClick={() => void all()}><Icon name="again" small />{t("out.againAll")}</button>
      </div>
      <Loaded from={list}>
        {(rows) => (
          <Table label={t("out.undelivered")} rows={rows()} id={(one) => one.message.id} name={words}
            deeds={[{ text: t("out.again"), act: (picked) => void again(picked) }]}
            hands={(one) => <button type="button" class="ghost" title={t("out.again")} aria-label={`${t("out.again")}: ${words(one)}`} onClick={() => void again([one])}><Icon name="again" small /></button>}
            columns={[
              { id: "message", title: t("out.message"), cell: (one) => <span class="two"><a href={chatPath(one.message.conversation, one.message.id)} onClick={follow}>{words(one)}</a><span>{one.title}</span></span> },
              { id: "reason", title: t("out.reason"), cell: (one) => reasonText(one.reason) },
              { id: "at", title: t("audit.when"), narrow: true, sort: (one) => one.at, cell: (one) => dateTime(locale(), one.at) },
            ]} />
        )}
      </Loaded>
    </section>
  );
}
