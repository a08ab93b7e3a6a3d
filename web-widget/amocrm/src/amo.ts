/** What amoCRM gives a widget, by its papers; only what we use. Of some nobody says whether it is there, so all of it may be missing. */
import { type Locale, pickLocale } from "@kommutator/shared/i18n.ts";

export type Selected = { id: number | string; type?: string };
export type Template = { caption: { class_name: string; html?: string }; body: string; render: string };
/** `this` of a widget: amoCRM puts its own methods beneath. */
export type Widget = {
  callbacks?: object;
  get_settings?: () => Readonly<Record<string, unknown>> | null;
  system?: () => { area?: string; amouser_id?: string | number; subdomain?: string } | null;
  render_template?: (template: Template) => void;
  list_selected?: () => { selected?: Selected[] } | null;
};
export type Note = { header: string; text: string; date: number; link?: string };
type Card = { id?: number | string };
type App = {
  lang_id?: string;
  constant?: (key: string) => unknown;
  data?: { current_card?: Card | null };
  notifications?: { add_error?: (note: Note) => void; show_message?: (note: Note) => void };
};
declare global {
  interface Window {
    APP?: App;
    AMOCRM?: App;
  }
}

/** The old name still stands in some accounts. */
const app = (): App => window.APP ?? window.AMOCRM ?? {};
const fields = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});
const constant = (key: string) => fields(app().constant?.(key));
export const word = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value).trim() : "");

export type Person = { id: string; name: string };
export const account = (): string => word(constant("account").id);
export const user = (self: Widget): Person => ({ id: word(constant("user").id) || word(self.system?.()?.amouser_id), name: word(constant("user").name) });

/** By what the person chose, else by the account. */
export const language = (): Locale => pickLocale(word(app().lang_id) || word(constant("user").lang) || word(constant("account").language), "en");

export type Place = { kind: "deal" | "contact"; id: string } | null;
const AREAS: Readonly<Record<string, "deal" | "contact">> = { lcard: "deal", ccard: "contact" };

/** The card the widget stands in; without an id it is not saved yet. */
export function card(self: Widget): Place {
  const kind = AREAS[word(self.system?.()?.area)];
  const id = word(app().data?.current_card?.id) || word(app().constant?.("card_id"));
  return kind ? { kind, id: id === "0" ? "" : id } : null;
}

export const setting = (self: Widget, name: string): string => word(self.get_settings?.()?.[name]);

/** Where the archive's files lie, as amoCRM tells it. */
export const files = (self: Widget): { path: string; version: string } => ({ path: setting(self, "path"), version: setting(self, "version") });

/** Whether amoCRM shows the words in a notice as they are or as HTML is not said: no sign of HTML goes in. */
export const plain = (text: string): string => text.replaceAll("&", "＆").replaceAll("<", "‹").replaceAll(">", "›").replaceAll('"', "”").replaceAll("'", "’");

/** Into the notification centre (kind «Ошибки и информация»); where that is missing, on the screen. */
export function notify(note: Note): void {
  const centre = app().notifications;
  const safe = { ...note, header: plain(note.header), text: plain(note.text) };
  if (centre?.add_error) centre.add_error(safe);
  else centre?.show_message?.(safe);
}
