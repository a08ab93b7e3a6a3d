import { createMemo, createSignal, For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { has, locale, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { AuditAsk, AuditEntry } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { SelectField } from "../ui/Field.tsx";
import { DayField, Filters } from "../ui/Filters.tsx";
import { Table } from "../ui/Table.tsx";
import { ru } from "../words/ru.ts";
import { linesOf } from "./audited.ts";
import { dayEnd, dayStart } from "./days.ts";
import { createPaged } from "../state/paged.ts";
import { Head, Loaded } from "./parts.tsx";

/** Lines shown of one deed. */
const MOST = 5;
const DID = "audit.did.";
const ACTIONS = Object.keys(ru).filter((key) => key.startsWith(DID)).map((key) => key.slice(DID.length));

/** What was done, in words; a deed this build has no words for is shown by its code. */
function did(action: string): string {
  const key = DID + action;
  return has(key) ? t(key) : action;
}

const who = ({ actor }: AuditEntry) => (actor.id === "cli" ? t("audit.cli") : actor.name || actor.id);

/** The log of what owners and admins changed. Its filters are folded away (F-12). */
export function Audit() {
  const desk = useDesk();
  const [asked, setAsked] = createSignal<AuditAsk>({});
  const list = createPaged<AuditEntry>((cursor) => api.audit({ ...asked(), from: dayStart(asked().from), to: dayEnd(asked().to) }, cursor));
  const on = () => Object.values(asked()).filter(Boolean).length;
  const put = (part: AuditAsk) => {
    setAsked((now) => ({ ...now, ...part }));
    list.anew();
  };
  const actions = createMemo(() => ACTIONS.map((value) => ({ value, text: did(value) })).sort((a, b) => a.text.localeCompare(b.text, locale())));
  const people = () => desk.colleagues().map((one) => ({ value: one.id, text: one.name }));
  const any = { value: "", text: t("filters.any") };
  return (
    <>
      <Head title={t("settings.audit")} lead={t("audit.lead")} />
      <Filters on={on()} clear={() => put({ actor: "", action: "", from: "", to: "" })}>
        <SelectField label={t("audit.who")} value={asked().actor ?? ""} options={[any, ...people()]} set={(actor) => put({ actor })} />
        <SelectField label={t("audit.what")} value={asked().action ?? ""} options={[any, ...actions()]} set={(action) => put({ action })} />
        <DayField label={t("filters.from")} value={asked().from ?? ""} set={(from) => put({ from })} />
        <DayField label={t("filters.to")} value={asked().to ?? ""} set={(to) => put({ to })} />
      </Filters>
      <Loaded from={list} isEmpty={(all) => all.length === 0 && list.next() === null} empty={
        <Show when={on() > 0} fallback={<Empty icon="audit" title={t("audit.empty")} text={t("audit.empty.text")} />}>
          <Empty icon="filter" title={t("filters.none")} text={t("filters.none.text")} />
        </Show>
      }>
        {(all) => (
          <Table label={t("settings.audit")} rows={all()} id={(one) => one.id} name={(one) => did(one.action)} more={list.next() === null ? null : list.more}
            columns={[
              { id: "at", title: t("audit.when"), narrow: true, sort: (one) => one.at, cell: (one) => <time datetime={one.at}>{dateTime(locale(), one.at)}</time> },
              { id: "who", title: t("audit.who"), sort: who, cell: who },
              { id: "what", title: t("audit.what"), sort: (one) => did(one.action), cell: (one) => <span class="two"><b>{did(one.action)}</b><span class="when">{dateTime(locale(), one.at)}</span></span> },
              { id: "details", title: t("audit.details"), cell: (one) => <Details entry={one} /> },
            ]} />
        )}
      </Loaded>
    </>
  );
}

/** A line for each thing that was said of it. */
function Details(props: { entry: AuditEntry }) {
  const lines = () => linesOf(props.entry);
  return (
    <span class="lines">
      <For each={lines().slice(0, MOST)}>{(line) => <span>{line}</span>}</For>
      <Show when={lines().length > MOST}><span>{t("audit.more", { n: lines().length - MOST })}</span></Show>
    </span>
  );
}
