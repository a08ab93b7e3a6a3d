// @ts-check
/** The page: places to go, `APP`, modules by `define`, and a widget's life in it, as the papers of the web SDK tell it. */

/** @typedef {Record<string, any>} Fields */

const root = /** @type {any} */ (window).fakeRoot;
/** @param {string} path @param {RequestInit} [how] */
const ask = async (path, how) => {
  const answer = await fetch(path, how);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? null : answer.json();
};

/** @param {string} tag @param {Fields} [more] @param {(Node | string)[]} [inside] */
function make(tag, more = {}, inside = []) {
  const { dataset, ...rest } = more;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, dataset);
  made.append(...inside);
  return made;
}

let known = await ask("/ui/boot");
document.documentElement.classList.toggle("dark-theme", known.theme === "dark");
document.body.append(
  make("nav", { ariaLabel: "amoCRM" }, [["Рабочий стол", "/"], ["Сделки", "/leads/list/"], ["Контакты", "/contacts/list/"], ["amoМаркет", "/settings/widgets/"]].map(([text, to]) => make("a", { href: root + to, textContent: text }))),
  make("aside", { ariaLabel: "Центр уведомлений", className: "notices" }, [make("ul")]),
  make("main", { id: "page" }),
);
const main = /** @type {HTMLElement} */ (document.querySelector("#page"));

// A notice is put in as HTML: whoever brings words of strangers must have made them harmless.
const notice = (/** @type {Fields} */ { header, text, link, date }) => {
  const place = make("li", { className: "notice" });
  place.innerHTML = `<b>${header}</b><p>${text}</p>${link ? `<a href="${root}${link}">Открыть</a>` : ""}<time>${date ?? ""}</time>`;
  document.querySelector(".notices ul")?.prepend(place);
};
const constants = /** @type {Fields} */ ({ account: known.account, user: known.user });
const APP = {
  lang_id: known.user.lang,
  data: /** @type {Fields} */ ({ current_card: null }),
  constant: (/** @type {string} */ key) => constants[key] ?? false,
  getWidgetsArea: () => area.page,
  isCard: () => Boolean(APP.data.current_card),
  getBaseEntity: () => area.entity,
  notifications: { add_error: notice, add_call: notice, show_message: notice, show_message_error: notice },
};
const area = { page: "dashboard", entity: "", code: "everywhere" };

/** A module of `script.js`; of amoCRM's own modules none may be asked for. @param {string} src @returns {Promise<any>} */
const load = (src) =>
  new Promise((done, fail) => {
    /** @type {any} */
    let made;
    const define = (/** @type {string[] | string} */ names, /** @type {() => unknown} */ factory) => {
      // A module with a name of its own is somebody else's.
      if (typeof names === "string") return;
      if (names.length) throw new Error(`there is no ${names.join()}`);
      made = factory();
    };
    Object.assign(window, { define: Object.assign(define, { amd: {} }), require: define });
    document.head.append(make("script", { src, onload: () => (made ? done(made) : fail(new Error("it defines nothing"))), onerror: () => fail(new Error("no script")) }));
  });

/** What amoCRM puts beneath a widget. */
const beneath = {
  get_settings: () => ({ ...known.widget.fields, widget_code: known.widget.code, path: `${root}/upl/${known.widget.code}/widget`, version: known.widget.manifest.widget.version, active: known.widget.on ? "Y" : "N" }),
  get_version: () => known.widget.manifest.widget.version,
  system: () => ({ area: area.code, amouser_id: known.user.id, amouser: known.user.name, subdomain: known.account.subdomain, domain: known.host, server: "" }),
  list_selected: () => ({ selected: [...document.querySelectorAll("input.pick:checked")].map((one) => ({ id: Number(/** @type {HTMLInputElement} */ (one).value), type: "contact", phones: [], emails: [] })) }),
  render_template: (/** @type {Fields} */ { caption, body, render }) => {
    const own = make("section", { className: `widget ${caption.class_name}`, ariaLabel: known.widget.langs.widget.name });
    own.innerHTML = `<h2><img alt="" src="${root}/upl/${known.widget.code}/widget/images/logo_min.png">${known.widget.langs.widget.name}${caption.html ?? ""}</h2>${body}${render}`;
    document.querySelector(".widgets")?.append(own);
  },
  i18n: (/** @type {string} */ key) => known.widget.langs[key],
};

