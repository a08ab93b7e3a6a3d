import { createSignal, For, Match, Switch } from "solid-js";
import { api } from "../api.ts";
import { reasonText, t } from "../i18n.ts";
import type { ChannelView, WidgetSettings } from "../types.ts";
import { toast } from "../ui/toast.tsx";
import { createSubmit, dirty, setDirty } from "./form.ts";
import { parseOrigins } from "./origins.ts";
import { ErrorLine } from "./parts.tsx";
import { FormsSection } from "./widget/FormsSection.tsx";
import { HoursSection } from "./widget/HoursSection.tsx";
import { InvitationsSection, MessengersSection } from "./widget/Lists.tsx";
import { HEX, LookSection } from "./widget/LookSection.tsx";
import { Preview } from "./widget/Preview.tsx";
import { createWidgetState, problems, type Section, SECTIONS } from "./widget/state.ts";
import { TextsSection } from "./widget/TextsSection.tsx";

export function WidgetForm(props: { channel: ChannelView; widget: WidgetSettings; saved: () => void }) {
  /* eslint-disable solid/reactivity -- the form starts from what was loaded and is then the reader's own */
  const state = createWidgetState(props.widget.appearance, props.widget.options);
  const [name, setName] = createSignal(props.channel.name);
  const [origins, setOrigins] = createSignal(props.widget.origins.join("\n"));
  /* eslint-enable solid/reactivity */
  const [section, setSection] = createSignal<Section>("look");
  const submit = createSubmit();
  const reason = (code: string) => reasonText({ code });
  const touch = (act: () => void) => {
    act();
    setDirty(true);
  };
  const wrongName = () => (name().trim() ? null : t("login.fill"));
  const wrongOrigin = () => {
    const { wrong } = parseOrigins(origins());
    return wrong === null ? null : t("widget.origins.wrong", { value: wrong });
  };
  /** The first section with something wrong in it. */
  const wrong = (): Section | undefined => (wrongName() || wrongOrigin() || !HEX.test(state.appearance().accent) ? "look" : problems(state.options())[0]?.section);
  /** The arrows walk through the sections, as in every list of tabs. */
  const walk = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = (SECTIONS.length + SECTIONS.indexOf(section()) + step) % SECTIONS.length;
    setSection(SECTIONS[at] ?? "look");
    (event.currentTarget.children[at] as HTMLElement).focus();
  };
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const at = wrong();
    if (at) {
      setSection(at);
      return;
    }
    const options = state.options();
    const texts = Object.fromEntries(Object.entries(options.texts).map(([locale, one]) => [locale, one && { ...one, phrases: one.phrases.filter((phrase) => phrase.trim()) }]));
    const change = { name: name().trim(), widget: { origins: parseOrigins(origins()).origins, appearance: state.appearance(), options: { ...options, texts } } };
    if (!(await submit.run(() => api.changeChannel(props.channel.id, change)))) return;
    toast(t("common.saved"));
    props.saved();
  };
  return (
    <form class="block widget-form" novalidate onSubmit={(event) => void save(event)}>
      <h3>{t("channels.look")}</h3>
      <div class="tabs" role="tablist" aria-label={t("channels.look")} onKeyDown={walk}>
        <For each={SECTIONS}>
          {(one) => <button type="button" role="tab" tabindex={section() === one ? 0 : -1} aria-selected={section() === one} onClick={() => setSection(one)}>{t(`widget.section.${one}`)}</button>}
        </For>
      </div>
      <div class="halves">
        <div role="tabpanel" aria-label={t(`widget.section.${section()}`)}>
          <Switch>
            <Match when={section() === "look"}>
              <LookSection state={state} name={name()} setName={(value) => touch(() => setName(value))} wrongName={wrongName()} origins={origins()} setOrigins={(value) => touch(() => setOrigins(value))} wrongOrigin={wrongOrigin()} />
            </Match>
            <Match when={section() === "texts"}><TextsSection state={state} reason={reason} /></Match>
            <Match when={section() === "hours"}><HoursSection state={state} reason={reason} /></Match>
            <Match when={section() === "forms"}><FormsSection state={state} /></Match>
            <Match when={section() === "invitations"}><InvitationsSection state={state} reason={reason} /></Match>
            <Match when={section() === "messengers"}><MessengersSection state={state} reason={reason} /></Match>
          </Switch>
        </div>
        <Preview state={state} />
      </div>
      <ErrorLine text={submit.error()} />
      <button class="button main" disabled={submit.busy() || !dirty()}>{t("common.save")}</button>
    </form>
  );
}
