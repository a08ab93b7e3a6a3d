import { createSignal, For, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, t, type WordKey } from "../i18n.ts";
import type { InviteView, MadeInvite } from "../types.ts";
import { Confirm, Dialog } from "../ui/Dialog.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Access } from "./Access.tsx";
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

function Row(props: { invite: InviteView; renew: () => void; revoke: () => void }) {
  const pending = () => props.invite.state === "open" || props.invite.state === "expired";
  const letter = () => (props.invite.letter && pending() ? ` · ${t("mail.title")}: ${t(`mail.status.${props.invite.letter}` satisfies WordKey).toLowerCase()}` : "");
  return (
    <li class="item">
      <span class="disc"><Icon name="mail" /></span>
      <span class="about"><b>{props.invite.email}</b><small>{t(`role.${props.invite.role}` satisfies WordKey)} · {props.invite.invited_by}{letter()}</small></span>
      <span class="side"><span class={`tag ${props.invite.state}`}>{t(`invites.state.${props.invite.state}` satisfies WordKey)}</span><Show when={props.invite.state === "open"}><small>{t("invites.until", { date: dateTime(locale(), props.invite.expires_at) })}</small></Show></span>
      <span class="buttons">
        <Show when={pending()}>
          <button type="button" class="ghost" title={t("invites.renew")} aria-label={`${t("invites.renew")}: ${props.invite.email}`} onClick={() => props.renew()}><Icon name="again" small /></button>
          <button type="button" class="ghost" title={t("invites.revoke")} aria-label={`${t("invites.revoke")}: ${props.invite.email}`} onClick={() => props.revoke()}><Icon name="trash" small /></button>
        </Show>
      </span>
    </li>
  );
}

export function Invites(props: { list: ReturnType<typeof createLoaded<InviteView[]>> }) {
  const [link, setLink] = createSignal<MadeInvite | null>(null);
  const [revoking, setRevoking] = createSignal<InviteView | null>(null);
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work();
      props.list.again();
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const answer = (yes: boolean) => {
    const invite = revoking();
    setRevoking(null);
    if (yes && invite) void act(() => api.revokeInvite(invite.id));
  };
  return (
    <Show when={props.list.value()?.length}>
      <section class="under">
        <h3>{t("invites.title")}</h3>
        <ul class="table">
          <For each={props.list.value()}>
            {(invite) => <Row invite={invite} renew={() => void act(async () => setLink(await api.renewInvite(invite.id)))} revoke={() => setRevoking(invite)} />}
          </For>
        </ul>
      </section>
      <Show when={link()}>{(made) => <Dialog title={t("invites.renew")} narrow close={() => setLink(null)}><InviteLink made={made()} close={() => setLink(null)} /></Dialog>}</Show>
      <Show when={revoking()}>{(invite) => <Confirm title={t("invites.revoke")} text={t("invites.revokeText", { email: invite().email })} action={t("invites.revoke")} danger done={answer} />}</Show>
    </Show>
  );
}
