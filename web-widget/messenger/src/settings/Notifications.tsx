import { createSignal, type JSX, Show } from "solid-js";
import type { NoticeSettings } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { useDesk } from "../state/desk.ts";
import { askPermission, permission, ring, show, supported } from "../state/notify.ts";
import { canPush } from "../state/push.ts";
import type { NoticesView } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";
import { Devices } from "./notices/Devices.tsx";
import { Matrix } from "./notices/Matrix.tsx";
import { Quiet } from "./notices/Quiet.tsx";
import { createLoaded, Head, Loaded } from "./parts.tsx";

/** The browser's word on notifications, and what to do about it. */
function Allowed() {
  const [denied, ask] = [() => permission() === "denied", () => permission() === "default"];
  return (
    <Show when={!supported || !canPush || denied() || ask()}>
      <p class="alert" role="status">
        <Icon name="alert" small /><span>{t(!supported || !canPush ? "notify.unsupported" : denied() ? "notify.denied" : "notify.notYet")}</span>
        <Show when={supported && ask()}><button type="button" class="button" onClick={() => void askPermission()}>{t("notify.allow")}</button></Show>
      </p>
    </Show>
  );
}

function Tests(props: { view: NoticesView }): JSX.Element {
  const desk = useDesk();
  const [said, setSaid] = createSignal("");
  const run = async (work: () => Promise<string>) => {
    setSaid("");
    try {
      setSaid(await work());
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  const sound = () => run(async () => t((await ring()) ? "notify.rang" : "notify.silent"));
  const desktop = () => run(async () => {
    await show(t("app.name"), t("notify.test.text"), null);
    return t("notify.shown");
  });
  const push = () => run(async () => { await api.tryNotices("push"); return t("notify.pushed"); });
  const letter = () => run(async () => { await api.tryNotices("letter"); return t("notify.written", { email: desk.me().email }); });
  return (
    <div class="tests" role="group" aria-label={t("notify.test")}>
      <span>{t("notify.test")}</span>
      <button type="button" class="button" onClick={() => void sound()}>{t("notify.sound")}</button>
      <button type="button" class="button" disabled={permission() !== "granted"} onClick={() => void desktop()}>{t("notify.desktop")}</button>
      <button type="button" class="button" disabled={!props.view.devices.some((one) => one.current)} onClick={() => void push()}>{t("notify.push")}</button>
      <button type="button" class="button" disabled={!props.view.letters} title={props.view.letters ? undefined : t("notify.noMail")} onClick={() => void letter()}>{t("notify.letter")}</button>
      <span role="status">{said()}</span>
    </div>
  );
}

/** What somebody is told of, how, when, and on which devices. Each change is kept at once. */
export function Notifications() {
  const desk = useDesk();
  const loaded = createLoaded(api.notices);
  const [mine, setMine] = createSignal<NoticeSettings | null>(null);
  let last = Promise.resolve();
  const change = (known: NoticeSettings, part: Partial<NoticeSettings>) => {
    const [before, next] = [mine() ?? known, { ...(mine() ?? known), ...part }];
    setMine(next);
    desk.setNoticeSettings(next);
    // One after the other: what was chosen last is what stays.
    last = last.then(() => api.setNotices(next)).then(() => undefined, (error: unknown) => {
      setMine(before);
      desk.setNoticeSettings(before);
      toast(problemText(error), true);
    });
  };
  const zone = () => desk.zone() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <>
      <Head title={t("settings.notifications")} lead={t("notify.lead")} />
      <Allowed />
      <Loaded from={loaded}>
        {(view) => (
          <>
            <section class="block">
              <Matrix settings={mine() ?? view().settings} letters={view().letters} change={(part) => change(view().settings, part)} />
              <p class="help">{t("notify.muted.help")}</p>
              <Tests view={view()} />
            </section>
            <Devices view={view()} again={() => loaded.again()} />
            <Quiet settings={mine() ?? view().settings} zone={zone()} change={(part) => change(view().settings, part)} />
          </>
        )}
      </Loaded>
    </>
  );
}
