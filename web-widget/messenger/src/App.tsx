import { createSignal, ErrorBoundary, Match, onMount, Show, Switch } from "solid-js";
import type { Me } from "@kommutator/shared/generated/protocol.ts";
import { api } from "./api.ts";
import { Problem } from "./http.ts";
import { problemText, setLocale, t } from "./i18n.ts";
import { Login } from "./login/Login.tsx";
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
  const [stage, setStage] = createSignal<"asking" | "login" | "failed">("asking");
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
  onMount(() => void ask());

  return (
    <ErrorBoundary fallback={(error) => { console.error(error); return <Crash />; }}>
      <Show
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
      </Show>
      <Asks />
      <Toasts />
    </ErrorBoundary>
  );
}
