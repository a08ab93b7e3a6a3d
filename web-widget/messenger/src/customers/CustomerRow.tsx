import { Show } from "solid-js";
import type { CustomerView } from "@kommutator/shared/generated/protocol.ts";
import { brief } from "@kommutator/shared/format.ts";
import { kindText, locale, t } from "../i18n.ts";
import { customerPath, follow } from "../route.ts";
import { now } from "../state/clock.ts";
import { Avatar } from "../ui/Avatar.tsx";

export const nameOf = (one: { name: string }) => one.name || t("list.noName");
/** By what one tells people of the same name apart. */
export const aboutOf = (one: CustomerView) => [one.phones[0]?.value, one.emails[0]?.value, one.company, one.channels.map(kindText).join(", ")].filter(Boolean).join(" · ");

/** A customer in a list; a click leads to their page. */
export function CustomerRow(props: { one: CustomerView; selected: boolean }) {
  return (
    <a class="row" classList={{ selected: props.selected }} href={customerPath(props.one.id)} onClick={follow} aria-current={props.selected ? "true" : undefined} data-id={props.one.id}>
      <Avatar name={props.one.name} seed={props.one.id} picture={props.one.picture_url} />
      <span class="body">
        <span class="line"><span class="name">{nameOf(props.one)}</span><Show when={props.one.active_at}>{(at) => <time datetime={at()}>{brief(locale(), at(), now())}</time>}</Show></span>
        <span class="line"><span class="words">{aboutOf(props.one) || t("customers.nothing")}</span></span>
      </span>
    </a>
  );
}
