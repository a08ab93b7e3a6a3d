import { For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { has, locale, t } from "../i18n.ts";
import type { AuditEntry } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { createPaged } from "./paged.ts";
import { Head, Loaded } from "./parts.tsx";

/** Whatever the server recorded, as short text: `name: value, …`. */
export function plain(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, one]) => `${name}: ${plain(one)}`).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What was done, in words; a deed this build has no words for is shown by its code. */
function did(action: string): string {
  const key = `audit.did.${action}`;
  return has(key) ? t(key) : action;
}

export function Audit() {
  const list = createPaged<AuditEntry>(api.audit);
  return (
    <>
      <Head title={t("settings.audit")} lead={t("audit.lead")} />
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="audit" title={t("audit.empty")} text={t("audit.empty.text")} />}>
        {(all) => (
          <div class="grid-frame" tabindex="0" role="region" aria-label={t("settings.audit")}>
            <table class="grid">
              <thead><tr><th scope="col">{t("audit.when")}</th><th scope="col">{t("audit.who")}</th><th scope="col">{t("audit.what")}</th><th scope="col">{t("audit.target")}</th><th scope="col">{t("audit.details")}</th></tr></thead>
              <tbody>
                <For each={all()}>
                  {(entry) => (
                    <tr>
                      <td class="number"><time datetime={entry.at}>{dateTime(locale(), entry.at)}</time></td>
                      <td>{entry.actor.name || entry.actor.id}</td>
                      <td>{did(entry.action)}</td>
                      <td>{plain(entry.target)}</td>
                      <td>{plain(entry.details)}</td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      <Show when={list.next()}><button type="button" class="button more" onClick={list.more}>{t("common.more")}</button></Show>
    </>
  );
}
