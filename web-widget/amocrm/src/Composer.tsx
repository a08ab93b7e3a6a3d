import { createSignal, createUniqueId, For, onCleanup, Show, untrack } from "solid-js";
import { createStore, produce } from "solid-js/store";
import { type Target, type Way, whom } from "./gateway.ts";
import type { Ground } from "./ground.ts";
import { t, troubleText } from "./i18n.ts";
import { follow, SentList, type SentOne } from "./Sent.tsx";

type Picked = { key: number; name: string; file?: string; trouble?: string };

/** Text, files, for comments also where to; and what became of what was sent. */
export function Composer(props: { ground: Ground; deal: string | undefined; target: Target }) {
  const name = createUniqueId();
  const ways = () => props.target.ways ?? [];
  const [way, setWay] = createSignal<Way | undefined>(untrack(() => ways()[0]));
  const [files, setFiles] = createStore<Picked[]>([]);
  const [sent, setSent] = createStore<SentOne[]>([]);
  const [trouble, setTrouble] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  // The same until it is taken: who presses twice sends once.
  let id = crypto.randomUUID();
  let picked = 0;
  let area!: HTMLTextAreaElement;
  let input!: HTMLInputElement;
  const gone = new AbortController();
  onCleanup(() => gone.abort());
  // One installation for as long as this stands.
  const ground = untrack(() => props.ground);
  const text = (error: unknown) => troubleText(error, ground.gateway.address);

  const add = (list: FileList | null) => {
    for (const file of list ?? []) {
      const key = (picked += 1);
      setFiles(files.length, { key, name: file.name });
      const put = (change: Partial<Picked>) => setFiles((one) => one.key === key, change);
      ground.gateway.upload(file).then((made) => put({ file: made.id }), (error: unknown) => put({ trouble: text(error) }));
    }
    input.value = "";
  };
  const send = async () => {
    const words = area.value.trim();
    const ready = files.filter((one) => !one.trouble);
    if (busy() || ready.some((one) => !one.file)) return;
    if (!words && ready.length === 0) {
      setTrouble(t("talk.empty"));
      area.focus();
      return;
    }
    setBusy(true);
    setTrouble("");
    const chosen = way();
    try {
      const taken = await ground.gateway.say({ ...whom(props.target, id, ground.user, props.deal), ...(chosen && { way: chosen }), text: words, files: ready.flatMap((one) => one.file ?? []) });
      const at = sent.length;
      setSent(at, { message: taken.message, text: words || ready.map((one) => one.name).join(", "), state: taken.state, reason: taken.reason });
      follow(ground, taken.message, gone.signal, (now) => setSent(at, now));
      id = crypto.randomUUID();
      area.value = "";
      setFiles([]);
    } catch (error) {
      setTrouble(text(error));
    }
    setBusy(false);
    area.focus();
  };
  return (
    <form class="k-composer" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <Show when={ways().length > 1}>
        <fieldset class="k-ways"><legend>{t("talk.way")}</legend>
          <For each={ways()}>{(one) => <label><input type="radio" name={`${name}-way`} checked={way() === one} onChange={() => setWay(one)} /><span>{t(`talk.way.${one}`)}</span></label>}</For>
        </fieldset>
      </Show>
      <label class="k-field" classList={{ bad: trouble() !== "" }}><span>{t("talk.text")}</span>
        <textarea ref={(made) => (area = made)} autofocus rows={4} aria-invalid={trouble() !== ""} aria-describedby={`${name}-why`} onInput={() => setTrouble("")} onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void send(); } }} />
      </label>
      <Show when={files.length > 0}>
        <ul class="k-files">
          <For each={files}>
            {(one, at) => (
              <li><span class="k-name">{one.name}</span>
                <Show when={!one.file}><span class="k-about" role="status">{one.trouble === undefined ? t("talk.file.loading") : t("talk.file.failed", { why: one.trouble })}</span></Show>
                <button type="button" class="k-close" aria-label={t("talk.file.remove", { name: one.name })} onClick={() => setFiles(produce((all) => void all.splice(at(), 1)))}><svg viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8m0-8-8 8" /></svg></button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <p class="k-why" id={`${name}-why`} role="alert">{trouble()}</p>
      <div class="k-actions">
        <input ref={(made) => (input = made)} type="file" multiple hidden onChange={(event) => add(event.currentTarget.files)} />
        <button type="button" class="k-button" onClick={() => input.click()}>{t("talk.file")}</button>
        <button type="submit" class="k-button main" disabled={busy() || files.some((one) => !one.file && one.trouble === undefined)}>{t("send")}</button>
      </div>
      <SentList of={sent} />
    </form>
  );
}
