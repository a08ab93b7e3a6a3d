import { createSignal, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import type { InviteView, MadeInvite } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { Access } from "./Access.tsx";
import { each } from "./deeds.ts";
import { createSubmit } from "./form.ts";
import { Copy, type createLoaded, ErrorLine } from "./parts.tsx";

/** The link, shown once. */
export function InviteLink(props: { made: MadeInvite; close: () => void }) {
  return (
    <>
      <p class="words">{t("invites.once")}</p>
      <Copy text={location.origin + props.made.path} label={t("invites.link", { email: props.made.email })} />
      <Show when={props.made.letter}><p class="words after">{t("invites.mailed", { email: props.made.email })}</p></Show>
      <div class="actions"><button type="button" class="button main" onClick={() => props.close()}>{t("common.close")}</button></div>
    </>
  );
}

export function NewInvite(props: { close: () => void; made: () => void; withPassword?: () => void }) {
  const [email, setEmail] = createSignal("");
  const [role, setRole] = createSignal<Role>("manager");
  const [channels, setChannels] = createSignal<string[] | null>(null);
  const [made, setMade] = createSignal<MadeInvite | null>(null);
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit(false);
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!email().trim()) return;
    await submit.run(async () => {
      setMade(await api.invite(email().trim(), role(), channels()));
      props.made();
    });
  };
  return (
    <Dialog title={t("invites.add")} close={() => props.close()} narrow>
      <Show when={made()} fallback={
        <form novalidate onSubmit={(event) => void create(event)}>
          <TextField label={t("people.email")} type="email" help={t("invites.help")} value={email()} set={setEmail} error={tried() && !email().trim() ? t("login.fill") : null} />
          <Access role={role()} setRole={setRole} channels={channels()} setChannels={setChannels} />
          <ErrorLine text={submit.error()} />
          <div class="actions">
            <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
            <button class="button main" disabled={submit.busy()}>{t("invites.create")}</button>
          </div>
          <Show when={props.withPassword}>{(act) => <p class="aside"><button type="button" class="link" onClick={() => act()()}>{t("invites.withPassword")}</button></p>}</Show>
        </form>
      }>
        {(link) => <InviteLink made={link()} close={() => props.close()} />}
      </Show>
    </Dialog>
  );
}

const pending = (invite: InviteView) => invite.state === "open" || invite.state === "expired";
const stateText = (invite: InviteView) => t(`invites.state.${invite.state}` satisfies WordKey);
const letterText = (invite: InviteView) => (invite.letter && pending(invite) ? ` · ${t("mail.title")}: ${t(`mail.status.${invite.letter}` satisfies WordKey).toLowerCase()}` : "");

export function Invites(props: { list: ReturnType<typeof createLoaded<InviteView[]>> }) {
  const [link, setLink] = createSignal<MadeInvite | null>(null);
  const renew = async (invite: InviteView) => {
    if (await each([invite], async (one) => setLink(await api.renewInvite(one.id)))) props.list.again();
  };
  const revoke = async (invites: InviteView[]) => {
    if (!(await askSure(t("invites.revoke"), t("invites.revokeText", { email: invites.map((one) => one.email).join(", ") }), t("invites.revoke"), true))) return;
    await each(invites, (one) => api.revokeInvite(one.id));
    props.list.again();
  };
  return (
    <Show when={props.list.value()?.length}>
      <section class="under">
        <h3>{t("invites.title")}</h3>
        <Table label={t("invites.title")} rows={props.list.value() ?? []} id={(one) => one.id} name={(one) => one.email} words={(one) => one.email} mayChange={pending} remove={(rows) => void revoke(rows)} removeText={t("invites.revoke")}
          hands={(one) => <Show when={pending(one)}><button type="button" class="ghost" title={t("invites.renew")} aria-label={`${t("invites.renew")}: ${one.email}`} onClick={() => void renew(one)}><Icon name="again" small /></button></Show>}
          columns={[
            { id: "email", title: t("people.email"), sort: (one) => one.email, cell: (one) => <span class="two"><b>{one.email}</b><span>{one.invited_by}{letterText(one)}</span></span> },
            { id: "role", title: t("people.role"), narrow: true, sort: (one) => one.role, cell: (one) => t(`role.${one.role}` satisfies WordKey) },
            { id: "state", title: t("invites.state"), sort: stateText, cell: (one) => <span class="two"><span class={`tag ${one.state}`}>{stateText(one)}</span><Show when={one.state === "open"}><span>{t("invites.until", { date: dateTime(locale(), one.expires_at) })}</span></Show></span> },
          ]} />
      </section>
      <Show when={link()}>{(made) => <Dialog title={t("invites.renew")} narrow close={() => setLink(null)}><InviteLink made={made()} close={() => setLink(null)} /></Dialog>}</Show>
    </Show>
  );
}
