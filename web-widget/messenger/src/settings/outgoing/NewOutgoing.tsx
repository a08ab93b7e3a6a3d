import { createSignal, For, Match, Show, Switch } from "solid-js";
import { t } from "../../i18n.ts";
import { navigate } from "../../route.ts";
import { loadCrms } from "../../state/kinds.ts";
import type { Connecting, CrmKind } from "../../types.ts";
import { Empty } from "../../ui/Empty.tsx";
import { marked } from "../../ui/footnote.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { Connect } from "../connect/Connect.tsx";
import { said } from "../connect/kinds.ts";
import { createLoaded, Head, Loaded } from "../parts.tsx";
import { crmText } from "./Outgoing.tsx";

/** «Исходящие каналы / Создание канала»: which CRM, then the steps it asks for. */
export function NewOutgoing() {
  const kinds = createLoaded(async () => (await loadCrms()).filter((kind) => kind.connect));
  const [chosen, choose] = createSignal<CrmKind | null>(null);
  const connected = (made: Connecting) => {
    toast(t("channels.created"));
    navigate(made.connection ? `/settings/outgoing/${made.connection}` : "/settings/outgoing", true);
  };
  const lead = () => {
    const kind = chosen();
    return kind ? said(kind, `about.${kind.kind}`) : t("out.pick.text");
  };
  const crumbs = () => {
    const kind = chosen();
    return [{ text: t("settings.outgoing"), href: "/settings/outgoing" }, ...(kind ? [{ text: crmText(kind, kind.kind) }] : []), { text: t("channels.creating") }];
  };
  return (
    <>
      <Head title={t("channels.creating")} lead={lead()} crumbs={crumbs()}><Show when={chosen()}><button type="button" class="button" onClick={() => choose(null)}>{t("connect.other")}</button></Show></Head>
      <Loaded from={kinds} isEmpty={(all) => all.length === 0} empty={<Empty icon="link" title={t("out.none")} text={t("out.none.text")} />}>
        {(all) => (
          <Switch fallback={
            <ul class="kinds" aria-label={t("out.pick")}>
              <For each={all()}>{(kind) => <li><button type="button" onClick={() => choose(kind)}><Icon name="forward" /><span class="name">{marked(crmText(kind, kind.kind))}</span><span class="about">{said(kind, `about.${kind.kind}`)}</span></button></li>}</For>
            </ul>
          }>
            <Match when={chosen()} keyed>{(kind) => <Connect kind={kind} begin={{ crm: kind.kind }} onDone={connected} cancel={() => choose(null)} />}</Match>
          </Switch>
        )}
      </Loaded>
    </>
  );
}
