import { createSignal, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { ReplyView } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { FormDialog } from "../ui/FormDialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { Head } from "./parts.tsx";
import { left, named, removeLater } from "./removals.ts";

function ReplyForm(props: { reply: ReplyView | null; close: () => void }) {
  const desk = useDesk();
  // The form is made anew for each reply.
  /* eslint-disable solid/reactivity */
  const [shortcut, setShortcut] = createSignal(props.reply?.shortcut ?? "");
  const [title, setTitle] = createSignal(props.reply?.title ?? "");
  const [text, setText] = createSignal(props.reply?.text ?? "");
  const [shared, setShared] = createSignal(props.reply?.shared ?? desk.isAdmin());
  /* eslint-enable solid/reactivity */
  const save = () => {
    const words = { shortcut: shortcut().trim(), title: title().trim(), text: text() };
    return props.reply ? api.changeReply(props.reply.id, words) : api.addReply({ shared: shared(), ...words });
  };
  return (
    <FormDialog title={t(props.reply ? "replies.edit" : "replies.add")} fields={["shortcut", "title", "text"]} save={save} close={() => props.close()}>
      {(at) => (
        <>
          <TextField label={t("replies.shortcut")} help={t("replies.shortcut.help")} value={shortcut()} set={setShortcut} max={33} error={at("shortcut")} />
          <TextField label={t("replies.title")} help={t("replies.title.help")} value={title()} set={setTitle} max={100} error={at("title")} />
          <TextField label={t("replies.text")} help={t("replies.text.help")} value={text()} set={setText} rows={6} max={4000} error={at("text")} />
          <Show when={desk.isAdmin() && !props.reply}>
            <label class="check"><input type="checkbox" checked={shared()} onChange={(event) => setShared(event.currentTarget.checked)} /><span>{t("replies.shared")}</span></label>
          </Show>
        </>
      )}
    </FormDialog>
  );
}

/** Canned replies (G-08): everybody's and one's own. */
export function Replies() {
  const desk = useDesk();
  const [editing, setEditing] = createSignal<ReplyView | "new" | null>(null);
  const add = () => <button type="button" class="button main" onClick={() => setEditing("new")}><Icon name="plus" small />{t("replies.add")}</button>;
  const remove = (replies: ReplyView[]) => removeLater(replies, t("replies.gone", { n: replies.length, names: named(replies.map((one) => `/${one.shortcut}`)) }), (one) => api.deleteReply(one.id));
  const replies = () => left(desk.replies());
  const form = () => {
    const now = editing();
    return now === null ? null : { reply: now === "new" ? null : now };
  };
  return (
    <>
      <Head title={t("settings.replies")} lead={t("replies.lead")}>{add()}</Head>
      <Show when={replies().length > 0} fallback={<Empty icon="canned" title={t("replies.empty")} text={t("replies.empty.text")}>{add()}</Empty>}>
        <Table label={t("settings.replies")} rows={replies()} id={(one) => one.id} name={(one) => one.shortcut} words={(one) => `${one.shortcut} ${one.title} ${one.text}`}
          mayChange={(one) => !one.shared || desk.isAdmin()} edit={setEditing} remove={remove}
          columns={[
            { id: "shortcut", title: t("replies.shortcut"), sort: (one) => one.shortcut, cell: (one) => <code>/{one.shortcut}</code> },
            { id: "text", title: t("replies.text"), cell: (one) => <span class="two"><Show when={one.title}><b>{one.title}</b></Show><span>{one.text}</span></span> },
            { id: "whose", title: t("replies.whose"), narrow: true, sort: (one) => Number(one.shared), cell: (one) => t(one.shared ? "replies.all" : "replies.own") },
            { id: "changed", title: t("replies.changed"), narrow: true, sort: (one) => one.changed_at, cell: (one) => dateTime(locale(), one.changed_at) },
          ]} />
      </Show>
      <Show when={form()} keyed>{(now) => <ReplyForm reply={now.reply} close={() => setEditing(null)} />}</Show>
    </>
  );
}
