import { createResource, Match, Switch } from "solid-js";
import type { Ground } from "./ground.ts";
import { t, troubleText } from "./i18n.ts";
import { Alert, Busy, CopyField } from "./parts.tsx";

/** Whose browser this is, to be pasted beside the ticked user (H-AMO-61). */
export function UserKey(props: { ground: Ground }) {
  const [found, { refetch }] = createResource(() => props.ground.gateway.userKey(props.ground.user));
  return (
    <>
      <p class="k-calm">{t("key.text")}</p>
      <Switch fallback={<Busy />}>
        <Match when={found.state === "errored"}><Alert text={troubleText(found.error, props.ground.gateway.address)} again={() => void refetch()} /></Match>
        <Match when={found.state === "ready" && found()}>{(made) => <CopyField text={made().key} label={t("key.label", { name: props.ground.user.name })} />}</Match>
      </Switch>
      <p class="k-calm">{t("key.notices")}</p>
    </>
  );
}
