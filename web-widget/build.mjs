// Builds everything the server embeds: dist/widget.js, dist/widget/chat-<hash>.js, dist/messenger/.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import solid from "vite-plugin-solid";
import { slimPrivates, slimSolid, slimTokens } from "./widget/slim.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const alias = { "@kommutator/shared": at("shared/src") };
const target = ["chrome111", "firefox115", "safari16.4"];
// The sheets are written for these browsers as they are; nothing is to be rewritten for older ones.
const cssTarget = ["chrome123", "firefox121", "safari17.5"];

rmSync(at("dist"), { recursive: true, force: true });

// One classic script each: it needs no CORS and takes the page's nonce, which modules of another origin do not.
const script = (entry, name, outDir, fileName, { define = {}, words = "ru" }) =>
  build({
    configFile: false,
    root: at("widget"),
    logLevel: "warn",
    define,
    resolve: { alias: { ...alias, "@kommutator/words": at(`widget/src/words/${words}.ts`) } },
    // Handlers stand on the elements themselves: the page's own listeners on `document` cannot swallow our events.
    plugins: [slimSolid(), slimPrivates(), slimTokens(readFileSync(at("widget/src/chat/chat.css"), "utf8")), solid({ solid: { delegateEvents: false, omitNestedClosingTags: true } })],
    build: {
      outDir: at(outDir),
      emptyOutDir: false,
      target,
      cssTarget,
      lib: { entry: at(entry), name, formats: ["iife"] },
      rolldownOptions: { output: { entryFileNames: fileName, generatedCode: { symbols: false } } },
    },
  });

// A visitor reads one language, so each has its own chunk; the loader knows which.
const locales = ["ru", "en", "es"];
for (const words of locales) await script("widget/src/chat/main.tsx", "KommutatorChat", "dist/widget", `chat-${words}-[hash].js`, { words });
const written = readdirSync(at("dist/widget"));
const chunks = Object.fromEntries(locales.map((locale) => [locale, written.find((name) => name.startsWith(`chat-${locale}-`))]));
await script("widget/src/loader.ts", "KommutatorLoader", "dist", "widget.js", { define: { CHAT_FILES: JSON.stringify(chunks) } });

await build({ configFile: at("messenger/vite.config.ts") });
