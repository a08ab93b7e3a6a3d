import { createSignal, For, Show, untrack } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { api } from "../../api.ts";
import { kindText, locale, t } from "../../i18n.ts";
import type { ChannelKind, ChannelView } from "../../types.ts";
import { TextField } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { setDirty } from "../form.ts";
import { askNow } from "./ask.ts";
import { Connect } from "./Connect.tsx";
import { DataFields, type Value } from "./DataField.tsx";
import { refusal, said, yesNo } from "./kinds.ts";

/** What is known of a channel at its provider, as far as the channel has a word for it (B-45). */
function Summary(props: { channel: ChannelView; kind: ChannelKind }) {
  const shown = (name: string, value: string) => (value === "true" || value === "false" ? yesNo(value === "true") : said(props.kind, `fact.${name}.${value}`) || value);
  const facts = () => Object.entries(props.channel.facts ?? {}).map(([name, value]) => ({ name: said(props.kind, `fact.${name}`), value: shown(name, value) })).filter((fact) => fact.name && fact.value);
  return (
    <dl class="facts">
      <div><dt>{t("channels.kind")}</dt><dd>{kindText(props.kind.kind)}</dd></div>
      <For each={facts()}>{(fact) => <div><dt>{fact.name}</dt><dd><Show when={fact.value.startsWith("https://")} fallback={fact.value}><a href={fact.value} target="_blank" rel="noreferrer">{fact.value}</a></Show></dd></div>}</For>
      <div><dt>{t("channels.createdAt")}</dt><dd>{dateTime(locale(), props.channel.created_at)}</dd></div>
    </dl>
  );
}

/** A channel's name and settings, its state at the provider, and connecting it anew. */
export function ChannelForm(props: { channel: ChannelView; kind: ChannelKind; saved: () => void }) {
  const [name, setName] = createSignal(untrack(() => props.channel.name));
  const [values, setValues] = createSignal<Record<string, Value>>(untrack(() => ({ ...(props.channel.settings as Record<string, Value> | undefined) })));
  const [busy, setBusy] = createSignal(false);
  const [wrong, setWrong] = createSignal<{ field: string; text: string } | null>(null);
  const [again, setAgain] = createSignal(false);
  const touch = (act: () => void) => {
    act();
    setWrong(null);
    setDirty(true);
  };
  const at = (field: string) => (wrong()?.field === field ? (wrong()?.text ?? null) : null);
  const stray = () => (wrong() && !["name", ...props.kind.settings.map((field) => field.name)].includes(wrong()?.field ?? "") ? wrong()?.text : null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy()) return;
    if (!name().trim()) return setWrong({ field: "name", text: t("login.fill") });
    setBusy(true);
    try {
      await api.changeChannel(props.channel.id, { name: name().trim(), ...(props.kind.settings.length > 0 ? { settings: values() } : {}) });
      setDirty(false);
      toast(t("channels.saved"));
      props.saved();
    } catch (error) {
      setWrong(refusal(error));
    } finally {
      setBusy(false);
    }
  };
  const [looking, setLooking] = createSignal(false);
  const look = async () => {
    setLooking(true);
    try {
      const came = await askNow(props.channel.id);
      toast(came === null ? t("channels.asked") : came === 0 ? t("channels.cameNone") : t("channels.came", { n: came }));
      props.saved();
    } catch (error) {
      toast(refusal(error).text, true);
    }
    setLooking(false);
  };
  const connected = () => {
    setAgain(false);
    toast(t("channels.connectedAgain"));
    props.saved();
  };
  return (
    <>
      <section class="block">
        <h3>{t("channels.summary")}</h3>
        <Summary channel={props.channel} kind={props.kind} />
        <Show when={!again()}>
          <div class="actions start">
            <button type="button" class="button" classList={{ main: props.channel.health.status === "access_lost" }} onClick={() => setAgain(true)}>{t("channels.connectAgain")}</button>
            <Show when={said(props.kind, "poll")}>{(text) => <button type="button" class="button" disabled={looking()} onClick={() => void look()}><Icon name="reopen" small />{text()}</button>}</Show>
          </div>
        </Show>
      </section>
      <Show when={again()}><Connect kind={props.kind} begin={{ channel: props.channel.id }} onDone={connected} cancel={() => setAgain(false)} /></Show>
      <form class="block" novalidate onSubmit={(event) => void save(event)}>
        <h3>{t("channels.settings")}</h3>
        <TextField label={t("channels.name")} help={t("channels.name.help")} max={100} value={name()} set={(value) => touch(() => setName(value))} error={at("name")} />
        <DataFields kind={props.kind} fields={props.kind.settings} values={values()} set={(field, value) => touch(() => setValues((before) => ({ ...before, [field]: value })))} at={at} channel={props.channel.id} />
        <Show when={stray()}>{(text) => <p class="alert" role="alert"><Icon name="alert" small />{text()}</p>}</Show>
        <div class="actions start"><button class="button main" disabled={busy()}>{t("common.save")}</button></div>
      </form>
    </>
  );
}
