import { createSignal, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { TokenView } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { Access } from "./Access.tsx";
import { each } from "./deeds.ts";
import { createSubmit } from "./form.ts";
import { Copy, createLoaded, ErrorLine, Head, Loaded } from "./parts.tsx";

function NewToken(props: { close: () => void; made: () => void }) {
  const [name, setName] = createSignal("");
  const [role, setRole] = createSignal<Role>("manager");
  const [channels, setChannels] = createSignal<string[] | null>(null);
  const [secret, setSecret] = createSignal<string | null>(null);
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit();
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!name().trim()) return;
    await submit.run(async () => {
      setSecret((await api.addToken(name().trim(), role(), channels())).token);
      props.made();
    });
  };
  return (
    <Dialog title={t("tokens.add")} close={() => props.close()} narrow>
      <Show when={secret()} fallback={
        <form novalidate onSubmit={(event) => void create(event)}>
          <TextField label={t("common.name")} value={name()} set={setName} error={tried() && !name().trim() ? t("login.fill") : null} />
          <Access role={role()} setRole={setRole} channels={channels()} setChannels={setChannels} />
          <ErrorLine text={submit.error()} />
          <div class="actions">
            <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
            <button class="button main" disabled={submit.busy()}>{t("tokens.add")}</button>
          </div>
        </form>
      }>
        {(text) => (
          <>
            <p class="words">{t("tokens.once")}</p>
            <Copy text={text()} label={t("settings.tokens")} />
            <div class="actions"><button type="button" class="button main" onClick={() => props.close()}>{t("common.close")}</button></div>
          </>
        )}
      </Show>
    </Dialog>
  );
}

export function Tokens() {
  const [adding, setAdding] = createSignal(false);
  const desk = useDesk();
  const list = createLoaded(async () => (await api.tokens()).items);
  void desk.loadChannels();
  const add = () => <button type="button" class="button main" onClick={() => setAdding(true)}><Icon name="plus" small />{t("tokens.add")}</button>;
  const access = (one: TokenView) => (one.channels === null ? t("people.access.all") : t("people.access.count", { n: one.channels.length }));
  const remove = async (tokens: TokenView[]) => {
    if (!(await askSure(t("tokens.revokeSure"), t("tokens.deleteText", { names: tokens.map((one) => one.name).join(", ") }), t("tokens.revoke"), true))) return;
    await each(tokens, (one) => api.deleteToken(one.id));
    list.again();
  };
  return (
    <>
      <Head title={t("settings.tokens")} lead={t("tokens.lead")}>{add()}</Head>
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="key" title={t("tokens.empty")} text={t("tokens.empty.text")}>{add()}</Empty>}>
        {(all) => (
          <Table label={t("settings.tokens")} rows={all()} id={(one) => one.id} name={(one) => one.name} words={(one) => one.name} remove={(rows) => void remove(rows)} removeText={t("tokens.revoke")}
            columns={[
              { id: "name", title: t("common.name"), sort: (one) => one.name, cell: (one) => <b>{one.name}</b> },
              { id: "role", title: t("people.role"), sort: (one) => one.role, cell: (one) => <span class={`tag ${one.role}`}>{t(`role.${one.role}` satisfies WordKey)}</span> },
              { id: "access", title: t("people.access"), narrow: true, sort: access, cell: access },
              { id: "created", title: t("tokens.made"), narrow: true, sort: (one) => one.created_at, cell: (one) => dateTime(locale(), one.created_at) },
            ]} />
        )}
      </Loaded>
      <Show when={adding()}><NewToken close={() => setAdding(false)} made={list.again} /></Show>
    </>
  );
}
