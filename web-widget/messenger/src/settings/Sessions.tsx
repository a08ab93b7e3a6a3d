import { For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, t } from "../i18n.ts";
import type { SessionView } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { createLoaded, Loaded } from "./parts.tsx";

export function Sessions() {
  const list = createLoaded(async () => (await api.sessions()).items);
  const end = async (work: () => Promise<unknown>) => {
    try {
      await work();
      list.again();
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const name = (session: SessionView) => session.device || t("sessions.unknown");
  const about = (session: SessionView) => [session.address, t("sessions.since", { date: dateTime(locale(), session.created_at) }), t("sessions.seen", { date: dateTime(locale(), session.seen_at) })].filter(Boolean).join(" · ");
  return (
    <section class="block">
      <h3>{t("sessions.title")}</h3>
      <p class="help">{t("sessions.help")}</p>
      <Loaded from={list}>
        {(all) => (
          <>
            <ul class="table">
              <For each={all()}>
                {(session) => (
                  <li class="item">
                    <span class="disc"><Icon name="device" /></span>
                    <span class="about"><b>{name(session)}<Show when={session.current}> <em>{t("sessions.current")}</em></Show></b><small>{about(session)}</small></span>
                    <span class="buttons">
                      <Show when={!session.current}><button type="button" class="button" aria-label={`${t("sessions.end")}: ${name(session)}`} onClick={() => void end(() => api.endSession(session.id))}>{t("sessions.end")}</button></Show>
                    </span>
                  </li>
                )}
              </For>
            </ul>
            <Show when={all().length > 1}><div class="row-of"><button type="button" class="button" onClick={() => void end(api.endOtherSessions)}>{t("sessions.endOthers")}</button></div></Show>
          </>
        )}
      </Loaded>
    </section>
  );
}
