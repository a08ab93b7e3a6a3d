import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const shared = fileURLToPath(new URL("./shared/src", import.meta.url));

export default defineConfig({
  resolve: { alias: { "@kommutator/shared": shared } },
  test: { include: ["{shared,widget,messenger,amocrm}/**/*.test.ts"], environment: "node" },
});
