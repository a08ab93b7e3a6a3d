import { createResource, For, Show } from "solid-js";
import { dateTime, size } from "@kommutator/shared/format.ts";
import { isPicture } from "@kommutator/shared/messages.ts";
import { api } from "../api.ts";
import { locale, reasonText, t, type WordKey } from "../i18n.ts";
import { chatPath, navigate } from "../route.ts";
import { useDesk } from "../state/desk.ts";
import type { FactView } from "../types.ts";
import { Icon } from "../ui/Icon.tsx";
import { useThread } from "./context.ts";

const SHOWN = 12;

/** What happened here besides messages, in words. */
export function Timeline(props: { version: number }) {
  const desk = useDesk();
  const { id } = useThread();
  const [loaded] = createResource(() => props.version, () => api.timeline(id));
  const person = (user: string) => (user === desk.me().id ? t("list.you") : (desk.colleagues().find((one) => one.id === user)?.name ?? ""));
  const tags = (ids: string[] | undefined) => desk.tags().filter((tag) => ids?.includes(tag.id)).map((tag) => tag.name).join(", ");
  const words = (fact: FactView) => {
    const key = `fact.${fact.kind === "assigned" && !fact.to ? "dropped" : fact.kind}` as WordKey;
    return t(key, { to: person(fact.to ?? ""), time: fact.until ? dateTime(locale(), fact.until) : "", rating: fact.rating ?? 0, why: fact.reason ? reasonText(fact.reason) : "", tags: [tags(fact.on), tags(fact.off)].filter(Boolean).join(" / ") });
  };
  const facts = () => (loaded.error ? [] : (loaded.latest?.facts ?? []));
  const past = () => (loaded.error ? [] : (loaded.latest?.episodes.slice(1) ?? []));
  const rated = () => (loaded.error ? [] : (loaded.latest?.episodes.filter((one) => one.rating !== undefined) ?? []));
  const goTo = (message: string) => navigate(chatPath(id, message));
  return (
    <>
      <Show when={rated().length > 0}>
        <h3>{t("card.ratings")}</h3>
        <ul class="ratings">
          <For each={rated()}>{(one) => <li><b aria-label={t("fact.rated", { rating: one.rating ?? 0 })} role="img">{"★".repeat(one.rating ?? 0)}<i>{"★".repeat(5 - (one.rating ?? 0))}</i></b><Show when={one.comment}><p>{one.comment}</p></Show></li>}</For>
        </ul>
      </Show>
      <Show when={past().length > 0}>
        <h3>{t("card.episodes")}</h3>
        <ul class="episodes">
          <For each={past()}>
            {(one) => (
              <li><button type="button" onClick={() => goTo(one.first_message)}>{dateTime(locale(), one.opened_at)}<Show when={one.closed_at}>{(at) => <> – {dateTime(locale(), at())}</>}</Show></button></li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={facts().length > 0}>
        <h3>{t("card.timeline")}</h3>
        <ol class="timeline">
          <For each={facts().slice(0, SHOWN)}>{(fact) => <li><span>{words(fact)}</span><small>{[person(fact.by), dateTime(locale(), fact.at)].filter(Boolean).join(", ")}</small></li>}</For>
        </ol>
      </Show>
    </>
  );
}

/** The files sent in this conversation, newest first. */
export function Files(props: { version: number }) {
  const { id, show } = useThread();
  const [loaded] = createResource(() => props.version, () => api.files(id, null));
  const files = () => (loaded.error ? [] : (loaded.latest?.items ?? []));
  const pictures = () => files().filter((file) => isPicture(file) && file.url !== undefined);
  const others = () => files().filter((file) => !isPicture(file));
  return (
    <Show when={files().length > 0}>
      <h3>{t("card.files")}</h3>
      <Show when={pictures().length > 0}>
        <div class="tiles"><For each={pictures().slice(0, 9)}>{(file, index) => <button type="button" aria-label={t("file.open", { name: file.name })} onClick={() => show({ files: pictures(), index: index() })}><img src={file.thumbnail_url ?? file.url} alt="" loading="lazy" /></button>}</For></div>
      </Show>
      <ul class="papers"><For each={others().slice(0, 10)}>{(file) => <li><a href={file.url} download={file.name} target="_blank" rel="noopener"><Icon name="file" small /><span>{file.name}</span><small>{size(locale(), file.size)}</small></a></li>}</For></ul>
    </Show>
  );
}
