/** The pages of the settings, in the order of their menu: the company's, then one's own. */
import type { SettingsPage } from "../routes.ts";
import type { IconName } from "../ui/paths.ts";

type PageOf = { page: SettingsPage; icon: IconName; admin: boolean; own?: true };

export const PAGES: PageOf[] = [
  { page: "setup", icon: "done", admin: true },
  { page: "channels", icon: "channel", admin: true },
  { page: "outgoing", icon: "forward", admin: true },
  { page: "people", icon: "people", admin: true },
  { page: "replies", icon: "canned", admin: false },
  { page: "tags", icon: "tag", admin: false },
  { page: "tokens", icon: "key", admin: true },
  { page: "webhooks", icon: "send", admin: true },
  { page: "quarantine", icon: "quarantine", admin: true },
  { page: "audit", icon: "audit", admin: true },
  { page: "workspace", icon: "home", admin: true },
  { page: "profile", icon: "user", admin: false, own: true },
  { page: "notifications", icon: "sound", admin: false, own: true },
];

export const pagesFor = (admin: boolean): PageOf[] => PAGES.filter((one) => !one.admin || admin);
