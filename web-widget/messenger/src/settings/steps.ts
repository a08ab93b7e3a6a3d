import { api } from "../api.ts";
import { EVERYTHING } from "../state/query.ts";

/** How far it is, is read from what there is: so it can be left and gone on with at any time. */
export async function look() {
  const views = (["all", "closed", "snoozed"] as const).map((view) => api.conversations({ ...EVERYTHING, view }, {}));
  const [channels, users, invites, ...lists] = await Promise.all([api.channels(), api.users(), api.invites(), ...views]);
  const widget = channels.items.find((one) => one.widget);
  const first = lists.flatMap((list) => list.items)[0] ?? null;
  const invited = users.items.length > 1 || invites.items.some((one) => one.state === "open");
  return { widget, first, invited };
}
