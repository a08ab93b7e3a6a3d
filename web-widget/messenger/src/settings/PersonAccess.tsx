import { createSignal, Show } from "solid-js";
import type { Role } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import type { UserView } from "../types.ts";
import { toast } from "../ui/toast.tsx";
import { createSubmit } from "./form.ts";
import { Copy, ErrorLine } from "./parts.tsx";

const HEIGHT: Record<Role, number> = { manager: 0, admin: 1, owner: 2 };

/** Helps a colleague in who has forgotten the password or lost the phone. */
export function PersonAccess(props: { user: UserView }) {
  const desk = useDesk();
  const [path, setPath] = createSignal<string | null>(null);
  const [sure, setSure] = createSignal(false);
  const submit = createSubmit(false);
  const isBelow = () => HEIGHT[props.user.role] < HEIGHT[desk.me().role];
  const link = () => submit.run(async () => setPath((await api.passwordLink(props.user.id)).path));
  const drop = async () => {
    if (!(await submit.run(() => api.resetFactor(props.user.id)))) return;
    setSure(false);
    toast(t("common.saved"));
  };
  return (
    <Show when={isBelow() || desk.me().role === "owner"}>
      <div class="helps">
        <Show when={path()}>
          {(made) => <div class="field"><p class="words">{t("people.link.once", { name: props.user.name })}</p><Copy text={location.origin + made()} label={t("people.link")} /></div>}
        </Show>
        <Show when={sure()}><p class="words">{t("people.factor.text", { name: props.user.name })}</p></Show>
        <div class="row-of">
          <Show when={isBelow() && path() === null}><button type="button" class="button" disabled={submit.busy()} onClick={() => void link()}>{t("people.link")}</button></Show>
          <Show when={desk.me().role === "owner"}>
            <button type="button" class="button" classList={{ danger: sure() }} disabled={submit.busy()} onClick={() => (sure() ? void drop() : setSure(true))}>{t("people.factor")}</button>
          </Show>
        </div>
        <ErrorLine text={submit.error()} />
      </div>
    </Show>
  );
}
