import { createEffect, createSignal, ErrorBoundary, Match, Show, Switch } from "solid-js";
import type { Me } from "@kommutator/shared/generated/protocol.ts";
import { api } from "./api.ts";
import { Problem } from "./http.ts";
import { problemText, setLocale, t } from "./i18n.ts";
import { Doors } from "./login/Doors.tsx";
import { Login } from "./login/Login.tsx";
import { navigate, route } from "./route.ts";
import { Shell } from "./shell/Shell.tsx";
import { createDesk, type Desk, DeskContext } from "./state/desk.ts";
import { Empty } from "./ui/Empty.tsx";
import { Asks } from "./ui/ask.tsx";
import { Toasts } from "./ui/toast.tsx";
import "./state/theme.ts";

function Crash() {
  return (
    <Empty icon="warning" title={t("error.crash")} text={t("error.crash.text")}>
      <button type="button" class="button main" onClick={() => location.reload()}>{t("error.reload")}</button>
    </Empty>
  );
}

export function App() {
  const [desk, setDesk] = createSignal<Desk | null>(null);
  const [stage, setStage] = createSignal<"new" | "asking" | "login" | "failed">("new");
  const [why, setWhy] = createSignal<unknown>(null);

  const enter = (me: Me) => {
    void setLocale(me.locale);
    setDesk(createDesk(me, () => {
      setDesk(null);
      setStage("login");
    }));
  };
  const ask = async () => {
    setStage("asking");
    try {
      enter(await api.me());
    } catch (error) {
      setWhy(error);
      setStage(error instanceof Problem && error.status === 401 ? "login" : "failed");
    }
  };
  const door = () => {
    const now = route();
    return now.name === "door" ? now.page : null;
  };
  // Who came by a link is not asked who they are: the link says it.
  createEffect(() => {
    if (door() === null && stage() === "new") void ask();
  });
  /** Somebody came in by a door: whoever was here before is not any more. */
  const cameIn = (me: Me, path: string) => {
    desk()?.end();
    navigate(path, true);
    enter(me);
  };

  return (
    <ErrorBoundary fallback={(error) => { console.error(error); return <Crash />; }}>
      <Show when={door()} keyed fallback={<Show
        when={desk()}
        keyed
        fallback={
          <Switch fallback={<div class="splash" role="status" aria-label={t("app.loading")}><i class="spinner" /></div>}>
            <Match when={stage() === "login"}><Login entered={enter} /></Match>
            <Match when={stage() === "failed"}>
              <main class="splash">
                <Empty icon="offline" title={problemText(why())}>
                  <button type="button" class="button main" onClick={() => void ask()}>{t("common.retry")}</button>
                </Empty>
              </main>
            </Match>
          </Switch>
        }
      >
        {(made) => <DeskContext.Provider value={made}><Shell /></DeskContext.Provider>}
      </Show>}>
        {(page) => <Doors page={page} entered={cameIn} />}
      </Show>
      <Asks />
      <Toasts />
    </ErrorBoundary>
  );
}
