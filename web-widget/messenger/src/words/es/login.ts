import type { Dictionary } from "@kommutator/shared/i18n.ts";
import type { login as ru } from "../ru/login.ts";

export const login: Dictionary<typeof ru> = {
  "login.title": "Entrar",
  "login.lead": "Todas las conversaciones con clientes en una ventana.",
  "login.email": "Correo electrónico",
  "login.password": "Contraseña",
  "login.submit": "Entrar",
  "login.busy": "Entrando…",
  "login.wrong": "Correo o contraseña incorrectos.",
  "login.fill": "Rellena este campo.",
};
