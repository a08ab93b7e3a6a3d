import { chats } from "./en/chats.ts";
import { customers } from "./en/customers.ts";
import { common } from "./en/common.ts";
import { login } from "./en/login.ts";
import { notices } from "./en/notices.ts";
import { outgoing } from "./en/outgoing.ts";
import { overview } from "./en/overview.ts";
import { owner } from "./en/owner.ts";
import { settings } from "./en/settings.ts";
import { thread } from "./en/thread.ts";

export const en = { ...common, ...login, ...chats, ...settings, ...owner, ...overview, ...thread, ...customers, ...notices, ...outgoing };
