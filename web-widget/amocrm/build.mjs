// The amoCRM widget: dist/amocrm/ as it lies in the archive, and dist/amocrm-widget.zip, the same bytes for the same sources.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { build } from "vite";
import solid from "vite-plugin-solid";
import { LOGOS, logo } from "./logo.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
/** No build has another date. A zip knows no zone: local time is what it writes. */
const DATE = new Date(2026, 0, 1);

/** The words of reasons, each on a line of its own in the messenger's dictionaries. */
export const reasons = () => ({
  name: "reasons",
  resolveId: (id) => (id === "virtual:reasons" ? `\0${id}` : null),
  load(id) {
    if (id !== "\0virtual:reasons") return null;
    const words = Object.fromEntries(["ru", "en", "es"].map((locale) => {
      const folder = at(`../messenger/src/words/${locale}`);
      const text = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
      const found = [...text.matchAll(/^ {2}"reason\.(\w+)": ("(?:[^"\\]|\\.)*"),$/gm)].map(([, code, words]) => [code, JSON.parse(words)]);
      if (found.length !== [...text.matchAll(/^ {2}"reason\./gm)].length) throw new Error(`${locale}: a reason is not on a line of its own`);
      return [locale, Object.fromEntries(found)];
    }));
    return `export const reasons = ${JSON.stringify(words)};`;
  },
});

const script = async () => {
  const { output } = (await build({
    configFile: false,
    root: at("."),
    logLevel: "warn",
    resolve: { alias: { "@kommutator/shared": at("../shared/src") } },
    plugins: [reasons(), solid({ solid: { delegateEvents: false, omitNestedClosingTags: true } })],
    build: { write: false, target: ["chrome111", "firefox115", "safari16.4"], lib: { entry: at("src/main.tsx"), name: "CustomWidget", formats: ["iife"] } },
  }))[0];
  // amoCRM loads it by `require`: it is a module that asks for nothing.
  return `define([], function () {\n${output[0].code}\nreturn CustomWidget;\n});\n`;
};

export async function buildAmocrm(dist) {
  const files = {
    "manifest.json": readFileSync(at("manifest.json")),
    "script.js": Buffer.from(await script()),
    "style.css": readFileSync(at("style.css")),
    ...Object.fromEntries(["ru", "en", "es"].map((locale) => [`i18n/${locale}.json`, readFileSync(at(`i18n/${locale}.json`))])),
    ...Object.fromEntries(Object.entries(LOGOS).map(([name, [width, height]]) => [`images/${name}`, logo(width, height)])),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(dist, "amocrm", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  writeFileSync(join(dist, "amocrm-widget.zip"), zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, new Uint8Array(bytes)])), { level: 9, mtime: DATE }));
}
