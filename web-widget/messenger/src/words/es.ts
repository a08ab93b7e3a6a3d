import { chats } from "./es/chats.ts";
import { customers } from "./es/customers.ts";
import { common } from "./es/common.ts";
import { login } from "./es/login.ts";
import { notices } from "./es/notices.ts";
import { outgoing } from "./es/outgoing.ts";
import { overview } from "./es/overview.ts";
import { owner } from "./es/owner.ts";
import { settings } from "./es/settings.ts";
import { thread } from "./es/thread.ts";

export const es = { ...common, ...login, ...chats, ...settings, ...owner, ...overview, ...thread, ...customers, ...notices, ...outgoing };
