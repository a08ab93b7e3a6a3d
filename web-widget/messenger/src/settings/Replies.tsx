import { createEffect, createRoot, createSignal, onCleanup, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { createUploads } from "@kommutator/shared/uploads.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { locale, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { FilePanel } from "../thread/FilePanel.tsx";
import type { ReplyView } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { FormDialog } from "../ui/FormDialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { Head } from "./parts.tsx";
import { left, named, removeLater } from "./removals.ts";

/** As the server has it. */
const MOST_FILES = 10;
/** The server says what is too large: it knows how it is set. */
const FILE_BYTES = Infinity;

function ReplyForm(props: { reply: ReplyView | null; close: () => void }) {
  const desk = useDesk();
  // The form is made anew for each reply.
  /* eslint-disable solid/reactivity */
  const [shortcut, setShortcut] = createSignal(props.reply?.shortcut ?? "");
  const [title, setTitle] = createSignal(props.reply?.title ?? "");
  const [text, setText] = createSignal(props.reply?.text ?? "");
  const [shared, setShared] = createSignal(props.reply?.shared ?? desk.isAdmin());
  /* eslint-enable solid/reactivity */
  const limits = () => ({ most: FILE_BYTES, files: MOST_FILES });
  const uploads = createUploads(api.uploadUrl, () => undefined, limits);
  // eslint-disable-next-line solid/reactivity -- as above
  uploads.bring(props.reply?.files ?? [], (file) => Promise.resolve(file));
  onCleanup(() => uploads.list().forEach((one) => uploads.remove(one)));
  let input!: HTMLInputElement;
  /** Once nothing is on its way any more. */
  const settled = () => new Promise<void>((done) => createRoot((end) => createEffect(() => { if (!uploads.busy()) { done(); queueMicrotask(end); } })));
  const save = async () => {
    await settled();
    // What did not come must not be missed silently.
    if (uploads.list().some((one) => one.error)) throw new Problem(422, "upload_interrupted", "");
    const words = { shortcut: shortcut().trim(), title: title().trim(), text: text(), files: uploads.list().flatMap((one) => (one.done ? [one.done.id] : [])) };
    return props.reply ? api.changeReply(props.reply.id, words) : api.addReply({ shared: shared(), ...words });
  };
  return (
    <FormDialog title={t(props.reply ? "replies.edit" : "replies.add")} fields={["shortcut", "title", "text"]} save={save} close={() => props.close()}>
      {(at) => (
        <>
          <TextField label={t("replies.shortcut")} help={t("replies.shortcut.help")} value={shortcut()} set={setShortcut} max={33} error={at("shortcut")} />
          <TextField label={t("replies.title")} help={t("replies.title.help")} value={title()} set={setTitle} max={100} error={at("title")} />
          <TextField label={t("replies.text")} help={t("replies.text.help")} value={text()} set={setText} rows={6} max={4000} error={at("text")} />
          <div class="field reply-files" role="group" aria-label={t("replies.files")}>
            <Show when={uploads.list().length > 0}><FilePanel files={{ uploads, limits, pictures: () => false, asFiles: () => false, setAsFiles: () => undefined }} /></Show>
            <input ref={(made) => (input = made)} type="file" multiple hidden aria-label={t("compose.attach")} onChange={() => { uploads.add(input.files ?? []); input.value = ""; }} />
            <button type="button" class="button" disabled={uploads.list().length >= MOST_FILES} onClick={() => input.click()}><Icon name="clip" small />{t("compose.attach")}</button>
            <p class="about" role="status">{uploads.crowded() ? t("file.tooMany", { n: MOST_FILES }) : t("replies.files.help")}</p>
          </div>
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
            { id: "text", title: t("replies.text"), cell: (one) => <span class="two"><Show when={one.title}><b>{one.title}</b></Show><span>{one.text}</span><Show when={one.files.length > 0}><small class="files"><Icon name="clip" small />{one.files.map((file) => file.name).join(", ")}</small></Show></span> },
            { id: "whose", title: t("replies.whose"), narrow: true, sort: (one) => Number(one.shared), cell: (one) => t(one.shared ? "replies.all" : "replies.own") },
            { id: "changed", title: t("replies.changed"), narrow: true, sort: (one) => one.changed_at, cell: (one) => dateTime(locale(), one.changed_at) },
          ]} />
      </Show>
      <Show when={form()} keyed>{(now) => <ReplyForm reply={now.reply} close={() => setEditing(null)} />}</Show>
    </>
  );
}
