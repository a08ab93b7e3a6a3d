import { createSignal, For, Show, untrack } from "solid-js";
import { api } from "../../api.ts";
import { kindText, problemText, t, type WordKey } from "../../i18n.ts";
import { type ConnectionView, type FeedView, RULES } from "../../types.ts";
import { toast } from "../../ui/toast.tsx";
import { createLoaded, Loaded } from "../parts.tsx";

/** A channel: whether it feeds the connection, and what its messages may do there (J-20 … J-23). Each tick is kept at once. */
function Feed(props: { of: string; feed: FeedView }) {
  const [feed, setFeed] = createSignal(untrack(() => props.feed));
  const put = async (change: Partial<FeedView>) => {
    const before = feed();
    const next = { ...before, ...change };
    setFeed(next);
    try {
      await api.setFeeds(props.of, [{ channel: next.channel, feeds: next.feeds, rules: next.rules }]);
    } catch (error) {
      setFeed(before);
      toast(problemText(error), true);
    }
  };
  return (
    <li>
      <label class="switch"><input type="checkbox" role="switch" aria-label={`${t("out.feeds")}: ${feed().name}`} checked={feed().feeds} onChange={(event) => void put({ feeds: event.currentTarget.checked })} /><span>{feed().name}</span></label>
      <p class="about">{kindText(feed().kind)}</p>
      <Show when={feed().feeds}>
        <div class="rules">
          <For each={RULES}>
            {(rule) => <label class="choice-tick"><input type="checkbox" checked={feed().rules[rule]} onChange={(event) => void put({ rules: { ...feed().rules, [rule]: event.currentTarget.checked } })} /><span>{t(`out.rule.${rule}` satisfies WordKey)}</span></label>}
          </For>
        </div>
      </Show>
    </li>
  );
}

/** Which incoming channels feed a connection. */
export function Feeds(props: { of: ConnectionView }) {
  const found = createLoaded(() => api.connectionSettings(props.of.id));
  return (
    <Loaded from={found}>
      {(settings) => (
        <Show when={settings().channels.length > 0}>
          <section class="block">
            <h3>{t("out.channels")}</h3>
            <p class="help">{t("out.channels.text")}</p>
            <ul class="feeds"><For each={settings().channels}>{(feed) => <Feed of={props.of.id} feed={feed} />}</For></ul>
          </section>
        </Show>
      )}
    </Loaded>
  );
}