/** @type {any} */
let widget;
async function begin() {
  if (!known.widget?.on || widget) return;
  const Made = await load(`${root}/upl/${known.widget.code}/widget/script.js?v=${known.widget.manifest.widget.version}`);
  Object.setPrototypeOf(Made.prototype, { ...beneath, langs: known.widget.langs, params: known.widget.fields });
  widget = new Made();
}

/** Where one is now: what stood here is over, then `render`, `init` and `bind_actions`. */
async function live() {
  await begin();
  const locations = known.widget?.manifest.locations ?? [];
  if (!widget || !(locations.includes("everywhere") || locations.some((/** @type {string} */ one) => one.split("-")[0] === area.code))) return;
  if (!widget.callbacks.render()) return;
  if (widget.callbacks.init()) widget.callbacks.bind_actions();
}

const values = (/** @type {Fields} */ one) => (one.custom_fields_values ?? []).map((/** @type {Fields} */ field) => make("p", { textContent: `${field.field_name}: ${field.values.map((/** @type {Fields} */ each) => each.value).join(", ")}` }));

/** @param {string} kind @param {string} id */
async function card(kind, id) {
  const one = await ask(`/api/v4/${kind}/${id}?with=contacts`);
  const deal = kind === "leads";
  Object.assign(area, { code: deal ? "lcard" : "ccard", page: `${kind}_card`, entity: kind });
  APP.data.current_card = { id: Number(id) };
  constants.card_id = Number(id);
  const people = deal ? await Promise.all((one._embedded.contacts ?? []).map((/** @type {Fields} */ each) => ask(`/api/v4/contacts/${each.id}`))) : [];
  const talks = await ask(`/ui/chats?${deal ? "lead" : "contact"}=${id}`);
  const left = make("section", { className: "left", ariaLabel: "Карточка" }, [make("h1", { textContent: one.name }), ...values(one), ...people.flatMap((each) => [make("h3", { textContent: each.name }), ...values(each)])]);
  const feed = make("section", { className: "feed", ariaLabel: "Лента" }, [make("p", { textContent: "Чат с клиентом" }), make("ul", {}, talks.map((/** @type {Fields} */ chat) => make("li", { className: "chat", textContent: `Беседа №${chat.number}: ${chat.name}` })))]);
  main.replaceChildren(make("div", { className: "card" }, [left, feed, make("div", { className: "widgets" })]));
}

/** @param {string} kind */
function list(kind) {
  Object.assign(area, { code: kind === "leads" ? "llist" : "clist", page: kind, entity: kind });
  const rows = known[kind].map((/** @type {Fields} */ one) => make("li", {}, [make("input", { type: "checkbox", className: "pick", value: one.id, ariaLabel: one.name }), make("a", { href: `${root}/${kind}/detail/${one.id}`, textContent: one.name })]));
  const name = known.widget?.langs.widget.name;
  const act = make("button", { type: "button", textContent: name ? `${name}: написать` : "", hidden: !known.widget?.on, onclick: () => widget.callbacks[kind].selected() });
  main.replaceChildren(make("h1", { textContent: kind === "leads" ? "Сделки" : "Контакты" }), act, make("ul", { className: "rows" }, rows));
}

