/** The pages of the settings, in the order of their menu. */
import type { SettingsPage } from "../route.ts";
import type { IconName } from "../ui/paths.ts";

type PageOf = { page: SettingsPage; icon: IconName; admin: boolean };

export const PAGES: PageOf[] = [
  { page: "profile", icon: "user", admin: false },
  { page: "notifications", icon: "sound", admin: false },
  { page: "workspace", icon: "home", admin: true },
  { page: "setup", icon: "done", admin: true },
  { page: "channels", icon: "channel", admin: true },
  { page: "replies", icon: "canned", admin: false },
  { page: "tags", icon: "tag", admin: false },
  { page: "people", icon: "people", admin: true },
  { page: "tokens", icon: "key", admin: true },
  { page: "audit", icon: "audit", admin: true },
  { page: "quarantine", icon: "quarantine", admin: true },
];

export const pagesFor = (admin: boolean): PageOf[] => PAGES.filter((one) => !one.admin || admin);
