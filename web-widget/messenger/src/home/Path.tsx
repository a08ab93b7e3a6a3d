import { For, Show } from "solid-js";
import { t } from "../i18n.ts";
import { follow } from "../route.ts";
import { Icon } from "../ui/Icon.tsx";
import type { IconName } from "../ui/paths.ts";
import type { Looked } from "./look.ts";

type Place = { icon: IconName; title: string; href: string; stands: number; bad: boolean; text: string };

/** A small map: where something stands still, on the way in, at the people, on the way out. */
export function Path(props: { found: Looked }) {
  const places = (): Place[] => {
    const { counters, quarantine, troubled, webhooks, letters, failed } = props.found;
    const inward = quarantine + troubled.length;
    const outward = webhooks.waiting + letters.length + failed.total;
    return [
      { icon: "channel", title: t("home.path.in"), href: quarantine > 0 ? "/settings/quarantine" : "/settings/channels", stands: inward, bad: inward > 0, text: t(inward > 0 ? "home.path.in.stuck" : "home.path.clear") },
      { icon: "chats", title: t("home.path.people"), href: "/", stands: counters.unanswered, bad: false, text: t(counters.unanswered > 0 ? "home.path.people.wait" : "home.path.clear") },
      { icon: "send", title: t("home.path.out"), href: webhooks.waiting > 0 || letters.length === 0 ? "/settings/webhooks" : "/settings/workspace", stands: outward, bad: webhooks.failing.length > 0 || letters.length > 0 || failed.total > 0, text: t(outward > 0 ? "home.path.out.stuck" : "home.path.clear") },
    ];
  };
  return (
    <ol class="path-of" aria-label={t("home.path")}>
      <For each={places()}>
        {(one, at) => (
          <>
            <Show when={at() > 0}><li class="arrow-of" aria-hidden="true"><Icon name="right" /></li></Show>
            <li classList={{ bad: one.bad }}><a href={one.href} onClick={follow}><span class="disc"><Icon name={one.icon} /></span><span class="two"><b>{one.title}</b><small>{one.text}</small></span><strong>{one.stands}</strong></a></li>
          </>
        )}
      </For>
    </ol>
  );
}
