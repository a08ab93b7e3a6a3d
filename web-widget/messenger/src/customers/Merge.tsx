import { createResource, createSignal, For, Show } from "solid-js";
import type { CustomerView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import type { CustomerCard } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { SearchField } from "../ui/SearchField.tsx";
import { toast } from "../ui/toast.tsx";
import { aboutOf, nameOf } from "./CustomerRow.tsx";

const SHOWN = 8;

/** Finds the customer that is the same person, says what will happen, and makes one of the two. */
export function Merge(props: { into: CustomerView; close: () => void; done: (card: CustomerCard) => void }) {
  const [asked, setAsked] = createSignal("");
  const [picked, setPicked] = createSignal<CustomerView | null>(null);
  const [wrong, setWrong] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const [found] = createResource(asked, async (words) => (await api.customers(words, null, SHOWN + 1)).items);
  const others = () => (found.error ? [] : (found.latest ?? []).filter((one) => one.id !== props.into.id).slice(0, SHOWN));
  const undo = (id: string) => api.unmergeCustomer(id).then(() => undefined, (error: unknown) => toast(problemText(error), true));
  const merge = async (event: SubmitEvent) => {
    event.preventDefault();
    const from = picked();
    if (!from || busy()) return;
    setBusy(true);
    try {
      const card = await api.mergeCustomer(from.id, props.into.id);
      props.done(card);
      toast(t("customers.didMerge", { name: nameOf(card.customer) }), false, { text: t("did.undo"), act: () => void undo(from.id) });
      props.close();
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return (
    <Dialog title={t("customers.merge.title", { name: nameOf(props.into) })} narrow close={() => props.close()}>
      <form class="choose" onSubmit={(event) => void merge(event)}>
        <SearchField label={t("customers.search")} ask={setAsked} ref={(made) => queueMicrotask(() => made.focus())} />
        <fieldset>
          <legend class="sr">{t("customers.merge.who")}</legend>
          <For each={others()} fallback={<p class="none">{found.error ? problemText(found.error) : found.loading ? t("app.loading") : t("search.none")}</p>}>
            {(one) => (
              <label class="choice"><input type="radio" name="customer" checked={picked()?.id === one.id} onChange={() => setPicked(one)} />
                <Avatar name={one.name} seed={one.id} picture={one.picture_url} /><span><b>{nameOf(one)}</b><small>{aboutOf(one) || t("customers.nothing")}</small></span></label>
            )}
          </For>
        </fieldset>
        <p class="words" role="status"><Show when={picked()} fallback={t("customers.merge.hint")}>{(from) => t("customers.merge.text", { from: nameOf(from()), into: nameOf(props.into) })}</Show></p>
        <Show when={wrong()}><p class="oops" role="alert">{problemText(wrong())}</p></Show>
        <div class="actions">
          <button type="button" class="button" onClick={() => props.close()}>{t("common.cancel")}</button>
          <button class="button main" disabled={!picked() || busy()}>{t("customers.merge.do")}</button>
        </div>
      </form>
    </Dialog>
  );
}
