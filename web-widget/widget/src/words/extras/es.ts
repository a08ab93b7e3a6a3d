import type * as ru from "./ru.ts";

type Same<Part> = { [Key in keyof Part]: string };

export const files: Same<typeof ru.files> = { remove: "Quitar {name}", picture: "Abrir la imagen {name}", pending: "El archivo se está cargando", broken: "No se pudo cargar el archivo", again: "Reintentar", tooLarge: "El archivo supera {size}", tooMany: "Como máximo {n} archivos por mensaje", empty: "El archivo está vacío", uploadFailed: "No se pudo subir", you: "Tú", gone: "Mensaje eliminado", reply: "En respuesta a un mensaje", reactions: "Reacciones" };
export const form: Same<typeof ru.form> = {
  lead: "Preséntate, por favor",
  name: "Nombre",
  phone: "Teléfono",
  email: "Correo electrónico",
  text: "Mensaje",
  optional: "opcional",
  send: "Enviar",
  more: "Más información",
  fill: "Rellena este campo",
  wrongPhone: "Revisa el número",
  wrongEmail: "Revisa la dirección",
  agree: "Necesitamos tu consentimiento",
};
export const rating: Same<typeof ru.rating> = { ask: "¿Qué tal ha ido?", star: "{n} de 5", comment: "¿Qué te ha gustado y qué no?", send: "Enviar", thanks: "Gracias por tu valoración", change: "Cambiar" };
export const lightbox: Same<typeof ru.lightbox> = { close: "Cerrar", next: "Siguiente", previous: "Anterior", open: "Abrir en otra pestaña" };
export const emoji: Same<typeof ru.emoji> = { label: "Emojis" };
export const voice: Same<typeof ru.voice> = { stop: "Parar y adjuntar", cancel: "Cancelar la grabación", denied: "No hay acceso al micrófono", recording: "Grabando", name: "Mensaje de voz" };
export const invite: Same<typeof ru.invite> = { close: "Cerrar la invitación", open: "Abrir el chat" };
export const opening: Same<typeof ru.opening> = { elsewhere: "Escribir por mensajería" };
export const refusal: Same<typeof ru.refusal> = { forbidden: "El chat no está conectado a este sitio.", refused: "El chat no está disponible ahora.", unverified: "El sitio no ha podido confirmar quién eres, por eso el chat no se ha abierto. Solo pueden arreglarlo los dueños del sitio. Lo que escribas se conserva." };
