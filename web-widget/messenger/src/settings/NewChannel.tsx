import { createSignal, For, Match, Show, Switch } from "solid-js";
import { kindText, t } from "../i18n.ts";
import { navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { loadKinds } from "../state/kinds.ts";
import type { ChannelKind } from "../types.ts";
import { marked } from "../ui/footnote.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Connect } from "./connect/Connect.tsx";
import { said, WIDGET } from "./connect/kinds.ts";
import { NewWidget } from "./NewWidget.tsx";
import { createLoaded, Head, Loaded } from "./parts.tsx";

function Tiles(props: { kinds: ChannelKind[]; pick: (kind: ChannelKind) => void }) {
  return (
    <ul class="kinds" aria-label={t("connect.pick")}>
      <For each={props.kinds}>
        {(kind) => (
          <li><button type="button" onClick={() => props.pick(kind)}>
            <Icon name={kind.kind === WIDGET ? "globe" : "channel"} />
            <span class="name">{marked(kindText(kind.kind))}</span>
            <span class="about">{said(kind, `about.${kind.kind}`)}</span>
          </button></li>
        )}
      </For>
    </ul>
  );
}

/** «Входящие каналы / Создание канала» (A-15, B-30): what is to be connected, then the steps its provider asks for. */
export function NewChannel() {
  const desk = useDesk();
  const kinds = createLoaded(async () => (await loadKinds()).filter((kind) => kind.connect || kind.kind === WIDGET));
  const [chosen, choose] = createSignal<ChannelKind | null>(null);
  const connected = (channels: string[]) => {
    void desk.loadChannels();
    toast(t("channels.created"));
    navigate(channels.length === 1 && channels[0] !== undefined ? `/settings/channels/${channels[0]}` : "/settings/channels", true);
  };
  const lead = () => {
    const kind = chosen();
    if (!kind) return t("connect.pick.text");
    return kind.kind === WIDGET ? t("channels.new.text") : said(kind, `about.${kind.kind}`);
  };
  const crumbs = () => {
    const kind = chosen();
    return [{ text: t("settings.channels"), href: "/settings/channels" }, ...(kind ? [{ text: kindText(kind.kind) }] : []), { text: t("channels.creating") }];
  };
  return (
    <>
      <Head title={t("channels.creating")} lead={lead()} crumbs={crumbs()}><Show when={chosen()}><button type="button" class="button" onClick={() => choose(null)}>{t("connect.other")}</button></Show></Head>
      <Loaded from={kinds}>
        {(all) => (
          <Switch fallback={<Tiles kinds={all()} pick={choose} />}>
            <Match when={chosen()?.kind === WIDGET}><NewWidget cancel={() => choose(null)} /></Match>
            <Match when={chosen()} keyed>{(kind) => <Connect kind={kind} begin={{ kind: kind.kind }} onDone={(made) => connected(made.channels)} cancel={() => choose(null)} />}</Match>
          </Switch>
        )}
      </Loaded>
    </>
  );
}
