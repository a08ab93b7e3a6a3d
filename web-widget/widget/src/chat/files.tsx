import type { AttachmentView } from "@kommutator/shared/generated/protocol.ts";
import { size } from "@kommutator/shared/format.ts";
import { isPicture } from "@kommutator/shared/messages.ts";
import { usePanel } from "./context.ts";
import { icon } from "./icon.tsx";

/** The files of one message; a message that changes is drawn anew, so nothing here is reactive. */
export function fileList(files: AttachmentView[]) {
  const { t, link, locale } = usePanel();
  return files.map((file) => {
    const url = link(file.url);
    const { name } = file;
    if (isPicture(file) && file.status === "ready" && url) {
      const label = t("picture", { name });
      const source = link(file.thumbnail_url) ?? url;
      const picture = (
        <a class="pic" href={url} target="_blank" rel="noopener" aria-label={label}>
          <img src={source} alt={name} decoding="async" />
        </a>
      ) as HTMLElement;
      // The place is reserved before the picture is there.
      picture.style.aspectRatio = file.width && file.height ? `${file.width} / ${file.height}` : "4 / 3";
      return picture;
    }
    const bytes = size(locale, file.size);
    const note = file.status === "pending" ? t("pending") : file.status === "failed" ? t("broken") : bytes;
    return (
      <a class="file" href={url} target="_blank" rel="noopener">
        <i>{icon("file")}</i>
        <span><b>{name}</b><small>{note}</small></span>
      </a>
    );
  });
}
