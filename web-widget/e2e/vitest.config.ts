import { defineConfig } from "vitest/config";

// One browser, one server, one story: nothing here runs beside anything else.
export default defineConfig({ test: { include: ["e2e/**/*.test.ts"], environment: "node", testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } });
