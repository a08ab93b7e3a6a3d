// Builds everything the server embeds: dist/widget.js, dist/widget/*-<hash>.js, dist/messenger/, dist/amocrm/ and its archive.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import solid from "vite-plugin-solid";
import { buildAmocrm } from "./amocrm/build.mjs";
import { slimPrivates, slimSolid, slimTokens } from "./widget/slim.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const alias = { "@kommutator/shared": at("shared/src") };
const target = ["chrome111", "firefox115", "safari16.4"];
// The sheets are written for these browsers as they are; nothing is to be rewritten for older ones.
const cssTarget = ["chrome123", "firefox121", "safari17.5"];

rmSync(at("dist"), { recursive: true, force: true });

// One classic script each: it needs no CORS and takes the page's nonce, which modules of another origin do not.
const css = ["chat/chat.css", ...readdirSync(at("widget/src/extras")).filter((name) => name.endsWith(".css")).map((name) => `extras/${name}`)].map((name) => readFileSync(at(`widget/src/${name}`), "utf8")).join("\n");
const script = (entry, name, outDir, fileName, { define = {}, words = "ru", solidFrom = {} } = {}) =>
  build({
    configFile: false,
    root: at("widget"),
    logLevel: "warn",
    define,
    resolve: { alias: { ...alias, ...solidFrom, "@kommutator/words": at(`widget/src/words/${words}.ts`), "@kommutator/extra-words": at(`widget/src/words/extras/${words}.ts`) } },
    // Handlers stand on the elements themselves: the page's own listeners on `document` cannot swallow our events.
    plugins: [solidFrom["solid-js"] ? chatsJson : null, slimSolid(), slimPrivates(), slimTokens(css), solid({ solid: { delegateEvents: false, omitNestedClosingTags: true } })],
    build: {
      outDir: at(outDir),
      emptyOutDir: false,
      target,
      cssTarget,
      lib: { entry: at(entry), name, formats: ["iife"] },
      rolldownOptions: {
        output: { entryFileNames: fileName, generatedCode: { symbols: false } },
        // A rare part that wants more of Solid than the chat gives it must not be shipped.
        onLog: (level, log, next) => next(log.code === "MISSING_EXPORT" || log.code === "IMPORT_IS_UNDEFINED" ? "error" : level, log),
      },
    },
  });

const chatsJson = { name: "chats-json", enforce: "pre", resolveId: (id) => (/\/json\.ts$/.test(id) ? at("widget/src/extras/json.ts") : null) };

// A visitor reads one language, so each has its own chunk; the loader knows which. Rare parts are chunks of their own, which the chat knows.
const locales = ["ru", "en", "es"];
const extras = readdirSync(at("widget/src/extras")).filter((name) => name.endsWith(".tsx")).map((name) => name.slice(0, -4));
const from = at("widget/src/extras/solid.ts");
const written = (start) => readdirSync(at("dist/widget")).find((name) => name.startsWith(start));
const chunks = {};
for (const words of locales) {
  for (const name of extras) await script(`widget/src/extras/${name}.tsx`, `Kommutator_${name}`, "dist/widget", `${name}-${words}-[hash].js`, { words, solidFrom: { "solid-js/web": from, "solid-js": from } });
  const EXTRA_FILES = JSON.stringify(Object.fromEntries(extras.map((name) => [name, written(`${name}-${words}-`)])));
  await script("widget/src/chat/main.tsx", "KommutatorChat", "dist/widget", `chat-${words}-[hash].js`, { words, define: { EXTRA_FILES } });
  chunks[words] = written(`chat-${words}-`);
}
await script("widget/src/loader.ts", "KommutatorLoader", "dist", "widget.js", { define: { CHAT_FILES: JSON.stringify(chunks) } });

await build({ configFile: at("messenger/vite.config.ts") });

// The owner's preview: the real widget in a page of the messenger, with a server that only plays.
await script("widget/src/preview.ts", "KommutatorPreview", "dist/messenger/assets", "preview-[hash].js");
const preview = readdirSync(at("dist/messenger/assets")).find((name) => name.startsWith("preview-"));
writeFileSync(at("dist/messenger/preview.html"), `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Preview</title></head><body><script src="/assets/${preview}"></script></body></html>`);

await buildAmocrm(at("dist"));
