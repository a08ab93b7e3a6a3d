import { For, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { t, type WordKey } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { SelectField } from "../ui/Field.tsx";

/** Role and channels: who may give which is the server's to decide, what cannot be given is not offered. */
export function Access(props: { role: Role; setRole: (role: Role) => void; channels: string[] | null; setChannels: (channels: string[] | null) => void }) {
  const desk = useDesk();
  const roles = (): Role[] => (desk.me().role === "owner" ? ["manager", "admin", "owner"] : ["manager"]);
  const offered = () => (roles().includes(props.role) ? roles() : [...roles(), props.role]);
  const toggle = (id: string, on: boolean) => {
    const before = props.channels ?? [];
    props.setChannels(on ? [...before, id] : before.filter((one) => one !== id));
  };
  return (
    <>
      <SelectField label={t("people.role")} help={t(`role.${props.role}.help` satisfies WordKey)} value={props.role} options={offered().map((role) => ({ value: role, text: t(`role.${role}` satisfies WordKey) }))} set={(role) => props.setRole(role)} />
      <fieldset class="field access">
        <legend>{t("people.access")}</legend>
        <label><input type="radio" name="access" checked={props.channels === null} onChange={() => props.setChannels(null)} />{t("people.access.all")}</label>
        <label><input type="radio" name="access" checked={props.channels !== null} onChange={() => props.setChannels([])} />{t("people.access.some")}</label>
        <Show when={props.channels}>
          {(chosen) => (
            <div class="choices">
              <For each={desk.channels()}>
                {(channel) => <label><input type="checkbox" checked={chosen().includes(channel.id)} onChange={(event) => toggle(channel.id, event.currentTarget.checked)} />{channel.name}</label>}
              </For>
            </div>
          )}
        </Show>
      </fieldset>
    </>
  );
}
