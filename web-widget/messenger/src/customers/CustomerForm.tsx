import { createSignal } from "solid-js";
import { api } from "../api.ts";
import { t } from "../i18n.ts";
import { TextField } from "../ui/Field.tsx";
import { FormDialog } from "../ui/FormDialog.tsx";

/** Write down somebody who has not written yet. */
export function CustomerForm(props: { close: () => void; made: (id: string) => void }) {
  const [name, setName] = createSignal("");
  const [phone, setPhone] = createSignal("");
  const [email, setEmail] = createSignal("");
  const [company, setCompany] = createSignal("");
  const [note, setNote] = createSignal("");
  const save = async () => {
    const made = await api.addCustomer({ name: name(), phones: [phone()], emails: [email()], company: company(), note: note() });
    props.made(made.id);
  };
  return (
    <FormDialog title={t("customers.add")} narrow fields={["name", "phones", "emails", "company", "note"]} save={save} close={() => props.close()}>
      {(at) => (
        <>
          <TextField label={t("customers.name")} value={name()} set={setName} error={at("name")} ref={(made) => queueMicrotask(() => made.focus())} />
          <TextField label={t("person.phone")} type="tel" value={phone()} set={setPhone} max={40} error={at("phones")} />
          <TextField label={t("person.email")} type="email" value={email()} set={setEmail} error={at("emails")} />
          <TextField label={t("customers.company")} value={company()} set={setCompany} error={at("company")} />
          <TextField label={t("customers.note")} value={note()} set={setNote} rows={3} max={4000} error={at("note")} />
        </>
      )}
    </FormDialog>
  );
}
