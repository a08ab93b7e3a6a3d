import { createSignal } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { TextField } from "../ui/Field.tsx";
import { createSubmit } from "./form.ts";
import { parseOrigins } from "./origins.ts";
import { ErrorLine } from "./parts.tsx";

/** `example.com` means the site one knows by that name. */
export const asSite = (text: string): string => (/^[^:/\s]+\.[^:/\s]+/.test(text.trim()) ? `https://${text.trim()}` : text.trim());

export function WizardWidget(props: { made: () => void }) {
  const desk = useDesk();
  const [site, setSite] = createSignal("");
  const [title, setTitle] = createSignal(desk.me().workspace_name.slice(0, 60));
  const [tried, setTried] = createSignal(false);
  const submit = createSubmit(false);
  const parsed = () => parseOrigins(asSite(site()));
  const wrongSite = () => {
    const { wrong } = parsed();
    return tried() && wrong !== null ? t("widget.origins.wrong", { value: wrong }) : null;
  };
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    const { wrong, origins } = parsed();
    if (wrong !== null || !title().trim()) return;
    const appearance = { title: title().trim(), greeting: "", accent: "#3b5bdb", side: "right" };
    if (await submit.run(() => api.addWidget(title().trim(), origins, appearance))) props.made();
  };
  return (
    <form novalidate onSubmit={(event) => void create(event)}>
      <TextField label={t("wizard.site")} type="url" autocomplete="url" help={t("wizard.site.help")} value={site()} set={setSite} error={wrongSite()} />
      <TextField label={t("widget.title")} max={60} help={t("widget.title.help")} value={title()} set={setTitle} error={tried() && !title().trim() ? t("login.fill") : null} />
      <ErrorLine text={submit.error()} />
      <button class="button main" disabled={submit.busy()}>{t("channels.create")}</button>
    </form>
  );
}
