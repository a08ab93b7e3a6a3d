import { createSignal, onCleanup, Show } from "solid-js";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { kindText, problemText, reasonText, t } from "../i18n.ts";
import { navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { loadKinds } from "../state/kinds.ts";
import type { ChannelView } from "../types.ts";
import { Confirm } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Health } from "./Channels.tsx";
import { ChannelForm } from "./connect/ChannelForm.tsx";
import { WIDGET } from "./connect/kinds.ts";
import { setDirty } from "./form.ts";
import { Identity } from "./Identity.tsx";
import { Copy, createLoaded, Head, Loaded } from "./parts.tsx";
import { WidgetForm } from "./WidgetForm.tsx";

/** The line to paste; colour and side are there so that the launcher is right before the server answered once. */
export function widgetCode(host: string, channel: ChannelView): string {
  const look = channel.widget?.appearance;
  const side = look?.side === "left" ? ' data-side="left"' : "";
  const accent = look ? ` data-accent="${look.accent}"` : "";
  return `<script src="${host}/widget.js" data-widget="${channel.widget?.key ?? ""}"${accent}${side} async></script>`;
}

/** What a site's policy must let in: the scripts, the link, the pictures and voices of messages. */
export function policyCode(host: string): string {
  return `script-src ${host}; connect-src ${host} ${host.replace(/^http/, "ws")}; img-src ${host} blob:; media-src ${host}`;
}

function Switch(props: { channel: ChannelView; changed: () => void }) {
  const flip = async (active: boolean) => {
    try {
      await api.changeChannel(props.channel.id, { active });
      props.changed();
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <label class="switch">
      <input type="checkbox" role="switch" checked={props.channel.active} onChange={(event) => void flip(event.currentTarget.checked)} />
      <span>{t("channels.active")}</span>
    </label>
  );
}

export function Channel(props: { id: string }) {
  const desk = useDesk();
  const [deleting, setDeleting] = createSignal(false);
  const gone = (error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  };
  const found = createLoaded(async () => {
    const [channel, kinds] = await Promise.all([api.channel(props.id).catch(gone), loadKinds()]);
    return { channel, kind: kinds.find((kind) => kind.kind === channel?.kind) };
  });
  // Another manager, or the provider, may change it while it is looked at.
  onCleanup(desk.listen({ channel: () => found.again(), reload: () => found.again() }));
  const remove = async (yes: boolean) => {
    setDeleting(false);
    if (!yes) return;
    try {
      await api.deleteChannel(props.id);
      setDirty(false);
      navigate("/settings/channels");
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const changed = () => {
    found.again();
    void desk.loadChannels();
  };
  return (
    <Loaded from={found}>
      {(value) => (
        <Show when={value().channel} fallback={<Head title={t("error.missing")} />}>
          {(channel) => (
            <>
              <Head title={t("channels.editing", { name: channel().name })} crumbs={[{ text: t("settings.channels"), href: "/settings/channels" }, { text: kindText(channel().kind) }, { text: t("channels.editing.short") }]}><Health channel={channel()} /></Head>
              <Show when={reasonText(channel().health.reason)}>{(text) => <p class="alert"><Icon name="warning" small />{text()}</p>}</Show>
              <section class="block"><h3>{t("channels.general")}</h3><Switch channel={channel()} changed={changed} /></section>
              <Show when={channel().widget}>
                <section class="block">
                  <h3>{t("channels.install")}</h3>
                  <p class="help">{t("channels.install.text")}</p>
                  <Copy text={widgetCode(location.origin, channel())} label={t("channels.install")} />
                  <p class="help after">{t("channels.install.csp")}</p>
                  <Copy text={policyCode(location.origin)} label={t("channels.install.csp")} />
                </section>
                <Identity channel={channel()} changed={changed} />
                <Show when={channel().widget}>{(widget) => <WidgetForm channel={channel()} widget={widget()} saved={changed} />}</Show>
              </Show>
              <Show when={channel().kind !== WIDGET && value().kind}>{(kind) => <ChannelForm channel={channel()} kind={kind()} saved={changed} />}</Show>
              <section class="block">
                <h3>{t("channels.danger")}</h3>
                <p class="help">{t(channel().widget ? "channels.deleteText" : "channels.deleteOther")}</p>
                <button type="button" class="button danger" onClick={() => setDeleting(true)}><Icon name="trash" small />{t("common.delete")}</button>
              </section>
              <Show when={deleting()}><Confirm title={t("common.sure")} text={t("channels.deleteMany", { n: 1, names: channel().name })} action={t("common.delete")} danger done={(yes) => void remove(yes)} /></Show>
            </>
          )}
        </Show>
      )}
    </Loaded>
  );
}
