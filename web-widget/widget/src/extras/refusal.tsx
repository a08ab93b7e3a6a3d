/** Why the server turned the visitor away, in words. */
import { refusal as words } from "@kommutator/extra-words";

export const make = () => (close: number, code: string) => words[code === "identity_not_verified" ? "unverified" : close === 4403 ? "forbidden" : "refused"];
