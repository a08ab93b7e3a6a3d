import { createEffect, createSignal, For, on, onCleanup, Show, untrack } from "solid-js";
import { newClientId } from "@kommutator/shared/socket/browser.ts";
import { api } from "../api.ts";
import { Problem } from "../http.ts";
import { kindText, problemText, reasonText, t } from "../i18n.ts";
import { chatPath, customerPath, follow, navigate } from "../route.ts";
import { firstTo, writeFirst } from "../state/first.ts";
import type { Way, Ways } from "../types.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { TextField } from "../ui/Field.tsx";
import { aboutOf, nameOf } from "./CustomerRow.tsx";

const PAUSE_MS = 300;

/** «Новый диалог»: whom to, through which channel (and why not through the others), and the words. */
export function WriteFirst() {
  const [address, setAddress] = createSignal(untrack(firstTo) ?? "");
  const [ways, setWays] = createSignal<Ways | null>(null);
  const [channel, setChannel] = createSignal<string | null>(null);
  const [text, setText] = createSignal("");
  const [wrong, setWrong] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const close = () => writeFirst(null);
  createEffect(on(() => address().trim(), (asked) => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      if (!asked) return void setWays(null);
      api.ways(asked, abort.signal).then((told) => { setWays(told); setWrong(null); }, (error: unknown) => { if (!abort.signal.aborted) setWrong(error); });
    }, PAUSE_MS);
    onCleanup(() => { clearTimeout(timer); abort.abort(); });
  }));
  const can = (way: Way) => way.address !== null;
  const chosen = () => ways()?.channels.find((way) => can(way) && way.channel === channel()) ?? ways()?.channels.find(can);
  /** The same words to the same address go out once, however often they are tried. */
  let key = { of: "", id: "" };
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const way = chosen();
    if (!way?.address || !text().trim() || busy()) return;
    const of = JSON.stringify([way.channel, way.address, text().trim()]);
    if (key.of !== of) key = { of, id: newClientId() };
    setBusy(true);
    try {
      const sent = await api.writeFirst(way.channel, { address: way.address, client_id: key.id, text: text().trim() });
      close();
      navigate(chatPath(sent.message.conversation));
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  const leave = (event: MouseEvent & { currentTarget: HTMLAnchorElement }) => { follow(event); close(); };
  const noneCan = () => ways() !== null && !ways()?.channels.some(can);
  return (
    <Dialog title={t("first.title")} close={close}>
      <form class="choose first" onSubmit={(event) => void send(event)}>
        <TextField label={t("first.to")} help={t("first.to.help")} value={address()} set={setAddress} max={400} error={wrong() instanceof Problem && (wrong() as Problem).code === "bad_address" ? problemText(wrong()) : null} ref={(made) => queueMicrotask(() => made.focus())} />
        <Show when={(ways()?.customers.length ?? 0) > 0}>
          <h3>{t("first.known")}</h3>
          <ul class="plain-list">
            <For each={ways()?.customers}>
              {(one) => <li><a class="choice" href={one.conversation === null ? customerPath(one.id) : chatPath(one.conversation)} onClick={leave}><Avatar name={one.name} seed={one.id} picture={one.picture_url} /><span><b>{nameOf(one)}</b><small>{aboutOf(one) || t("customers.nothing")}</small></span></a></li>}
            </For>
          </ul>
        </Show>
        <Show when={ways()}>
          {(told) => (
            <fieldset>
              <legend>{t("first.channel")}</legend>
              <For each={told().channels} fallback={<p class="none">{t("first.noChannels")}</p>}>
                {(way) => (
                  <label class="choice" classList={{ off: !can(way) }}>
                    <input type="radio" name="channel" disabled={!can(way)} checked={chosen()?.channel === way.channel} onChange={() => setChannel(way.channel)} />
                    <span><b>{way.name}</b><small>{can(way) ? `${kindText(way.kind)} · ${way.address}` : reasonText(way.reason)}</small></span>
                    <Show when={way.conversation}>{(id) => <a href={chatPath(id())} onClick={leave}>{t("first.open")}</a>}</Show>
                  </label>
                )}
              </For>
            </fieldset>
          )}
        </Show>
        <Show when={noneCan()} fallback={<TextField label={t("first.text")} value={text()} set={setText} rows={4} max={20000} />}><p class="words">{t("first.none")}</p></Show>
        <Show when={wrong() && !(wrong() instanceof Problem && (wrong() as Problem).code === "bad_address")}><p class="oops" role="alert">{problemText(wrong())}</p></Show>
        <div class="actions">
          <button type="button" class="button" onClick={close}>{t("common.cancel")}</button>
          <button class="button main" disabled={!chosen() || !text().trim() || busy()}>{t("compose.send")}</button>
        </div>
      </form>
    </Dialog>
  );
}
