import { createSignal, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import type { UserView } from "../types.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { Access } from "./Access.tsx";
import { createSubmit } from "./form.ts";
import { ErrorLine } from "./parts.tsx";
import { PersonAccess } from "./PersonAccess.tsx";

const SHORTEST = 8;

export function PersonForm(props: { user: UserView | null; close: () => void; saved: () => void }) {
  /* eslint-disable solid/reactivity -- the form starts from the person it was opened for */
  const [name, setName] = createSignal(props.user?.name ?? "");
  const [email, setEmail] = createSignal(props.user?.email ?? "");
  const [role, setRole] = createSignal<Role>(props.user?.role ?? "manager");
  const [channels, setChannels] = createSignal<string[] | null>(props.user ? props.user.channels : null);
  /* eslint-enable solid/reactivity */
  const [password, setPassword] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit();
  const missing = (value: string) => (tried() && !value.trim() ? t("login.fill") : null);
  const short = () => props.user === null && Array.from(password()).length < SHORTEST;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!name().trim() || !email().trim() || short()) return;
    const user = { name: name().trim(), role: role(), channels: channels() };
    const { user: before } = props;
    const done = await submit.run(() => (before ? api.changeUser(before.id, user) : api.addUser({ ...user, email: email().trim(), password: password() })));
    if (!done) return;
    toast(t("common.saved"));
    props.saved();
    props.close();
  };
  return (
    <Dialog title={props.user ? props.user.name : t("invites.withPassword")} close={() => props.close()} narrow>
      <form novalidate onSubmit={(event) => void save(event)}>
        <TextField label={t("people.name")} value={name()} set={setName} error={missing(name())} />
        <Show when={props.user === null}>
          <TextField label={t("people.email")} type="email" value={email()} set={setEmail} error={missing(email())} />
          <TextField label={t("people.password")} type="password" autocomplete="new-password" help={t("people.password.help")} value={password()} set={setPassword} error={tried() && short() ? t("people.password.help") : null} />
        </Show>
        <Access role={role()} setRole={setRole} channels={channels()} setChannels={setChannels} />
        <Show when={props.user}>{(user) => <PersonAccess user={user()} />}</Show>
        <ErrorLine text={submit.error()} />
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={submit.busy()}>{props.user ? t("common.save") : t("people.create")}</button>
        </div>
      </form>
    </Dialog>
  );
}
