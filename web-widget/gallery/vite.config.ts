/** The developers' gallery: never part of what the server embeds. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("."),
  logLevel: "warn",
  resolve: { alias: { "@kommutator/shared": at("../shared/src") } },
  plugins: [solid()],
  build: { outDir: at("dist"), emptyOutDir: true, rolldownOptions: { input: [at("index.html"), at("widget.html")] } },
});
