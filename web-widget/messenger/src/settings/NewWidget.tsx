import { createSignal } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { TextField } from "../ui/Field.tsx";
import { toast } from "../ui/toast.tsx";
import { createSubmit, setDirty } from "./form.ts";
import { parseOrigins } from "./origins.ts";
import { ErrorLine } from "./parts.tsx";

/** A site widget: nothing is stored until it is saved (B-38). */
export function NewWidget(props: { cancel: () => void }) {
  const [name, setName] = createSignal("");
  const [origins, setOrigins] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit();
  const desk = useDesk();
  const parsed = () => parseOrigins(origins());
  const touch = (act: () => void) => {
    act();
    setDirty(true);
  };
  const wrong = () => {
    const { wrong: value, origins: good } = parsed();
    if (value !== null) return t("widget.origins.wrong", { value });
    return good.length === 0 ? t("login.fill") : null;
  };
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!name().trim() || wrong()) return;
    await submit.run(async () => {
      const appearance = { title: name().trim(), greeting: "", accent: "#3b5bdb", side: "right" };
      const made = await api.addWidget(name().trim(), parsed().origins, appearance);
      void desk.loadChannels();
      setDirty(false);
      toast(t("channels.created"));
      navigate(`/settings/channels/${made.id}`, true);
    });
  };
  return (
    <form class="block" novalidate onSubmit={(event) => void create(event)}>
      <TextField label={t("common.name")} help={t("channels.name.help")} value={name()} set={(value) => touch(() => setName(value))} error={tried() && !name().trim() ? t("login.fill") : null} />
      <TextField label={t("widget.origins")} help={t("widget.origins.help")} rows={3} value={origins()} set={(value) => touch(() => setOrigins(value))} error={tried() ? wrong() : null} />
      <ErrorLine text={submit.error()} />
      <div class="actions start">
        <button class="button main" disabled={submit.busy()}>{t("channels.create")}</button>
        <button type="button" class="button" onClick={() => props.cancel()}>{t("common.cancel")}</button>
      </div>
    </form>
  );
}
