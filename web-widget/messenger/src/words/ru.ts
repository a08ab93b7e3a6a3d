/** All the words of the messenger. The other languages have the same keys; a plural has every form its language needs. */
import { chats } from "./ru/chats.ts";
import { customers } from "./ru/customers.ts";
import { common } from "./ru/common.ts";
import { login } from "./ru/login.ts";
import { notices } from "./ru/notices.ts";
import { outgoing } from "./ru/outgoing.ts";
import { overview } from "./ru/overview.ts";
import { owner } from "./ru/owner.ts";
import { settings } from "./ru/settings.ts";
import { thread } from "./ru/thread.ts";

export const ru = { ...common, ...login, ...chats, ...settings, ...owner, ...overview, ...thread, ...customers, ...notices, ...outgoing };
