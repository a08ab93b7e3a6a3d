import type { Locale } from "@kommutator/shared/i18n.ts";

/** The few words the loader needs before the chat is there. */
export const launcherWords: Record<Locale, { open: string; unread: string }> = {
  ru: { open: "Открыть чат", unread: "Открыть чат, новых сообщений: {n}" },
  en: { open: "Open the chat", unread: "Open the chat, new messages: {n}" },
  es: { open: "Abrir el chat", unread: "Abrir el chat, mensajes nuevos: {n}" },
};
