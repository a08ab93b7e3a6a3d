/** Files chosen for the next message: each goes up at once, the message carries what is ready. */
import { createSignal } from "solid-js";
import type { AttachmentView } from "./generated/protocol.ts";
import { isPicture } from "./messages.ts";
import { upload, UploadError } from "./upload.ts";
import { newClientId } from "./socket/browser.ts";

/** What is known of a file that lies on the server already. */
type There = { name: string; type: string; size: number; lastModified: number };
type Up = (signal: AbortSignal, progress: (part: number) => void) => Promise<AttachmentView>;

export type Chosen = { key: string; file: File | There; up: Up; picture: string | null; part: () => number; setPart: (part: number) => void; done: AttachmentView | null; error: string | null };

type Limits = { most: number; files: number };

export function createUploads(where: (name: string) => string, token: () => string | undefined, limits: () => Limits) {
  const [list, setList] = createSignal<Chosen[]>([]);
  const [crowded, setCrowded] = createSignal(false);
  /** Names of files that were chosen a second time. */
  const [twice, setTwice] = createSignal<string[]>([]);
  const aborts = new Map<string, AbortController>();
  const change = (key: string, change: Partial<Chosen>) => setList((all) => all.map((one) => (one.key === key ? { ...one, ...change } : one)));

  const start = async (one: Chosen) => {
    const abort = new AbortController();
    aborts.set(one.key, abort);
    one.setPart(0);
    change(one.key, { error: null });
    try {
      change(one.key, { done: await one.up(abort.signal, one.setPart) });
    } catch (error) {
      change(one.key, { error: error instanceof UploadError ? error.code : "network" });
    }
  };

  const forget = (one: Chosen) => {
    aborts.get(one.key)?.abort();
    aborts.delete(one.key);
    if (one.picture) URL.revokeObjectURL(one.picture);
  };

  const quiet = () => {
    setCrowded(false);
    setTwice([]);
  };
  const put = (file: File | There, picture: string | null, up: Up) => {
    const [part, setPart] = createSignal(0);
    const one: Chosen = { key: newClientId(), file, up, picture, part, setPart, done: null, error: null };
    setList((before) => [...before, one]);
    void start(one);
  };
  const same = (a: There, b: There) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;

  return {
    list,
    crowded,
    twice,
    busy: () => list().some((one) => !one.done && !one.error),
    add(files: Iterable<File>) {
      const room = limits().files - list().length;
      const known = (file: File) => list().some((one) => same(one.file, file));
      const came = [...files];
      const all = came.filter((file) => !known(file));
      // Nothing is known of the server yet.
      if (limits().files === 0) return;
      setTwice(came.filter(known).map((file) => file.name));
      setCrowded(all.length > room);
      for (const file of all.slice(0, Math.max(0, room))) {
        put(file, isPicture({ media_type: file.type }) ? URL.createObjectURL(file) : null, (signal, progress) =>
          upload({ url: where(file.name), file, token: token(), most: limits().most, progress, signal }),
        );
      }
    },
    /** Adds files that lie on the server; `get` gives the one of ours. */
    bring(files: readonly AttachmentView[], get: (file: AttachmentView) => Promise<AttachmentView>) {
      const room = limits().files - list().length;
      setCrowded(files.length > room);
      for (const file of files.slice(0, Math.max(0, room))) {
        const picture = isPicture(file) ? (file.thumbnail_url ?? file.url ?? null) : null;
        put({ name: file.name, type: file.media_type, size: file.size, lastModified: 0 }, picture, () => get(file));
      }
    },
    again: (one: Chosen) => void start(one),
    /** To this place among them. */
    move(key: string, to: number) {
      const one = list().find((other) => other.key === key);
      if (!one) return;
      const others = list().filter((other) => other !== one);
      setList([...others.slice(0, Math.max(0, to)), one, ...others.slice(Math.max(0, to))]);
    },
    remove(one: Chosen) {
      forget(one);
      quiet();
      setList((all) => all.filter((other) => other.key !== one.key));
    },
    /** The files that are up; the list is empty afterwards. */
    take(): AttachmentView[] {
      const done = list().flatMap((one) => (one.done ? [one.done] : []));
      list().forEach(forget);
      quiet();
      setList([]);
      return done;
    },
  };
}

export type Uploads = ReturnType<typeof createUploads>;
