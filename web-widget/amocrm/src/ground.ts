/** The installation as this browser reaches it, by the widget's settings. */
import { account, files, type Person, setting, user, type Widget } from "./amo.ts";
import { type Gateway, gateway, type Hello, isKey, read } from "./gateway.ts";

export type Ground = { gateway: Gateway; key: string; user: Person; account: string; hello: () => Promise<Hello> };

/** What was told is good for so long: cards are opened one after the other. */
const FRESH_MS = 60_000;
let told: { of: string; at: number; hello: Promise<Hello> } | null = null;

/** Whose settings these are; `null` when address or key are not there or cannot be right. */
export function ground(self: Widget): Ground | null {
  const address = read(setting(self, "address"));
  const key = setting(self, "api_key").toLowerCase();
  if (address === null || !isKey(key)) return null;
  return at(address, key, self);
}

export function at(address: string, key: string, self: Widget): Ground {
  const calls = gateway(address, key);
  const [who, whose, version] = [user(self), account(), files(self).version];
  const hello = () => {
    const of = JSON.stringify([address, key, who, whose]);
    if (told?.of === of && Date.now() - told.at < FRESH_MS) return told.hello;
    const asked = calls.hello(whose, who, version);
    told = { of, at: Date.now(), hello: asked };
    asked.catch(() => {
      if (told?.hello === asked) told = null;
    });
    return asked;
  };
  return { gateway: calls, key, user: who, account: whose, hello };
}
