import { Match, Show, Switch } from "solid-js";
import { t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import { useThread } from "./context.ts";

/** What the words below belong to: the message they change, or the one they answer. */
export function About() {
  const { note, reply, setReply, editing, setEditing } = useThread();
  return (
    <Switch>
      <Match when={editing()}>
        {(message) => (
          <div class="replying"><Icon name="edit" small /><p><b>{t("message.editing")}</b><span>{message().text}</span></p>
            <button type="button" class="ghost" aria-label={t("common.cancel")} onClick={() => setEditing(null)}><Icon name="close" small /></button></div>
        )}
      </Match>
      <Match when={!note() && reply()}>
        {(message) => (
          <div class="replying"><Icon name="reply" small /><p><b>{message().author.name || t("thread.customer")}</b><Show when={message().text} fallback={<span>{message().attachments[0]?.name}</span>}>{(text) => <span>{text()}</span>}</Show></p>
            <button type="button" class="ghost" aria-label={t("compose.cancelReply")} onClick={() => setReply(null)}><Icon name="close" small /></button></div>
        )}
      </Match>
    </Switch>
  );
}
