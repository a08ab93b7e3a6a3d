import { Show } from "solid-js";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { Deed } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";
import { Menu } from "../ui/Menu.tsx";
import { assignItems, snoozeItems, tagItems } from "../thread/items.tsx";

/** What can be done with the conversations that are picked. */
export function Bulk(props: { picked: ReadonlySet<string>; clear: () => void }) {
  const desk = useDesk();
  const all = async (deed: Deed) => {
    if (await desk.perform([...props.picked], deed)) props.clear();
  };
  const perform = (deed: Deed) => void all(deed);
  const give = (user: string | null) => perform({ do: "assign", user });
  const putAside = (until: string | null) => perform({ do: "snooze", until });
  const views = () => [...props.picked].flatMap((id) => desk.conversations.get(id) ?? []);
  const allClosed = () => views().length > 0 && views().every((one) => one.status === "closed");
  const common = () => desk.tags().filter((tag) => views().every((one) => one.tags.includes(tag.id))).map((tag) => tag.id);
  return (
    <Show when={props.picked.size > 0}>
      <div class="bulk" role="toolbar" aria-label={t("bulk.label")}>
        <b aria-live="polite">{t("bulk.picked", { n: props.picked.size })}</b>
        <button type="button" class="ghost" aria-label={t("bulk.read")} title={t("bulk.read")} onClick={() => perform({ do: "read" })}><Icon name="checks" small /></button>
        <Menu label={t("assign.label")} opened={() => void desk.loadColleagues()} items={() => assignItems(desk, null, give)}><Icon name="mine" small /></Menu>
        <Menu label={t("tags.put")} items={() => tagItems(desk, common(), perform)}><Icon name="tag" small /></Menu>
        <Menu label={t("snooze.label")} items={() => snoozeItems(undefined, putAside)}><Icon name="snooze" small /></Menu>
        <button type="button" class="ghost" aria-label={allClosed() ? t("thread.reopen") : t("thread.close")} title={allClosed() ? t("thread.reopen") : t("thread.close")} onClick={() => perform({ do: allClosed() ? "reopen" : "close" })}><Icon name={allClosed() ? "reopen" : "done"} small /></button>
        <button type="button" class="ghost" aria-label={t("bulk.clear")} title={t("bulk.clear")} onClick={() => props.clear()}><Icon name="close" small /></button>
      </div>
    </Show>
  );
}
