import { createSignal, For, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { UserView } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Confirm } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Invites, NewInvite } from "./Invites.tsx";
import { createLoaded, Head, Loaded } from "./parts.tsx";
import { PersonForm } from "./PersonForm.tsx";

export function People() {
  const desk = useDesk();
  const [editing, setEditing] = createSignal<UserView | "new" | null>(null);
  const [deleting, setDeleting] = createSignal<UserView | null>(null);
  const [inviting, setInviting] = createSignal(false);
  const invites = createLoaded(async () => (await api.invites()).items);
  const list = createLoaded(async () => (await api.users()).items);
  void desk.loadChannels();
  const access = (user: UserView) => (user.channels === null ? t("people.access.all") : t("people.access.count", { n: user.channels.length }));
  /** An admin changes managers only; nobody changes themselves here. */
  const mayChange = (user: UserView) => user.id !== desk.me().id && (desk.me().role === "owner" || user.role === "manager");
  const remove = async (yes: boolean) => {
    const user = deleting();
    setDeleting(null);
    if (!yes || !user) return;
    try {
      await api.deleteUser(user.id);
      list.again();
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <>
      <Head title={t("settings.people")} lead={t("people.lead")}>
        <button type="button" class="button main" onClick={() => setInviting(true)}><Icon name="plus" small />{t("invites.add")}</button>
      </Head>
      <Loaded from={list}>
        {(all) => (
          <ul class="table">
            <For each={all()}>
              {(user) => (
                <li class="item">
                  <Avatar name={user.name} seed={user.id} />
                  <span class="about"><b>{user.name}<Show when={user.id === desk.me().id}> <em>{t("people.you")}</em></Show></b><small>{user.email}</small></span>
                  <span class="side"><span class={`tag ${user.role}`}>{t(`role.${user.role}` satisfies WordKey)}</span><small title={t("people.since", { date: dateTime(locale(), user.created_at) })}>{access(user)}</small></span>
                  <span class="buttons">
                    <Show when={mayChange(user)}>
                      <button type="button" class="ghost" aria-label={`${t("common.edit")}: ${user.name}`} onClick={() => setEditing(user)}><Icon name="edit" small /></button>
                      <button type="button" class="ghost" aria-label={`${t("common.delete")}: ${user.name}`} onClick={() => setDeleting(user)}><Icon name="trash" small /></button>
                    </Show>
                  </span>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
      <Invites list={invites} />
      <Show when={inviting()}><NewInvite close={() => setInviting(false)} made={invites.again} withPassword={() => { setInviting(false); setEditing("new"); }} /></Show>
      <Show when={editing()} keyed>{(user) => <PersonForm user={user === "new" ? null : user} close={() => setEditing(null)} saved={list.again} />}</Show>
      <Show when={deleting()}>{(user) => <Confirm title={t("common.sure")} text={t("people.deleteText", { name: user().name })} action={t("common.delete")} danger done={(yes) => void remove(yes)} />}</Show>
    </>
  );
}
