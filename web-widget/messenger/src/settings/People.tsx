import { createSignal, Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { UserView } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { each } from "./deeds.ts";
import { Invites, NewInvite } from "./Invites.tsx";
import { createLoaded, Head, Loaded } from "./parts.tsx";
import { PersonForm } from "./PersonForm.tsx";

export function People() {
  const desk = useDesk();
  const [editing, setEditing] = createSignal<UserView | "new" | null>(null);
  const [inviting, setInviting] = createSignal(false);
  const invites = createLoaded(async () => (await api.invites()).items);
  const list = createLoaded(async () => (await api.users()).items);
  void desk.loadChannels();
  const access = (user: UserView) => (user.channels === null ? t("people.access.all") : t("people.access.count", { n: user.channels.length }));
  /** An admin changes managers only; nobody changes themselves here. */
  const mayChange = (user: UserView) => user.id !== desk.me().id && (desk.me().role === "owner" || user.role === "manager");
  const remove = async (users: UserView[]) => {
    if (!(await askSure(t("common.sure"), t("people.deleteText", { n: users.length, name: users.map((one) => one.name).join(", ") }), t("common.delete"), true))) return;
    await each(users, (one) => api.deleteUser(one.id));
    list.again();
  };
  return (
    <>
      <Head title={t("settings.people")} lead={t("people.lead")}>
        <button type="button" class="button main" onClick={() => setInviting(true)}><Icon name="plus" small />{t("invites.add")}</button>
      </Head>
      <Loaded from={list}>
        {(all) => (
          <Table label={t("settings.people")} rows={all()} id={(one) => one.id} name={(one) => one.name} words={(one) => `${one.name} ${one.email}`} mayChange={mayChange} edit={setEditing} remove={(rows) => void remove(rows)}
            columns={[
              { id: "name", title: t("people.name"), sort: (one) => one.name, cell: (one) => <span class="named"><Avatar name={one.name} seed={one.id} /><span class="two"><b>{one.name}<Show when={one.id === desk.me().id}> <em>{t("people.you")}</em></Show></b><span>{one.email}</span></span></span> },
              { id: "role", title: t("people.role"), sort: (one) => one.role, cell: (one) => <span class={`tag ${one.role}`}>{t(`role.${one.role}` satisfies WordKey)}</span> },
              { id: "access", title: t("people.access"), narrow: true, sort: access, cell: access },
              { id: "since", title: t("people.sinceHead"), narrow: true, sort: (one) => one.created_at, cell: (one) => dateTime(locale(), one.created_at) },
            ]} />
        )}
      </Loaded>
      <Invites list={invites} />
      <Show when={inviting()}><NewInvite close={() => setInviting(false)} made={invites.again} withPassword={() => { setInviting(false); setEditing("new"); }} /></Show>
      <Show when={editing()} keyed>{(user) => <PersonForm user={user === "new" ? null : user} close={() => setEditing(null)} saved={list.again} />}</Show>
    </>
  );
}
