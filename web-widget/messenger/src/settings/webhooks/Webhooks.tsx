import { Show } from "solid-js";
import { reasonText, t } from "../../i18n.ts";
import { follow, navigate } from "../../route.ts";
import { askSure } from "../../ui/ask.tsx";
import { Empty } from "../../ui/Empty.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Table } from "../../ui/Table.tsx";
import { each, told } from "../deeds.ts";
import { createLoaded, Head, Loaded } from "../parts.tsx";
import { webhooks, type WebhookView } from "./api.ts";

/** How it fares, in one word. */
export function State(props: { webhook: WebhookView }) {
  const state = () => (props.webhook.off_at !== null ? "stopped" : !props.webhook.on ? "off" : props.webhook.failing_since !== null ? "failing" : "on");
  const tone = () => ({ stopped: "undeliverable", off: "", failing: "waiting", on: "posted" })[state()];
  return <span class={`tag ${tone()}`} title={reasonText(props.webhook.reason)}>{t(`webhooks.state.${state()}`)}</span>;
}

/** Outgoing webhooks of the workspace. */
export function Webhooks() {
  const list = createLoaded(async () => (await webhooks.all()).items);
  const open = (one: WebhookView) => `/settings/webhooks/${one.id}`;
  const flip = async (rows: WebhookView[], on: boolean) => {
    if (await each(rows, (one) => webhooks.change(one.id, { on }))) told(t(on ? "webhooks.didOn" : "webhooks.didOff", { n: rows.length }), () => void each(rows, (one) => webhooks.change(one.id, { on: !on })).then(list.again));
    list.again();
  };
  const remove = async (rows: WebhookView[]) => {
    if (!(await askSure(t("common.sure"), t("webhooks.deleteText", { names: rows.map((one) => one.name).join(", ") }), t("common.delete"), true))) return;
    await each(rows, (one) => webhooks.remove(one.id));
    list.again();
  };
  const add = () => <a class="button main" href="/settings/webhooks/new" onClick={follow}><Icon name="plus" small />{t("webhooks.add")}</a>;
  return (
    <>
      <Head title={t("settings.webhooks")} lead={t("webhooks.lead")}>{add()}</Head>
      <Loaded from={list} isEmpty={(all) => all.length === 0} empty={<Empty icon="send" title={t("webhooks.empty")} text={t("webhooks.empty.text")}>{add()}</Empty>}>
        {(all) => (
          <Table label={t("settings.webhooks")} rows={all()} id={(one) => one.id} name={(one) => one.name} words={(one) => `${one.name} ${one.url}`} edit={(one) => navigate(open(one))} remove={(rows) => void remove(rows)}
            deeds={[
              { text: t("channels.activate"), fits: (one) => !one.on, act: (rows) => void flip(rows, true) },
              { text: t("channels.deactivate"), fits: (one) => one.on, act: (rows) => void flip(rows, false) },
            ]}
            columns={[
              { id: "name", title: t("channels.name"), sort: (one) => one.name, cell: (one) => <span class="two"><a href={open(one)} onClick={follow}>{one.name}</a><span>{one.url}</span></span> },
              { id: "waiting", title: t("webhooks.waiting"), narrow: true, sort: (one) => one.waiting, cell: (one) => one.waiting },
              { id: "state", title: t("channels.status"), sort: (one) => Number(!one.on), cell: (one) => <span class="two"><State webhook={one} /><Show when={one.failing_since !== null && reasonText(one.reason)}><span class="why">{reasonText(one.reason)}</span></Show></span> },
            ]} />
        )}
      </Loaded>
    </>
  );
}
