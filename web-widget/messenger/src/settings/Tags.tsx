import { createSignal, For, Show } from "solid-js";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { problemText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { TagView } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { toast } from "../ui/toast.tsx";
import { Head } from "./parts.tsx";

const COLOURS = [0, 1, 2, 3, 4, 5, 6, 7];

function TagForm(props: { tag: TagView | null; next: number; close: () => void }) {
  // The form is made anew for each tag.
  /* eslint-disable solid/reactivity */
  const [name, setName] = createSignal(props.tag?.name ?? "");
  const [colour, setColour] = createSignal(props.tag?.colour ?? props.next);
  /* eslint-enable solid/reactivity */
  const [busy, setBusy] = createSignal(false);
  const [wrong, setWrong] = createSignal<unknown>(null);
  const atName = () => { const error = wrong(); return error instanceof Problem && error.params.field === "name" ? problemText(error) : null; };
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    try {
      await (props.tag ? api.changeTag(props.tag.id, { name: name(), colour: colour() }) : api.addTag(name(), colour()));
      props.close();
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return (
    <Dialog title={t(props.tag ? "tags.edit" : "tags.new")} narrow close={() => props.close()}>
      <form novalidate onSubmit={(event) => void save(event)}>
        <TextField label={t("tags.name")} value={name()} set={setName} max={40} error={atName()} />
        <fieldset class="colours">
          <legend>{t("tags.colour")}</legend>
          <For each={COLOURS}>{(one) => <label><input type="radio" name="colour" checked={colour() === one} onChange={() => setColour(one)} aria-label={t("tags.colourN", { n: one + 1 })} /><i class={`tag-dot colour-${one}`} /></label>}</For>
        </fieldset>
        <Show when={wrong() !== null && atName() === null}><p class="alert" role="alert"><Icon name="alert" small />{problemText(wrong())}</p></Show>
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={busy()}>{t("common.save")}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** The tags of the workspace. */
export function Tags() {
  const desk = useDesk();
  const [editing, setEditing] = createSignal<TagView | "new" | null>(null);
  const remove = async (ids: string[]) => {
    if (!(await askSure(t("common.sure"), t("tags.deleteText", { n: ids.length }), t("common.delete"), true))) return;
    try {
      for (const id of ids) await api.deleteTag(id);
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const form = () => {
    const now = editing();
    return now === null ? null : { tag: now === "new" ? null : now };
  };
  return (
    <>
      <Head title={t("settings.tags")} lead={t("tags.lead")}><button type="button" class="button main" onClick={() => setEditing("new")}><Icon name="plus" small />{t("tags.new")}</button></Head>
      <Show when={desk.tags().length > 0} fallback={<Empty icon="tag" title={t("tags.empty")} text={t("tags.empty.text")} />}>
        <Table label={t("settings.tags")} rows={desk.tags()} id={(one) => one.id} name={(one) => one.name} words={(one) => one.name} mayChange={() => desk.isAdmin()}
          edit={setEditing} remove={(one) => void remove([one.id])} removeMany={(ids) => void remove(ids)}
          columns={[{ id: "name", title: t("tags.name"), sort: (one) => one.name, cell: (one) => <span class="named"><i class={`tag-dot colour-${one.colour}`} />{one.name}</span> }]} />
      </Show>
      <Show when={form()} keyed>{(now) => <TagForm tag={now.tag} next={desk.tags().length % COLOURS.length} close={() => setEditing(null)} />}</Show>
    </>
  );
}
