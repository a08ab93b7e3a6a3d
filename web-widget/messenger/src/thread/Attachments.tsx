import { createSignal, For, Show } from "solid-js";
import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { size } from "@kommutator/shared/format.ts";
import { isPicture } from "@kommutator/shared/messages.ts";
import { measure } from "@kommutator/shared/sound.ts";
import { locale, reasonText, t } from "../i18n.ts";
import { Icon } from "../ui/Icon.tsx";
import { useThread } from "./context.ts";

function FileRow(props: { file: AttachmentView }) {
  const note = () => {
    if (props.file.status === "pending") return t("file.pending");
    if (props.file.status === "failed") return reasonText(props.file.reason) || t("file.failed");
    return size(locale(), props.file.size);
  };
  return (
    <a class="file" classList={{ bad: props.file.status === "failed" }} href={props.file.url} download={props.file.name} target="_blank" rel="noopener" title={t("file.download", { name: props.file.name })}>
      <span class="disc"><Icon name={props.file.status === "failed" ? "alert" : props.file.status === "pending" ? "clock" : "file"} /></span>
      <span class="about"><b>{props.file.name}</b><small>{note()}</small></span>
    </a>
  );
}

const sounds = (file: AttachmentView) => file.media_type.startsWith("audio/") && file.status === "ready" && file.url !== undefined;

export function Attachments(props: { files: AttachmentView[] }) {
  const { show } = useThread();
  const ready = (file: AttachmentView) => isPicture(file) && !file.as_file && file.status === "ready" && file.url !== undefined;
  const pictures = () => props.files.filter(ready);
  /** Pictures that did not come. Their places stay. */
  const [lost, setLost] = createSignal<readonly string[]>([]);
  // One picture keeps its shape, more stand in squares.
  const ratio = (file: AttachmentView) => {
    if (pictures().length > 1) return "1 / 1";
    const shape = file.width && file.height ? file.width / file.height : 4 / 3;
    return String(Math.min(2.4, Math.max(0.7, shape)));
  };
  return (
    <>
      <Show when={pictures().length > 0}>
        <div class="pictures" classList={{ many: pictures().length > 1 }}>
          <For each={pictures()}>
            {(file, index) => (
              <button type="button" classList={{ lost: lost().includes(file.id) }} style={{ "aspect-ratio": ratio(file) }} aria-label={t("file.open", { name: file.name })} onClick={() => show({ files: pictures(), index: index() })}>
                <img src={file.thumbnail_url ?? file.url} alt={file.name} loading="lazy" decoding="async" onError={() => setLost([...lost(), file.id])} />
                <Show when={lost().includes(file.id)}><Icon name="alert" /><span>{t("file.failed")}</span></Show>
              </button>
            )}
          </For>
        </div>
      </Show>
      <For each={props.files.filter((file) => !ready(file))}>{(file) => <Show when={sounds(file)} fallback={<FileRow file={file} />}><audio controls preload="metadata" src={file.url} aria-label={file.name} ref={measure} /></Show>}</For>
    </>
  );
}
