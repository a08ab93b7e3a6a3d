/** What the build takes out of the messenger's words: those of reasons, by code. */
declare module "virtual:reasons" {
  export const reasons: Readonly<Record<"ru" | "en" | "es", Readonly<Record<string, string>>>>;
}
