import { createSignal, For, Show } from "solid-js";
import { api } from "../api.ts";
import { problemText, t } from "../i18n.ts";
import { customerPath, follow } from "../route.ts";
import type { AlikeView, CustomerCard, SignView } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { toast } from "../ui/toast.tsx";
import { nameOf } from "./CustomerRow.tsx";

const signText = (sign: SignView) => t(`customers.sign.${sign.kind}`, { value: sign.value });

/** Customers that may be the same person: made one with this one, or said to be somebody else and never asked about again. */
export function Alike(props: { card: CustomerCard; done: (card: CustomerCard) => void }) {
  const [busy, setBusy] = createSignal(false);
  const answer = async (act: () => Promise<CustomerCard>, told: (card: CustomerCard) => void) => {
    setBusy(true);
    try {
      const card = await act();
      told(card);
      props.done(card);
    } catch (error) {
      toast(problemText(error), true);
    }
    setBusy(false);
  };
  const undo = (id: string) => void api.unmergeCustomer(id).catch((error: unknown) => toast(problemText(error), true));
  const merge = ({ customer }: AlikeView, own: string) => answer(() => api.mergeCustomer(customer.id, own), (card) => toast(t("customers.didMerge", { name: nameOf(card.customer) }), false, { text: t("did.undo"), act: () => undo(customer.id) }));
  const refuse = ({ customer }: AlikeView, own: string) => answer(() => api.keepApart(own, customer.id), () => toast(t("customers.alike.kept", { name: nameOf(customer) })));
  return (
    <Show when={props.card.alike.length > 0}>
      <section class="alike" aria-label={t("customers.alike")}>
        <h2>{t("customers.alike")}</h2>
        <ul>
          <For each={props.card.alike}>
            {(one) => (
              <li>
                <a href={customerPath(one.customer.id)} onClick={follow}><Avatar name={one.customer.name} seed={one.customer.id} picture={one.customer.picture_url} /><span><b>{nameOf(one.customer)}</b><For each={one.by}>{(sign) => <small>{signText(sign)}</small>}</For></span></a>
                <div class="actions">
                  <button type="button" class="button" disabled={busy()} onClick={() => void merge(one, props.card.customer.id)}>{t("customers.merge.do")}</button>
                  <button type="button" class="button" disabled={busy()} onClick={() => void refuse(one, props.card.customer.id)}>{t("customers.alike.not")}</button>
                </div>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  );
}
