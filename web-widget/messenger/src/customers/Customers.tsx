/** «Клиенты»: everybody who wrote or was written down, and what is known of them. */
import { createEffect, createSignal, onCleanup, Show } from "solid-js";
import { t } from "../i18n.ts";
import { customerPath, navigate, route } from "../route.ts";
import { titled } from "../state/title.ts";
import { Empty } from "../ui/Empty.tsx";
import { CustomerForm } from "./CustomerForm.tsx";
import { CustomerList } from "./CustomerList.tsx";
import { CustomerPane } from "./CustomerPane.tsx";

export function Customers() {
  const [adding, setAdding] = createSignal(false);
  const selected = () => {
    const now = route();
    return now.name === "customers" ? now.id : null;
  };
  createEffect(() => titled(t("rail.customers")));
  onCleanup(() => titled(""));
  return (
    <div class="chats">
      <CustomerList selected={selected()} add={() => setAdding(true)} />
      <main class="pane">
        <Show when={selected()} keyed fallback={<><h1 class="sr">{t("rail.customers")}</h1><Empty icon="people" title={t("customers.pick")} text={t("customers.pick.text")} /></>}>
          {(id) => <CustomerPane id={id} />}
        </Show>
      </main>
      <Show when={adding()}><CustomerForm close={() => setAdding(false)} made={(id) => navigate(customerPath(id))} /></Show>
    </div>
  );
}