/** Putting a widget in, its settings, taking it off. */
function market() {
  Object.assign(area, { code: "settings", page: "widgetsSettings", entity: "" });
  const said = make("p", { role: "alert" });
  const again = async () => {
    known = await ask("/ui/boot");
    market();
    await live();
  };
  const file = make("input", { type: "file", accept: ".zip" });
  file.onchange = async () => {
    try {
      await ask("/ui/archive", { method: "POST", body: /** @type {HTMLInputElement} */ (file).files?.[0] ?? "" });
      await again();
    } catch (error) {
      said.textContent = String(error);
    }
  };
  const { widget: put } = known;
  const tile = put && make("section", { className: "tile", ariaLabel: put.langs.widget.name }, [make("h2", { textContent: put.langs.widget.name }), make("p", { textContent: put.langs.widget.description }), make("p", { className: "state", textContent: put.on ? "Установлен" : "Не установлен" }), make("button", { type: "button", textContent: put.on ? "Настроить" : "Установить", onclick: () => void settings(again) })]);
  main.replaceChildren(make("h1", { textContent: "amoМаркет" }), make("label", { className: "upload" }, ["Загрузить виджет ", file]), said, ...(tile ? [tile] : []));
}

/** @param {() => Promise<void>} again */
async function settings(again) {
  const put = known.widget;
  const inputs = Object.entries(put.manifest.settings).map(([name, one]) => make("label", { className: "widget_settings_block__item_field" }, [one.name.split(".").reduce((/** @type {any} */ place, /** @type {string} */ part) => place[part], put.langs), make("input", { name, type: one.type === "pass" ? "password" : "text", value: put.fields[name] ?? "", required: one.required })]));
  const body = make("div", { className: "widget_settings_block" }, [make("div", { className: "widget_settings_block__fields" }, inputs)]);
  const box = /** @type {HTMLDialogElement} */ (make("dialog", { className: "modal", ariaLabel: put.langs.widget.name }, [make("h2", { textContent: put.langs.widget.name }), body]));
  const save = async () => {
    const fields = Object.fromEntries(inputs.map((one) => { const input = /** @type {HTMLInputElement} */ (one.querySelector("input")); return [input.name, input.value]; }));
    if (!widget.callbacks.onSave({ active: "Y", fields })) return;
    box.close();
    await ask("/ui/save", { method: "POST", body: JSON.stringify(fields) });
    await again();
  };
  const remove = async () => {
    widget?.callbacks.onSave({ active: "N", fields: put.fields });
    widget?.callbacks.destroy();
    widget = undefined;
    box.close();
    await ask("/ui/remove", { method: "POST" });
    await again();
  };
  box.append(make("menu", {}, [make("button", { type: "button", textContent: "Сохранить", onclick: () => void save() }), make("button", { type: "button", textContent: "Отключить", hidden: !put.on, onclick: () => void remove() }), make("button", { type: "button", textContent: "Закрыть", onclick: () => box.close() })]));
  box.onclose = () => box.remove();
  main.append(box);
  box.showModal();
  if (!put.on) {
    // Its script runs here already while it is not switched on yet.
    put.on = true;
    await begin();
    put.on = false;
  }
  // As jQuery has it: a list with the element in it.
  widget.callbacks.settings([body]);
}

/** @param {string} path */
async function go(path) {
  widget?.callbacks.destroy();
  APP.data.current_card = null;
  delete constants.card_id;
  const [, kind = "", what, id = ""] = path.split("/");
  known = await ask("/ui/boot");
  if (what === "detail") await card(kind, id);
  else if (what === "list") list(kind);
  else if (kind === "settings") market();
  else {
    Object.assign(area, { code: "dashboard", page: "dashboard", entity: "" });
    main.replaceChildren(make("h1", { textContent: "Рабочий стол" }), make("p", { textContent: `${known.user.name}, ${known.account.name}` }));
  }
  await live();
  main.dataset.ready = path;
}

document.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("a");
  if (!link?.href.startsWith(location.origin + root)) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  void go(location.pathname.slice(root.length));
});
addEventListener("popstate", () => void go(location.pathname.slice(root.length)));
Object.assign(window, { APP, AMOCRM: APP });
await go(location.pathname.slice(root.length));
