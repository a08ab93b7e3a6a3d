import { onCleanup, Show } from "solid-js";
import { api } from "../api.ts";
import { kindText, reasonText, t, type WordKey } from "../i18n.ts";
import { follow, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import type { ChannelView } from "../types.ts";
import { askSure } from "../ui/ask.tsx";
import { Empty } from "../ui/Empty.tsx";
import { marked } from "../ui/footnote.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Table } from "../ui/Table.tsx";
import { each, told } from "./deeds.ts";
import { createLoaded, Head, Loaded } from "./parts.tsx";

const activity = (on: boolean) => t(on ? "channels.status.on" : "channels.status.off");

export function Health(props: { channel: ChannelView }) {
  const health = () => props.channel.health;
  const text = () => (props.channel.active ? t(`health.${health().status}` satisfies WordKey) : activity(false));
  return <span class={`health ${props.channel.active ? health().status : "off"}`} title={reasonText(health().reason)}><i />{text()}</span>;
}

/** «Входящие каналы» (B-30…B-35). */
export function Channels() {
  const desk = useDesk();
  const list = createLoaded(async () => (await api.channels()).items);
  onCleanup(desk.listen({ channel: () => list.again(), reload: () => list.again() }));
  const changed = () => {
    list.again();
    void desk.loadChannels();
  };
  const flip = async (rows: ChannelView[], active: boolean) => {
    if (await each(rows, (one) => api.changeChannel(one.id, { active }))) told(t(active ? "channels.didOn" : "channels.didOff", { n: rows.length }), () => void each(rows, (one) => api.changeChannel(one.id, { active: !active })).then(changed));
    changed();
  };
  const remove = async (rows: ChannelView[]) => {
    const names = rows.map((one) => one.name).join(", ");
    if (!(await askSure(t("common.sure"), t("channels.deleteMany", { n: rows.length, names }), t("common.delete"), true))) return;
    await each(rows, (one) => api.deleteChannel(one.id));
    changed();
  };
  const open = (one: ChannelView) => `/settings/channels/${one.id}`;
  const add = () => <a class="button main" href="/settings/channels/new" onClick={follow}><Icon name="plus" small />{t("channels.create.add")}</a>;
  return (
    <>
      <Head title={t("settings.channels")} lead={t("channels.lead")}>{add()}</Head>
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="globe" title={t("channels.empty")} text={t("channels.empty.text")}>{add()}</Empty>}>
        {(all) => (
          <Table label={t("settings.channels")} rows={all()} id={(one) => one.id} name={(one) => one.name} words={(one) => one.name} edit={(one) => navigate(open(one))} remove={(rows) => void remove(rows)}
            deeds={[
              { text: t("channels.activate"), fits: (one) => !one.active, act: (rows) => void flip(rows, true) },
              { text: t("channels.deactivate"), fits: (one) => one.active, act: (rows) => void flip(rows, false) },
            ]}
            columns={[
              { id: "name", title: t("channels.name"), sort: (one) => one.name, cell: (one) => <span class="two"><a href={open(one)} onClick={follow}>{one.name}</a><Show when={one.widget?.origins.length}><span>{one.widget?.origins.map((origin) => origin.replace(/^https?:\/\//, "")).join(", ")}</span></Show></span> },
              { id: "kind", title: t("channels.kind"), narrow: true, sort: (one) => kindText(one.kind), cell: (one) => marked(kindText(one.kind)) },
              { id: "status", title: t("channels.status"), sort: (one) => Number(!one.active), cell: (one) => <Show when={one.active && one.health.status !== "connected"} fallback={<span class="tag" classList={{ posted: one.active }}>{activity(one.active)}</span>}><Health channel={one} /></Show> },
            ]} />
        )}
      </Loaded>
    </>
  );
}
