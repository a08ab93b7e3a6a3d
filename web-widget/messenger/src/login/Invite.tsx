import { createSignal, Show } from "solid-js";
import { api } from "../api.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import { createSubmit } from "../settings/form.ts";
import { ownZone } from "../settings/zones.ts";
import type { InviteCard } from "../types.ts";
import { TextField } from "../ui/Field.tsx";
import { Card, CardForm } from "./Card.tsx";
import { Code } from "./Code.tsx";
import { type CameIn, Linked } from "./Doors.tsx";
import { createPassword, PasswordFields } from "./password.tsx";

function Form(props: { card: InviteCard; secret: string; entered: CameIn; codeAsked: (challenge: string) => void }) {
  const [name, setName] = createSignal("");
  const [known, setKnown] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const password = createPassword();
  const submit = createSubmit(false);
  const ready = () => (props.card.known ? known() !== "" : [name().trim() !== "", password.check()].every(Boolean));
  const missing = (value: string) => (tried() && !value.trim() ? t("login.fill") : null);
  const send = async () => {
    setTried(true);
    if (!ready()) return;
    await submit.run(async () => {
      const said = { token: props.secret, name: name().trim(), password: props.card.known ? known() : password.value(), locale: locale(), time_zone: ownZone() };
      const { challenge } = await api.acceptInvite(said);
      if (challenge) props.codeAsked(challenge);
      else props.entered(await api.me(), "/");
    });
  };
  const role = () => t(`role.${props.card.role}` satisfies WordKey);
  return (
    <Card title={t("invite.title", { workspace: props.card.workspace })} lead={t("invite.lead", { by: props.card.invited_by, role: role() })}>
      <CardForm send={() => void send()} error={submit.error()} busy={submit.busy()} action={t("invite.submit")}>
        <Show when={props.card.known} fallback={
          <>
            <TextField label={t("login.email")} type="email" autocomplete="username" readonly value={props.card.email} set={() => undefined} />
            <TextField label={t("invite.name")} autocomplete="name" max={100} value={name()} set={setName} error={missing(name())} />
            <PasswordFields of={password} />
          </>
        }>
          <p class="lead">{t("invite.known", { email: props.card.email })}</p>
          <TextField label={t("login.password")} type="password" autocomplete="current-password" value={known()} set={setKnown} error={missing(known())} />
        </Show>
      </CardForm>
    </Card>
  );
}

export function Invite(props: { entered: CameIn }) {
  const [challenge, setChallenge] = createSignal<string | null>(null);
  return (
    <Show when={challenge()} keyed fallback={
      <Linked look={api.lookInvite} over={t("over.invite")}>
        {(card, secret) => <Form card={card} secret={secret} entered={(me, path) => props.entered(me, path)} codeAsked={setChallenge} />}
      </Linked>
    }>
      {(asked) => <Code challenge={asked} entered={(me) => props.entered(me, "/")} back={() => setChallenge(null)} />}
    </Show>
  );
}
