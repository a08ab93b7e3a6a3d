// @ts-check
/** What amoCRM asks of a widget's archive, by its papers: a manifest, a script, words for each language it names, logos of given sizes. */

/** @typedef {Record<string, any>} Fields */

const LOGOS = /** @type {Record<string, [number, number]>} */ ({ "logo_main.png": [400, 272], "logo_medium.png": [240, 84], "logo_small.png": [108, 108], "logo_min.png": [84, 84], "logo.png": [130, 100] });
const LOGO_MOST = 300 * 1024;
const AREAS = /^(lcard|ccard|cucard|comcard|llist|clist|culist|tlist)-[01]$|^(settings|advanced_settings|card_sdk|catalogs|digital_pipeline|lead_sources|whatsapp_modal|everywhere|sms|mobile_card|salesbot_designer|website_chat_button)$/;
const SETTINGS = ["text", "pass", "users", "users_lp", "custom"];

/** @param {Map<string, Buffer>} files @param {string} name @returns {Fields} */
function json(files, name) {
  const bytes = files.get(name);
  if (!bytes) throw new Error(`${name} is missing`);
  return JSON.parse(bytes.toString("utf8"));
}

/** @param {Fields} words @param {string} path */
const word = (words, path) => path.split(".").reduce((/** @type {any} */ place, part) => place?.[part], words);

/** What it says of itself; throws with what is wrong. @param {Map<string, Buffer>} files */
export function examined(files) {
  const manifest = json(files, "manifest.json");
  const { widget, locations, settings } = manifest;
  if (widget?.interface_version !== 2) throw new Error("interface_version must be 2");
  if (typeof widget.version !== "string" || typeof widget.init_once !== "boolean") throw new Error("version or init_once is missing");
  for (const area of locations) if (!AREAS.test(area)) throw new Error(`no such location: ${area}`);
  if (!files.get("script.js")?.toString("utf8").trimStart().startsWith("define(")) throw new Error("script.js must be a module");
  /** @type {Record<string, Fields>} */
  const words = {};
  for (const locale of widget.locale) {
    words[locale] = json(files, `i18n/${locale}.json`);
    const named = [widget.name, widget.description, widget.short_description, ...Object.values(settings).map((/** @type {Fields} */ one) => one.name)];
    for (const path of named) if (!word(words[locale] ?? {}, path)) throw new Error(`i18n/${locale}.json has no ${path}`);
  }
  for (const [name, one] of Object.entries(settings)) if (!SETTINGS.includes(one.type) || typeof one.required !== "boolean") throw new Error(`setting ${name}: no such type`);
  for (const [name, [width, height]] of Object.entries(LOGOS)) {
    const bytes = files.get(`images/${name}`);
    if (!bytes || bytes.length > LOGO_MOST) throw new Error(`images/${name} is missing or too large`);
    if (bytes.readUInt32BE(16) !== width || bytes.readUInt32BE(20) !== height) throw new Error(`images/${name} must be ${width}×${height}`);
  }
  return { manifest, words };
}
