import { For, type JSX, Show } from "solid-js";
import type { ClaimView, CustomerView } from "@kommutator/shared/generated/protocol.ts";
import { api } from "../api.ts";
import { problemText, t, type WordKey } from "../i18n.ts";
import type { CustomerCard, CustomerSaid } from "../types.ts";
import { EditLine } from "../ui/EditLine.tsx";
import { Icon } from "../ui/Icon.tsx";
import { toast } from "../ui/toast.tsx";

function Line(props: { name: string; children: JSX.Element }) {
  return <div><dt>{props.name}</dt><dd>{props.children}</dd></div>;
}

type Contacts = "phones" | "emails";

/** Phones or e-mails: what the channels say stands fast, what managers wrote can be taken away, more can be added. */
function ContactsOf(props: { field: Contacts; name: WordKey; add: WordKey; scheme: string; claims: ClaimView[]; save: (said: CustomerSaid) => Promise<void> }) {
  const own = () => props.claims.filter((claim) => claim.by === "manager").map((claim) => claim.value);
  const put = (values: string[]) => props.save({ [props.field]: values });
  const remove = async (value: string) => {
    const before = own();
    try {
      await put(before.filter((one) => one !== value));
      toast(t("customers.removed", { value }), false, { text: t("did.undo"), act: () => void put(before).catch((error: unknown) => toast(problemText(error), true)) });
    } catch (error) {
      toast(problemText(error), true);
    }
  };
  return (
    <Line name={t(props.name)}>
      <ul class="claims">
        <For each={props.claims}>
          {(claim) => (
            <li class="claim"><a href={`${props.scheme}:${claim.value}`}>{claim.value}</a>
              <Show when={claim.by === "manager"} fallback={<Show when={claim.by === "unverified" || claim.by === "merged"}><small>{t(claim.by === "merged" ? "customers.claim.merged" : "person.unverified")}</small></Show>}>
                <button type="button" class="ghost bin" aria-label={`${t("common.delete")}: ${claim.value}`} title={t("common.delete")} onClick={() => void remove(claim.value)}><Icon name="trash" small /></button>
              </Show>
            </li>
          )}
        </For>
      </ul>
      <EditLine label={t(props.add)} value="" empty={t(props.add)} plus type={props.field === "phones" ? "tel" : "email"} max={254} save={(value) => put([...own(), value])} />
    </Line>
  );
}

/** What is known of a customer, each line changed where it stands. */
export function Known(props: { customer: CustomerView; changed: (card: CustomerCard) => void }) {
  const save = async (said: CustomerSaid) => props.changed(await api.changeCustomer(props.customer.id, said));
  return (
    <>
      <Line name={t("customers.name")}><EditLine label={t("customers.name")} value={props.customer.given_name || props.customer.name} empty={t("customers.name.add")} max={200} save={(name) => save({ name })} /></Line>
      <Show when={props.customer.aliases.length > 0}><Line name={t("customers.aliases")}>{props.customer.aliases.join(", ")}</Line></Show>
      <ContactsOf field="phones" name="person.phone" add="customers.phone.add" scheme="tel" claims={props.customer.phones} save={save} />
      <ContactsOf field="emails" name="person.email" add="customers.email.add" scheme="mailto" claims={props.customer.emails} save={save} />
      <Line name={t("customers.company")}><EditLine label={t("customers.company")} value={props.customer.company} empty={t("customers.company.add")} max={200} save={(company) => save({ company })} /></Line>
      <Line name={t("customers.note")}><EditLine label={t("customers.note")} value={props.customer.note} empty={t("customers.note.add")} long max={4000} save={(note) => save({ note })} /></Line>
    </>
  );
}
