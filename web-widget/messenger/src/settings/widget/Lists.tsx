import { For, Show } from "solid-js";
import type { Rule } from "@kommutator/shared/generated/protocol.ts";
import { t } from "../../i18n.ts";
import { Field, SelectField, TextField } from "../../ui/Field.tsx";
import { marked } from "../../ui/footnote.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Toggle } from "./LookSection.tsx";
import { KINDS, newRule, type WidgetState } from "./state.ts";

const NAMES = { telegram: "Telegram", whatsapp: "WhatsApp", vk: "VK", max: "MAX", viber: "Viber", instagram: "Instagram" };

function Amount(props: { label: string; help?: string; most: number; value: number | undefined; set: (value: number | undefined) => void }) {
  const read = (text: string) => (text === "" ? undefined : Math.min(props.most, Math.max(0, Math.round(Number(text)) || 0)));
  return (
    <Field label={props.label} help={props.help}>
      {(field) => <input id={field.id} class="input" type="number" min="0" max={props.most} value={props.value ?? ""} aria-describedby={field.described} onInput={(event) => props.set(read(event.currentTarget.value))} />}
    </Field>
  );
}

export function InvitationsSection(props: { state: WidgetState; reason: (code: string) => string }) {
  const rules = () => props.state.options().invitations;
  const put = (at: number, part: { [Key in keyof Rule]?: Rule[Key] | undefined }) => {
    props.state.change({ invitations: rules().map((one, n) => (n === at ? (Object.fromEntries(Object.entries({ ...one, ...part }).filter(([, value]) => value !== undefined)) as Rule) : one)) });
  };
  const said = (id: string) => props.state.texts().invitations[id] ?? "";
  const empty = (rule: Rule | undefined) => rule?.seconds === undefined && rule?.scroll === undefined && !rule?.leaving;
  return (
    <>
      <p class="help">{t("widget.invitations.lead")}</p>
      <For each={rules().map((_, at) => at)}>
        {(at) => (
          <fieldset class="list">
            <legend>{t("widget.invitations.one", { n: at + 1 })}</legend>
            <TextField label={t("widget.invitations.text")} rows={2} max={300} value={said(rules()[at]?.id ?? "")} set={(text) => props.state.write({ invitations: { ...props.state.texts().invitations, [rules()[at]?.id ?? ""]: text } })} />
            <div class="thirds">
              <Amount label={t("widget.invitations.seconds")} most={86_400} value={rules()[at]?.seconds} set={(seconds) => put(at, { seconds })} />
              <Amount label={t("widget.invitations.scroll")} most={100} value={rules()[at]?.scroll} set={(scroll) => put(at, { scroll })} />
              <Amount label={t("widget.invitations.again")} help={t("widget.invitations.again.help")} most={8_760} value={rules()[at]?.again_hours} set={(again_hours) => put(at, { again_hours })} />
            </div>
            <TextField label={t("widget.invitations.address")} help={t("widget.invitations.address.help")} max={200} value={rules()[at]?.address ?? ""} set={(address) => put(at, { address: address.trim() })} error={empty(rules()[at]) ? props.reason("rule_empty") : null} />
            <div class="spread">
              <Toggle label={t("widget.invitations.leaving")} value={rules()[at]?.leaving ?? false} set={(leaving) => put(at, { leaving })} />
              <button type="button" class="ghost" aria-label={`${t("widget.invitations.one", { n: at + 1 })}: ${t("common.delete")}`} onClick={() => props.state.change({ invitations: rules().filter((_, n) => n !== at) })}><Icon name="trash" small /></button>
            </div>
          </fieldset>
        )}
      </For>
      <Show when={rules().length < 10}><button type="button" class="button" onClick={() => props.state.change({ invitations: [...rules(), newRule(rules())] })}>{t("widget.invitations.add")}</button></Show>
    </>
  );
}

export function MessengersSection(props: { state: WidgetState; reason: (code: string) => string }) {
  const list = () => props.state.options().messengers;
  const put = (at: number, part: { kind?: string; link?: string }) => props.state.change({ messengers: list().map((one, n) => (n === at ? { ...one, ...part } : one)) });
  const wrong = (link: string) => (link && !/^(https|tg|viber):\/\/\S+$/.test(link) ? props.reason("link_invalid") : null);
  return (
    <>
      <p class="help">{t("widget.messengers.lead")}</p>
      <For each={list().map((_, at) => at)}>
        {(at) => (
          <div class="row-edit">
            <SelectField label={t("widget.messengers.kind")} value={list()[at]?.kind ?? "telegram"} options={KINDS.map((kind) => ({ value: kind, text: marked(NAMES[kind]) }))} set={(kind) => put(at, { kind })} />
            <TextField label={t("widget.messengers.link")} max={500} value={list()[at]?.link ?? ""} set={(link) => put(at, { link: link.trim() })} error={wrong(list()[at]?.link ?? "")} />
            <button type="button" class="ghost" aria-label={t("common.delete")} onClick={() => props.state.change({ messengers: list().filter((_, n) => n !== at) })}><Icon name="trash" small /></button>
          </div>
        )}
      </For>
      <Show when={list().length < 8}><button type="button" class="button" onClick={() => props.state.change({ messengers: [...list(), { kind: "telegram", link: "" }] })}>{t("widget.messengers.add")}</button></Show>
    </>
  );
}
