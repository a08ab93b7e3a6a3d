import { For, Show } from "solid-js";
import { t } from "../../i18n.ts";
import { TextField } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { problems, type WidgetState } from "./state.ts";

const MOST = 6;

export function TextsSection(props: { state: WidgetState; reason: (code: string) => string }) {
  const texts = () => props.state.texts();
  const look = () => props.state.appearance();
  const put = (at: number, text: string) => props.state.write({ phrases: texts().phrases.map((one, n) => (n === at ? text : one)) });
  const drop = (at: number) => props.state.write({ phrases: texts().phrases.filter((_, n) => n !== at) });
  const wrongLink = () => (texts().consent_link && problems({ ...props.state.options(), texts: { ru: texts() } }).some((one) => one.field === "consent_link") ? props.reason("link_invalid") : null);
  return (
    <>
      <p class="help">{t("widget.texts.lead")}</p>
      <TextField label={t("widget.title")} help={t("widget.title.help")} max={60} value={texts().title || look().title} set={(title) => props.state.write({ title })} />
      <TextField label={t("widget.greeting")} help={t("widget.greeting.help")} rows={3} max={500} value={texts().greeting || look().greeting} set={(greeting) => { props.state.paint({ greeting }); props.state.write({ greeting }); }} />
      <TextField label={t("widget.away")} help={t("widget.away.help")} rows={2} max={500} value={texts().away} set={(away) => props.state.write({ away })} />
      <fieldset class="list">
        <legend>{t("widget.phrases")}</legend>
        <p class="help">{t("widget.phrases.help")}</p>
        <For each={texts().phrases.map((_, at) => at)}>
          {(at) => (
            <div class="row-edit">
              <input class="input" value={texts().phrases[at] ?? ""} maxLength="80" aria-label={t("widget.phrases.one", { n: at + 1 })} onInput={(event) => put(at, event.currentTarget.value)} />
              <button type="button" class="ghost" aria-label={t("common.delete")} onClick={() => drop(at)}><Icon name="trash" small /></button>
            </div>
          )}
        </For>
        <Show when={texts().phrases.length < MOST}><button type="button" class="button" onClick={() => props.state.write({ phrases: [...texts().phrases, ""] })}>{t("widget.phrases.add")}</button></Show>
      </fieldset>
      <TextField label={t("widget.consent")} help={t("widget.consent.help")} rows={2} max={500} value={texts().consent} set={(consent) => props.state.write({ consent })} />
      <TextField label={t("widget.consentLink")} help={t("widget.consentLink.help")} max={500} value={texts().consent_link} set={(consent_link) => props.state.write({ consent_link: consent_link.trim() })} error={wrongLink()} />
    </>
  );
}
