import type { Dictionary } from "@kommutator/shared/i18n.ts";
import type { login as ru } from "../ru/login.ts";

export const login: Dictionary<typeof ru> = {
  "login.title": "Sign in",
  "login.lead": "Every customer conversation in one window.",
  "login.email": "E-mail",
  "login.password": "Password",
  "login.submit": "Sign in",
  "login.busy": "Signing in…",
  "login.wrong": "Wrong e-mail or password.",
  "login.fill": "Fill in this field.",
};
