import { createSignal, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { locale, problemText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { ReplyView } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { toast } from "../ui/toast.tsx";
import { Head } from "./parts.tsx";

function ReplyForm(props: { reply: ReplyView | null; close: () => void }) {
  const desk = useDesk();
  // The form is made anew for each reply.
  /* eslint-disable solid/reactivity */
  const [shortcut, setShortcut] = createSignal(props.reply?.shortcut ?? "");
  const [title, setTitle] = createSignal(props.reply?.title ?? "");
  const [text, setText] = createSignal(props.reply?.text ?? "");
  const [shared, setShared] = createSignal(props.reply?.shared ?? desk.isAdmin());
  /* eslint-enable solid/reactivity */
  const [busy, setBusy] = createSignal(false);
  const [wrong, setWrong] = createSignal<unknown>(null);
  /** An error stands at its field. */
  const at = (field: string) => {
    const error = wrong();
    return error instanceof Problem && error.params.field === field ? problemText(error) : null;
  };
  const elsewhere = () => wrong() !== null && !["shortcut", "title", "text"].some((field) => at(field) !== null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    const words = { shortcut: shortcut().trim(), title: title().trim(), text: text() };
    try {
      await (props.reply ? api.changeReply(props.reply.id, words) : api.addReply({ shared: shared(), ...words }));
      props.close();
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return (
    <Dialog title={t(props.reply ? "replies.edit" : "replies.add")} close={() => props.close()}>
      <form novalidate onSubmit={(event) => void save(event)}>
        <TextField label={t("replies.shortcut")} help={t("replies.shortcut.help")} value={shortcut()} set={setShortcut} max={33} error={at("shortcut")} />
        <TextField label={t("replies.title")} help={t("replies.title.help")} value={title()} set={setTitle} max={100} error={at("title")} />
        <TextField label={t("replies.text")} help={t("replies.text.help")} value={text()} set={setText} rows={6} max={4000} error={at("text")} />
        <Show when={desk.isAdmin() && !props.reply}>
          <label class="check"><input type="checkbox" checked={shared()} onChange={(event) => setShared(event.currentTarget.checked)} /><span>{t("replies.shared")}</span></label>
        </Show>
        <Show when={elsewhere()}><p class="alert" role="alert"><Icon name="alert" small />{problemText(wrong())}</p></Show>
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={busy()}>{t("common.save")}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Canned replies (G-08): everybody's and one's own. */
export function Replies() {
  const desk = useDesk();
  const [editing, setEditing] = createSignal<ReplyView | "new" | null>(null);
  const add = () => <button type="button" class="button main" onClick={() => setEditing("new")}><Icon name="plus" small />{t("replies.add")}</button>;
  const remove = async (ids: string[]) => {
    if (!(await askSure(t("common.sure"), t("replies.deleteText", { n: ids.length }), t("common.delete"), true))) return;
    try {
      for (const id of ids) await api.deleteReply(id);
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const form = () => {
    const now = editing();
    return now === null ? null : { reply: now === "new" ? null : now };
  };
  return (
    <>
      <Head title={t("settings.replies")} lead={t("replies.lead")}>{add()}</Head>
      <Show when={desk.replies().length > 0} fallback={<Empty icon="canned" title={t("replies.empty")} text={t("replies.empty.text")} />}>
        <Table label={t("settings.replies")} rows={desk.replies()} id={(one) => one.id} name={(one) => one.shortcut} words={(one) => `${one.shortcut} ${one.title} ${one.text}`}
          mayChange={(one) => !one.shared || desk.isAdmin()} edit={setEditing} remove={(one) => void remove([one.id])} removeMany={(ids) => void remove(ids)}
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
