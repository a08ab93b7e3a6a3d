import { createSignal, For, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../api.ts";
import { locale, problemText, t, type WordKey } from "../i18n.ts";
import type { TokenView } from "../types.ts";
import { Confirm, Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Access } from "./Access.tsx";
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
  const [deleting, setDeleting] = createSignal<TokenView | null>(null);
  const list = createLoaded(async () => (await api.tokens()).items);
  const add = () => <button type="button" class="button main" onClick={() => setAdding(true)}><Icon name="plus" small />{t("tokens.add")}</button>;
  const used = (token: TokenView) => t("tokens.used", { time: token.last_used_at ? dateTime(locale(), token.last_used_at) : t("common.never") });
  const remove = async (yes: boolean) => {
    const token = deleting();
    setDeleting(null);
    if (!yes || !token) return;
    try {
      await api.deleteToken(token.id);
      list.again();
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <>
      <Head title={t("settings.tokens")} lead={t("tokens.lead")}>{add()}</Head>
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="key" title={t("tokens.empty")} text={t("tokens.empty.text")} />}>
        {(all) => (
          <ul class="table">
            <For each={all()}>
              {(token) => (
                <li class="item">
                  <span class="disc"><Icon name="key" /></span>
                  <span class="about"><b>{token.name}</b><small>{t("tokens.created", { date: dateTime(locale(), token.created_at) })}</small></span>
                  <span class="side"><span class={`tag ${token.role}`}>{t(`role.${token.role}` satisfies WordKey)}</span><small>{used(token)}</small></span>
                  <span class="buttons"><button type="button" class="ghost" aria-label={`${t("common.delete")}: ${token.name}`} onClick={() => setDeleting(token)}><Icon name="trash" small /></button></span>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
      <Show when={adding()}><NewToken close={() => setAdding(false)} made={list.again} /></Show>
      <Show when={deleting()}><Confirm title={t("common.sure")} text={t("tokens.deleteText")} action={t("common.delete")} danger done={(yes) => void remove(yes)} /></Show>
    </>
  );
}
