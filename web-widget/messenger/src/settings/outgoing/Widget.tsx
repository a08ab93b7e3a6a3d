import { Show } from "solid-js";
import { dateTime } from "@kommutator/shared/format.ts";
import { locale, t } from "../../i18n.ts";
import type { ConnectionView, CrmKind } from "../../types.ts";
import { Icon } from "../../ui/Icon.tsx";
import { said } from "../connect/kinds.ts";
import { Copy } from "../parts.tsx";

/** What a connection keeps of its CRM's widget. */
const SEEN = "widget_seen";
const HOST = "host";
/** Opened in the CRM, it shows a manager's own key. */
const KEY_HASH = "#kommutator-key";

/** The widget to be put into the CRM, step by step, and the key it is given (B-42, H-AMO-10). */
export function Widget(props: { of: ConnectionView; crm: CrmKind | undefined; newKey: () => Promise<void> }) {
  const fact = (name: string) => props.of.facts?.[name];
  const seen = () => Number(fact(SEEN) ?? 0);
  const title = () => (props.crm?.widget ? said(props.crm, "widget.title") : "") || t("out.key");
  return (
    <section class="block">
      <h3>{title()}</h3>
      <Show when={props.crm?.widget && props.crm} fallback={<><p class="help">{t("out.key.help")}</p><Copy text={props.of.api_key ?? ""} label={t("out.key")} /></>}>
        {(crm) => (
          <>
            <p class="help">{said(crm(), "widget.text")}</p>
            <ol class="widget-steps">
              <li><p>{said(crm(), "widget.get")}</p><a class="button" href={`/api/v1/connections/${props.of.id}/widget`} download=""><Icon name="download" small />{t("out.widget.download")}</a></li>
              <li><p>{said(crm(), "widget.put")}</p></li>
              <li><p>{said(crm(), "widget.set")}</p>
                <dl><dt>{t("out.widget.address")}</dt><dd><Copy text={location.origin} label={t("out.widget.address")} /></dd><dt>{t("out.key")}</dt><dd><Copy text={props.of.api_key ?? ""} label={t("out.key")} /></dd></dl>
              </li>
              <Show when={fact(HOST)}>{(host) => <li><p>{said(crm(), "widget.notices")}</p><Copy text={`https://${host()}/${KEY_HASH}`} label={t("out.widget.link")} /></li>}</Show>
            </ol>
            <p class="help" role="status">{seen() > 0 ? t("out.widget.seen", { time: dateTime(locale(), seen()) }) : t("out.widget.never")}</p>
            <p class="help">{said(crm(), "widget.again")}</p>
          </>
        )}
      </Show>
      <div class="actions start"><button type="button" class="button" onClick={() => void props.newKey()}>{t("out.key.new")}</button></div>
    </section>
  );
}
