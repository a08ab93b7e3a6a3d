import js from "@eslint/js";
import solid from "eslint-plugin-solid/configs/typescript";
import ts from "typescript-eslint";

const plain = { process: "readonly", console: "readonly", URL: "readonly", Buffer: "readonly", setTimeout: "readonly", clearTimeout: "readonly", setInterval: "readonly", clearInterval: "readonly", structuredClone: "readonly", fetch: "readonly", HTMLHtmlElement: "readonly", localStorage: "readonly", window: "readonly", document: "readonly", performance: "readonly", requestAnimationFrame: "readonly" };

export default ts.config(
  { ignores: ["dist/**", "gallery/dist/**", "node_modules/**", "e2e/shots/**", "shared/src/generated/**"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "no-restricted-globals": ["error", { name: "alert" }, { name: "confirm" }, { name: "prompt" }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": "off",
      // An empty name is no name: `||` is meant there.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
    },
  },
  {
    files: ["widget/**/*.tsx", "messenger/**/*.tsx", "amocrm/**/*.tsx", "gallery/**/*.tsx"],
    ...solid,
    rules: { ...solid.rules, "solid/reactivity": ["error", { customReactiveFunctions: ["run", "pick"] }], "max-lines": ["error", { max: 150, skipBlankLines: true, skipComments: true }] },
  },
  { files: ["**/*.test.ts"], rules: { "max-lines": "off", "@typescript-eslint/no-non-null-assertion": "off" } },
  { files: ["**/*.mjs", "*.js"], languageOptions: { globals: plain } },
  { files: ["messenger/public/sw.js"], languageOptions: { globals: { self: "readonly", URL: "readonly" } } },
);
