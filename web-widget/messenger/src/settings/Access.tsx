import { For, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { SelectField } from "../ui/Field.tsx";

/** All channels, future ones too, or some of them. */
export function ChannelChoice(props: { legend: string; channels: string[] | null; set: (channels: string[] | null) => void; error?: string | null }) {
  const desk = useDesk();
  const toggle = (id: string, on: boolean) => {
    const before = props.channels ?? [];
    props.set(on ? [...before, id] : before.filter((one) => one !== id));
  };
  return (
    <fieldset class="field access" classList={{ bad: !!props.error }}>
      <legend>{props.legend}</legend>
      <label><input type="radio" name="access" checked={props.channels === null} onChange={() => props.set(null)} />{t("people.access.all")}</label>
      <label><input type="radio" name="access" checked={props.channels !== null} onChange={() => props.set([])} />{t("people.access.some")}</label>
      <Show when={props.channels}>
        {(chosen) => (
          <div class="choices">
            <For each={desk.channels()}>
              {(channel) => <label><input type="checkbox" checked={chosen().includes(channel.id)} onChange={(event) => toggle(channel.id, event.currentTarget.checked)} />{channel.name}</label>}
            </For>
          </div>
        )}
      </Show>
      <Show when={props.error}><p class="about" role="alert">{props.error}</p></Show>
    </fieldset>
  );
}

/** Role and channels: who may give which is the server's to decide, what cannot be given is not offered. */
export function Access(props: { role: Role; setRole: (role: Role) => void; channels: string[] | null; setChannels: (channels: string[] | null) => void }) {
  const desk = useDesk();
  const roles = (): Role[] => (desk.me().role === "owner" ? ["manager", "admin", "owner"] : ["manager"]);
  const offered = () => (roles().includes(props.role) ? roles() : [...roles(), props.role]);
  return (
    <>
      <SelectField label={t("people.role")} help={t(`role.${props.role}.help` satisfies WordKey)} value={props.role} options={offered().map((role) => ({ value: role, text: t(`role.${role}` satisfies WordKey) }))} set={(role) => props.setRole(role)} />
      <ChannelChoice legend={t("people.access")} channels={props.channels} set={(channels) => props.setChannels(channels)} />
    </>
  );
}
