import { createMemo, createSignal, type JSX, onCleanup, Show } from "solid-js";
import { t } from "../i18n.ts";
import { chatPath, follow } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import { Icon } from "../ui/Icon.tsx";
import { widgetCode } from "./Channel.tsx";
import { NewInvite } from "./Invites.tsx";
import { Copy, createLoaded, Head, Loaded } from "./parts.tsx";
import { look } from "./steps.ts";
import { WizardWidget } from "./WizardWidget.tsx";

function Step(props: { number: number; title: string; done: boolean; open: boolean; children: JSX.Element }) {
  return (
    <li class="step" classList={{ done: props.done, open: props.open }} aria-current={props.open && !props.done ? "step" : undefined}>
      <span class="mark" aria-hidden="true"><Show when={props.done} fallback={props.number}><Icon name="check" small /></Show></span>
      <div>
        <h3>{props.title}<Show when={props.done}><span class="sr"> ({t("wizard.done")})</span></Show></h3>
        <Show when={props.open}><div class="inside">{props.children}</div></Show>
      </div>
    </li>
  );
}

export function Wizard() {
  const desk = useDesk();
  const [inviting, setInviting] = createSignal(false);
  const found = createLoaded(look);
  onCleanup(desk.listen({ message: () => { if (!found.value()?.first) found.again(); }, reload: () => found.again() }));
  void desk.loadChannels();
  const widget = createMemo(() => found.value()?.widget);
  const made = () => {
    found.again();
    void desk.loadChannels();
  };
  return (
    <>
      <Head title={t("settings.setup")} lead={t("wizard.lead")} />
      <Loaded from={found}>
        {(state) => (
          <ol class="steps">
            <Step number={1} title={t("wizard.widget")} done={!!state().widget} open={!state().widget}>
              <p class="help">{t("wizard.widget.text")}</p>
              <WizardWidget made={made} />
            </Step>
            <Step number={2} title={t("wizard.install")} done={!!state().first} open={!!state().widget && !state().first}>
              <p class="help">{t("channels.install.text")}</p>
              <Show when={widget()}>{(channel) => <Copy text={widgetCode(location.origin, channel())} label={t("channels.install")} />}</Show>
            </Step>
            <Step number={3} title={t("wizard.message")} done={!!state().first} open={!!state().widget}>
              <Show when={state().first} fallback={
                <>
                  <p class="help">{t("wizard.message.text")}</p>
                  <div class="row-of">
                    <a class="button" href={`/try/${widget()?.widget?.key ?? ""}`} target="_blank" rel="noopener">{t("wizard.try")}</a>
                    <p class="waits" role="status"><i class="spinner" />{t("wizard.waiting")}</p>
                  </div>
                </>
              }>
                {(conversation) => (
                  <div class="row-of">
                    <p role="status">{t("wizard.came")}</p>
                    <a class="button" href={chatPath(conversation().id)} onClick={follow}>{t("wizard.open")}</a>
                  </div>
                )}
              </Show>
            </Step>
            <Step number={4} title={t("wizard.people")} done={state().invited} open={!!state().first}>
              <p class="help">{state().invited ? t("wizard.invited") : t("wizard.people.text")}</p>
              <div class="row-of">
                <button type="button" class="button" classList={{ main: !state().invited }} onClick={() => setInviting(true)}>{t("invites.add")}</button>
                <a class="button" classList={{ main: state().invited }} href="/" onClick={follow}>{t("wizard.finish")}</a>
              </div>
            </Step>
          </ol>
        )}
      </Loaded>
      <Show when={inviting()}><NewInvite close={() => setInviting(false)} made={found.again} /></Show>
    </>
  );
}
