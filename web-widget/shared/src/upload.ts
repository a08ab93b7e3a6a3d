/** One file over HTTP with progress. `fetch` tells no progress of an upload, so this is `XMLHttpRequest`. */
import { decode } from "./json.ts";
import type { AttachmentView } from "./generated/protocol.ts";

/** `code` is the server's (`file_too_large` and `file_empty` also when found here), or `network`, `aborted`, `server`. */
export class UploadError extends Error {
  constructor(
    readonly code: string,
    readonly status = 0,
  ) {
    super(code);
  }
}

export type UploadRequest = {
  url: string;
  file: Blob;
  token?: string | undefined;
  most: number;
  progress: (part: number) => void;
  signal?: AbortSignal;
};

export function upload(request: UploadRequest): Promise<AttachmentView> {
  const { file, signal } = request;
  if (file.size === 0) return Promise.reject(new UploadError("file_empty"));
  if (file.size > request.most) return Promise.reject(new UploadError("file_too_large"));
  return new Promise((resolve, reject) => {
    const http = new XMLHttpRequest();
    http.open("POST", request.url);
    http.responseType = "text";
    http.setRequestHeader("content-type", file.type || "application/octet-stream");
    if (request.token !== undefined) http.setRequestHeader("authorization", `Bearer ${request.token}`);
    http.upload.onprogress = (event) => request.progress(event.lengthComputable ? event.loaded / event.total : 0);
    http.onload = () => {
      const view = parse(http.responseText) as Partial<AttachmentView & { code: string }> | null;
      if (http.status === 201 && typeof view?.id === "string") resolve(view as AttachmentView);
      else reject(new UploadError(view?.code ?? (http.status === 413 ? "file_too_large" : "server"), http.status));
    };
    http.onerror = () => reject(new UploadError("network"));
    http.onabort = () => reject(new UploadError("aborted"));
    signal?.addEventListener("abort", () => http.abort());
    if (signal?.aborted) reject(new UploadError("aborted"));
    else http.send(file);
  });
}

function parse(text: string): unknown {
  try {
    return decode(text);
  } catch {
    return null;
  }
}
