import { type JSX, Show } from "solid-js";
import { t } from "../i18n.ts";
import { follow } from "../route.ts";
import { Icon } from "../ui/Icon.tsx";
import type { IconName } from "../ui/paths.ts";

export function Card(props: { title: string; href?: string; children: JSX.Element }) {
  return (
    <section class="card-of">
      <header><h3>{props.title}</h3><Show when={props.href}>{(href) => <a href={href()} onClick={follow}>{t("home.all")}</a>}</Show></header>
      {props.children}
    </section>
  );
}

export const Quiet = (props: { text: string }) => <p class="quiet"><Icon name="check" small />{props.text}</p>;

export function Line(props: { icon: IconName; href: string; title: JSX.Element; about?: string; bad?: boolean; children?: JSX.Element }) {
  return (
    <li><a class="line-of" classList={{ bad: !!props.bad }} href={props.href} onClick={follow}>
      <Icon name={props.icon} small /><span class="two"><b>{props.title}</b><Show when={props.about}><small>{props.about}</small></Show></span>{props.children}
    </a></li>
  );
}
