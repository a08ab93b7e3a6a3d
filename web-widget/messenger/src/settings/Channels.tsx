import { createSignal, For, Show } from "solid-js";
import { api } from "../api.ts";
import { kindText, reasonText, t, type WordKey } from "../i18n.ts";
import { follow, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import type { ChannelView } from "../types.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Empty } from "../ui/Empty.tsx";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { createSubmit } from "./form.ts";
import { parseOrigins } from "./origins.ts";
import { createLoaded, ErrorLine, Head, Loaded } from "./parts.tsx";

export function Health(props: { channel: ChannelView }) {
  const health = () => props.channel.health;
  const text = () => (props.channel.active ? t(`health.${health().status}` satisfies WordKey) : t("channels.off"));
  return <span class={`health ${props.channel.active ? health().status : "off"}`} title={reasonText(health().reason)}><i />{text()}</span>;
}

function NewWidget(props: { close: () => void }) {
  const [name, setName] = createSignal("");
  const [origins, setOrigins] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit();
  const desk = useDesk();
  const parsed = () => parseOrigins(origins());
  const wrong = () => {
    const { wrong: value, origins: good } = parsed();
    if (value !== null) return t("widget.origins.wrong", { value });
    return good.length === 0 ? t("login.fill") : null;
  };
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!name().trim() || wrong()) return;
    await submit.run(async () => {
      const appearance = { title: name().trim(), greeting: "", accent: "#3b5bdb", side: "right" };
      const made = await api.addWidget(name().trim(), parsed().origins, appearance);
      void desk.loadChannels();
      props.close();
      navigate(`/settings/channels/${made.id}`);
    });
  };
  return (
    <Dialog title={t("channels.new")} close={() => props.close()} narrow>
      <form novalidate onSubmit={(event) => void create(event)}>
        <TextField label={t("common.name")} help={t("channels.name.help")} value={name()} set={setName} error={tried() && !name().trim() ? t("login.fill") : null} />
        <TextField label={t("widget.origins")} help={t("widget.origins.help")} rows={3} value={origins()} set={setOrigins} error={tried() ? wrong() : null} />
        <ErrorLine text={submit.error()} />
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={submit.busy()}>{t("channels.create")}</button>
        </div>
      </form>
    </Dialog>
  );
}

export function Channels() {
  const [adding, setAdding] = createSignal(false);
  const list = createLoaded(async () => (await api.channels()).items);
  const add = () => <button type="button" class="button main" onClick={() => setAdding(true)}><Icon name="plus" small />{t("channels.add")}</button>;
  return (
    <>
      <Head title={t("settings.channels")} lead={t("channels.lead")}>{add()}</Head>
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="globe" title={t("channels.empty")} text={t("channels.empty.text")}>{add()}</Empty>}>
        {(all) => (
          <ul class="table">
            <For each={all()}>
              {(channel) => (
                <li>
                  <a class="item" href={`/settings/channels/${channel.id}`} onClick={follow}>
                    <span class="disc"><Icon name={channel.kind === "site_widget" ? "globe" : "channel"} /></span>
                    <span class="about"><b>{channel.name}</b><small>{kindText(channel.kind)}<Show when={channel.widget?.origins.length}> · {channel.widget?.origins.map((one) => one.replace(/^https?:\/\//, "")).join(", ")}</Show></small></span>
                    <Health channel={channel} />
                    <Icon name="right" small />
                  </a>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
      <Show when={adding()}><NewWidget close={() => setAdding(false)} /></Show>
    </>
  );
}
