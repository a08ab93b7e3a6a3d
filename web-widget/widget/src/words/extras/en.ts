import type * as ru from "./ru.ts";

type Same<Part> = { [Key in keyof Part]: string };

export const files: Same<typeof ru.files> = { remove: "Remove {name}", picture: "Open the picture {name}", pending: "The file is loading", broken: "The file could not be loaded", again: "Try again", tooLarge: "The file is larger than {size}", tooMany: "At most {n} files in a message", empty: "The file is empty", uploadFailed: "Upload failed", you: "You", gone: "Message deleted", reply: "In reply to a message", reactions: "Reactions" };
export const form: Same<typeof ru.form> = {
  lead: "Please introduce yourself",
  name: "Name",
  phone: "Phone",
  email: "E-mail",
  text: "Message",
  optional: "optional",
  send: "Send",
  more: "Details",
  fill: "Fill in this field",
  wrongPhone: "Check the number",
  wrongEmail: "Check the address",
  agree: "Your consent is needed",
};
export const rating: Same<typeof ru.rating> = { ask: "How did it go?", star: "{n} out of 5", comment: "What was good, what was not?", send: "Send", thanks: "Thank you for your rating", change: "Change" };
export const lightbox: Same<typeof ru.lightbox> = { close: "Close", next: "Next", previous: "Previous", open: "Open in a new tab" };
export const emoji: Same<typeof ru.emoji> = { label: "Emoji" };
export const voice: Same<typeof ru.voice> = { stop: "Stop and attach", cancel: "Cancel the recording", denied: "The microphone is not available", recording: "Recording", name: "Voice message" };
export const invite: Same<typeof ru.invite> = { close: "Close the invitation", open: "Open the chat" };
export const opening: Same<typeof ru.opening> = { elsewhere: "Write in a messenger" };
export const refusal: Same<typeof ru.refusal> = { forbidden: "The chat is not connected to this site.", refused: "The chat is not available right now.", unverified: "This site could not confirm who you are, so the chat did not open. Only the site’s owners can fix this. What you write is kept." };
