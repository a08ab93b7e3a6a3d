/** Which page an address is. Pure, so tests can take every page from here. */

export const SETTINGS = ["profile", "notifications", "workspace", "setup", "channels", "outgoing", "replies", "tags", "people", "tokens", "webhooks", "audit", "quarantine"] as const;
export const DOORS = ["setup", "invite", "forgot", "reset"] as const;

export type SettingsPage = (typeof SETTINGS)[number];
/** The pages before one is let in. What they were given stands behind `#`, where no server and no other site sees it. */
export type Door = (typeof DOORS)[number];
export type Route =
  | { name: "door"; page: Door }
  | { name: "chats"; conversation: string | null; message: string | null }
  | { name: "home" }
  | { name: "customers"; id: string | null }
  | { name: "settings"; page: SettingsPage | null; item: string | null };

/** Every page there is: the proofs go through all of them. */
export const PATHS = {
  door: DOORS.map((page) => `/${page}` as const),
  chats: ["/", "/c/:conversation"],
  home: ["/home"],
  customers: ["/customers", "/customers/:customer"],
  settings: ["/settings", ...SETTINGS.map((page) => `/settings/${page}` as const), "/settings/channels/new", "/settings/channels/:channel", "/settings/outgoing/new", "/settings/outgoing/:connection", "/settings/webhooks/new", "/settings/webhooks/:webhook"],
} as const satisfies Record<Route["name"], readonly string[]>;
export type Path = (typeof PATHS)[keyof typeof PATHS][number];

const isOneOf = <One extends string>(all: readonly One[], text: string | undefined): text is One => (all as readonly (string | undefined)[]).includes(text);

export function parseRoute(path: string, search: string): Route {
  const [, first, second, third] = path.split("/");
  if (second === undefined && isOneOf(DOORS, first)) return { name: "door", page: first };
  if (first === "home" && second === undefined) return { name: "home" };
  if (first === "settings") return { name: "settings", page: isOneOf(SETTINGS, second) ? second : null, item: third || null };
  if (first === "customers") return { name: "customers", id: second ? decodeURIComponent(second) : null };
  const conversation = first === "c" && second ? decodeURIComponent(second) : null;
  return { name: "chats", conversation, message: conversation ? new URLSearchParams(search).get("m") : null };
}
