/** Names that the law of a language's land wants marked. The dictionary says which and with what words; where it says nothing,
 * nothing is marked. A screen that shows such a name has the footnote by itself, as long as the name stands there. */
import { createSignal, onCleanup, Show } from "solid-js";
import { t } from "../i18n.ts";
import { pattern, withMarks } from "./marks.ts";

const [standing, setStanding] = createSignal(0);

/** For a text of a component: marks it, and keeps the footnote while it stands. */
export function marked(text: string): string {
  const names = t("footnote.names");
  if (pattern(names)?.test(text)) {
    setStanding((n) => n + 1);
    onCleanup(() => setStanding((n) => n - 1));
  }
  return withMarks(text, names);
}

/** Under the page's content. */
export function Footnote() {
  return <Show when={standing() > 0 && t("footnote.text") !== ""}><p class="footnote">{t("footnote.text")}</p></Show>;
}
