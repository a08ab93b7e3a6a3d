import { Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, t } from "../i18n.ts";
import type { SessionView } from "../types.ts";
import { Table } from "../ui/Table.tsx";
import { each } from "./deeds.ts";
import { createLoaded, Loaded } from "./parts.tsx";

export function Sessions() {
  const list = createLoaded(async () => (await api.sessions()).items);
  const end = async (sessions: SessionView[]) => {
    await each(sessions, (one) => api.endSession(one.id));
    list.again();
  };
  const endOthers = async () => {
    await each([null], api.endOtherSessions);
    list.again();
  };
  const name = (session: SessionView) => session.device || t("sessions.unknown");
  return (
    <section class="block">
      <h3>{t("sessions.title")}</h3>
      <p class="help">{t("sessions.help")}</p>
      <Loaded from={list}>
        {(all) => (
          <>
            <Table label={t("sessions.title")} rows={all()} id={(one) => one.id} name={name} mayChange={(one) => !one.current} remove={(rows) => void end(rows)} removeText={t("sessions.end")}
              columns={[
                { id: "device", title: t("sessions.device"), sort: name, cell: (one) => <span class="two"><b>{name(one)}<Show when={one.current}> <em>{t("sessions.current")}</em></Show></b><span>{one.address}</span></span> },
                { id: "since", title: t("sessions.sinceHead"), narrow: true, sort: (one) => one.created_at, cell: (one) => dateTime(locale(), one.created_at) },
                { id: "seen", title: t("sessions.seenHead"), sort: (one) => one.seen_at, cell: (one) => dateTime(locale(), one.seen_at) },
              ]} />
            <Show when={all().length > 1}><div class="row-of"><button type="button" class="button" onClick={() => void endOthers()}>{t("sessions.endOthers")}</button></div></Show>
          </>
        )}
      </Loaded>
    </section>
  );
}
