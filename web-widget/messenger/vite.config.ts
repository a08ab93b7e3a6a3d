import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("."),
  logLevel: "warn",
  resolve: { alias: { "@kommutator/shared": at("../shared/src") } },
  plugins: [solid()],
  build: {
    outDir: at("../dist/messenger"),
    emptyOutDir: true,
    target: ["chrome111", "firefox115", "safari16.4"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    modulePreload: { polyfill: false },
    // Everything is a file of its own: the server's content security policy forbids inline scripts and data: styles.
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/files": "http://127.0.0.1:8080", "/ws": { target: "ws://127.0.0.1:8080", ws: true } } },
});
