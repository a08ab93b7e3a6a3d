import { createSignal, For, Show } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { TagView } from "../types.ts";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { FormDialog } from "../ui/FormDialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { Head } from "./parts.tsx";
import { left, named, removeLater } from "./removals.ts";

const COLOURS = [0, 1, 2, 3, 4, 5, 6, 7];

function TagForm(props: { tag: TagView | null; next: number; close: () => void }) {
  // The form is made anew for each tag.
  /* eslint-disable solid/reactivity */
  const [name, setName] = createSignal(props.tag?.name ?? "");
  const [colour, setColour] = createSignal(props.tag?.colour ?? props.next);
  /* eslint-enable solid/reactivity */
  const save = () => (props.tag ? api.changeTag(props.tag.id, { name: name(), colour: colour() }) : api.addTag(name(), colour()));
  return (
    <FormDialog title={t(props.tag ? "tags.edit" : "tags.new")} narrow fields={["name"]} save={save} close={() => props.close()}>
      {(at) => (
        <>
          <TextField label={t("tags.name")} value={name()} set={setName} max={40} error={at("name")} />
          <fieldset class="colours">
            <legend>{t("tags.colour")}</legend>
            <For each={COLOURS}>{(one) => <label><input type="radio" name="colour" checked={colour() === one} onChange={() => setColour(one)} aria-label={t("tags.colourN", { n: one + 1 })} /><i class={`tag-dot colour-${one}`} /></label>}</For>
          </fieldset>
        </>
      )}
    </FormDialog>
  );
}

/** The tags of the workspace. */
export function Tags() {
  const desk = useDesk();
  const [editing, setEditing] = createSignal<TagView | "new" | null>(null);
  const remove = (tags: TagView[]) => removeLater(tags, t("tags.gone", { n: tags.length, names: named(tags.map((one) => one.name)) }), (one) => api.deleteTag(one.id));
  const tags = () => left(desk.tags());
  const form = () => {
    const now = editing();
    return now === null ? null : { tag: now === "new" ? null : now };
  };
  const add = () => <button type="button" class="button main" onClick={() => setEditing("new")}><Icon name="plus" small />{t("tags.new")}</button>;
  return (
    <>
      <Head title={t("settings.tags")} lead={t("tags.lead")}>{add()}</Head>
      <Show when={tags().length > 0} fallback={<Empty icon="tag" title={t("tags.empty")} text={t("tags.empty.text")}>{add()}</Empty>}>
        <Table label={t("settings.tags")} rows={tags()} id={(one) => one.id} name={(one) => one.name} words={(one) => one.name} mayChange={() => desk.isAdmin()} edit={setEditing} remove={remove}
          columns={[{ id: "name", title: t("tags.name"), sort: (one) => one.name, cell: (one) => <span class="named"><i class={`tag-dot colour-${one.colour}`} />{one.name}</span> }]} />
      </Show>
      <Show when={form()} keyed>{(now) => <TagForm tag={now.tag} next={desk.tags().length % COLOURS.length} close={() => setEditing(null)} />}</Show>
    </>
  );
}
