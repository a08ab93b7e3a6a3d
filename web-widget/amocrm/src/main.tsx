/** The widget as amoCRM calls it: its `callbacks`, as one goes about. */
import { createSignal } from "solid-js";
import { render } from "solid-js/web";
import { card, files, type Selected, setting, type Widget, word } from "./amo.ts";
import { Card } from "./Card.tsx";
import { Check, wrong } from "./Check.tsx";
import { openDialog } from "./Dialog.tsx";
import { type Ground, ground } from "./ground.ts";
import { t } from "./i18n.ts";
import { Mailing } from "./Mailing.tsx";
import { follow, leave } from "./notices.ts";
import { Alert } from "./parts.tsx";
import { dark, watch } from "./theme.ts";
import { UserKey } from "./UserKey.tsx";

const KEY_HASH = "#kommutator-key";
const PLACE = "kommutator-place";

/** The sheet of the archive, once. */
function dress(self: Widget): void {
  const { path, version } = files(self);
  if (!path || document.querySelector("link[data-kommutator]")) return;
  const sheet = document.createElement("link");
  Object.assign(sheet, { rel: "stylesheet", href: `${path}/style.css?v=${encodeURIComponent(version)}` });
  sheet.dataset.kommutator = "";
  document.head.append(sheet);
}

/** A dialog that needs the installation; without one it says what is missing. */
function dialog(self: Widget, title: string, of: (ground: Ground) => ReturnType<typeof UserKey>): void {
  openDialog(title, () => {
    const known = ground(self);
    return known ? of(known) : <Alert text={t("card.setUp")} />;
  });
}

function userKey(self: Widget): void {
  if (location.hash !== KEY_HASH) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  dialog(self, t("key.title"), (known) => <UserKey ground={known} />);
}

function mailing(self: Widget, kind: "contacts" | "deals"): void {
  const wanted = (one: Selected) => kind === "deals" || (one.type ?? "contact") === "contact";
  const ids = (self.list_selected?.()?.selected ?? []).filter(wanted).map((one) => word(one.id)).filter(Boolean);
  dialog(self, t("mail.title"), (known) => <Mailing ground={known} kind={kind} ids={ids} />);
}

/** The jQuery of amoCRM, or an element. */
const element = (given: unknown): Element | null => {
  const first = given instanceof Element ? given : (given as { 0?: unknown } | null | undefined)?.[0];
  return first instanceof Element ? first : null;
};

/** The block of a card, or why there is nothing to be done. */
function block(self: Widget) {
  const place = card(self);
  const known = ground(self);
  if (known && place?.id) return <Card ground={known} place={place} />;
  return <div class="kommutator kommutator-block" classList={{ dark: dark() }}><p class="k-calm">{t(known ? "card.new" : "card.setUp")}</p></div>;
}

function begin(self: Widget): void {
  const ends: (() => void)[] = [];
  const [refused, refuse] = createSignal(0);
  const hash = () => userKey(self);
  const mount = (host: Element, of: () => ReturnType<typeof block>) => {
    if (host.childElementCount > 0) return;
    watch(host);
    ends.push(render(of, host));
  };
  const end = () => ends.splice(0).forEach((one) => one());
  self.callbacks = {
    render: () => {
      if (card(self)) self.render_template?.({ caption: { class_name: "kommutator-caption", html: "" }, body: "", render: `<div class="${PLACE}"></div>` });
      return true;
    },
    init: () => {
      dress(self);
      const known = ground(self);
      if (known) void follow(known);
      return true;
    },
    bind_actions: () => {
      end();
      const host = document.querySelector(`.${PLACE}`);
      if (host && card(self)) mount(host, () => block(self));
      addEventListener("hashchange", hash);
      ends.push(() => removeEventListener("hashchange", hash));
      userKey(self);
      return true;
    },
    settings: (body: unknown) => {
      dress(self);
      const around = element(body) ?? document.querySelector(".widget-settings__desc-space, .widget_settings_block") ?? document.body;
      const typed = (name: string) => around.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.value ?? setting(self, name);
      if (around.querySelector(".kommutator-check")) return true;
      const fields = around.querySelector('input[name="api_key"]')?.closest(".widget_settings_block__fields") ?? around;
      const host = fields.appendChild(document.createElement("div"));
      mount(host, () => <Check self={self} typed={() => ({ address: typed("address"), key: typed("api_key") })} refused={refused} />);
      return true;
    },
    onSave: (said?: { active?: string; fields?: Record<string, unknown> }) => {
      const { address, api_key } = said?.fields ?? {};
      if (said?.active === "N" || address === undefined || api_key === undefined) return true;
      // What cannot be right is not kept; the check beside the fields says what.
      const well = wrong(word(address), word(api_key)) === "";
      if (!well) refuse((count) => count + 1);
      return well;
    },
    destroy: () => {
      end();
      leave();
      return true;
    },
    contacts: { selected: () => mailing(self, "contacts") },
    leads: { selected: () => mailing(self, "deals") },
  };
}

/** amoCRM calls it with `new` or on an object of its own, with its methods beneath. */
export default function CustomWidget(this: Widget): void {
  begin(this);
}
