// @ts-check
/** All of an account, to be compared. */
import { linked, shown } from "./entities.mjs";

/** @typedef {Record<string, any>} Fields */

/** @param {import("./account.mjs").Account} account */
export function state(account) {
  const status = (/** @type {Fields} */ { pipeline_id, status_id }) => account.pipelines.find((one) => one.id === pipeline_id)?.statuses.find((/** @type {Fields} */ one) => one.id === status_id)?.name;
  const chats = [...account.chats.values()];
  /** @param {import("./account.mjs").Kind} kind */
  const all = (kind) =>
    [...account.entities[kind].values()].map((record) => {
      const { _links, _embedded, ...plain } = shown(account, kind, record);
      const of = (/** @type {string} */ other) => linked(account, kind, record.id).filter((one) => one.kind === other).map(({ id }) => id);
      return {
        ...plain, tags: record.tags.map((/** @type {Fields} */ tag) => tag.name), hidden: record.hidden, fields: Object.fromEntries((plain.custom_fields_values ?? []).map((one) => [
          one.field_code ?? one.field_name, one.values.map((/** @type {Fields} */ value) => value.value),
        ])),
        ...(kind === "leads" ? { status: status(record), history: record.history, source: record.source, contacts: of("contacts"), companies: of("companies") } : { leads: of("leads") }),
        ...(kind === "contacts" ? { companies: of("companies"), chats: chats.filter((chat) => chat.contact === record.id).map(({ id }) => id) } : {}),
      };
    });
  const without = (/** @type {string[]} */ names) => (/** @type {Fields} */ one) => Object.fromEntries(Object.entries(one).filter(([name]) => !names.includes(name)));
  return {
    account: { id: account.id, subdomain: account.subdomain, host: account.host, former: account.former, amojo_id: account.amojo_id, name: account.name, ...account.modes },
    users: account.users, pipelines: account.pipelines, fields: account.fields, tags: account.tags,
    leads: all("leads"), contacts: all("contacts"), companies: all("companies"), links: account.links,
    notes: [...account.notes.values()], tasks: [...account.tasks.values()], events: account.events, unsorted: [...account.unsorted.values()], talks: [...account.talks.values()], sources: [...account.sources.values()],
    webhooks: account.webhooks.map(without(["bad"])), templates: [...account.templates.values()], files: [...account.files.values()], attached: account.attached,
    chats: chats.map((chat) => ({ ...chat, who: account.people.get(chat.person) })), people: [...account.people.values()],
    scopes: Object.fromEntries(account.scopes), installs: Object.fromEntries(account.installs),
  };
}
