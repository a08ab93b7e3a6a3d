// @ts-check
/** Uploads in three steps, each server with its own address and field. */
import { randomBytes } from "node:crypto";
import { Refused } from "./world.mjs";

/** @typedef {Record<string, any>} Fields */

const REFUSED = new Set(["exe", "bat", "com", "cmd", "msi", "apk", "jar", "js", "mp3"]);
const MOST = 200 * 1024 * 1024;

/** @param {import("./world.mjs").World} world @param {string} kind @param {Fields} said */
export function upload(world, kind, said) {
  const file = said[kind === "photo" ? "photo" : "file"];
  if (!file?.bytes) return { status: 200, body: { error: "unknown", error_descr: "no file in the right field" } };
  if (kind === "photo") {
    const picture = /\.(jpe?g|png|gif)$/i.test(file.name) && file.bytes.length <= 50 * 1024 * 1024 && !world.fault("upload.photo");
    if (!picture) return { status: 200, body: { server: 1, photo: "[]", hash: "h" } };
    const hash = randomBytes(8).toString("hex");
    const photo = JSON.stringify([{ photo: randomBytes(4).toString("hex"), sizes: [] }]);
    world.uploads.set(hash, { kind: photo, file: world.keep(file.name, file.type, file.bytes) });
    return { status: 200, body: { server: 1, photo, hash } };
  }
  if (world.fault("upload.doc") || REFUSED.has(String(file.name.split(".").pop()).toLowerCase()) || file.bytes.length > MOST) {
    return { status: 200, body: { error: "bad_file", error_descr: "Invalid file" } };
  }
  const word = `500|0|-1|${randomBytes(8).toString("hex")}`;
  world.uploads.set(word, { kind, file: world.keep(file.name, file.type, file.bytes) });
  return { status: 200, body: { file: word } };
}

/** @param {import("./world.mjs").World} world @returns {Record<string, (said: Fields) => any>} */
export function save(world) {
  const owner = () => -world.group.id;
  return {
    "photos.getMessagesUploadServer": () => ({ upload_url: `${world.origin}/upload/photo`, album_id: -64, user_id: 0, group_id: world.group.id, fallback_upload_url: `${world.origin}/upload/photo` }),
    "photos.saveMessagesPhoto": ({ server, photo, hash }) => {
      const known = world.uploads.get(String(hash));
      if (!known || Number(server) !== 1 || known.kind !== photo) throw new Refused(121, "Invalid hash");
      world.uploads.delete(String(hash));
      return [world.thing("photo", owner(), known.file).photo];
    },
    "docs.getMessagesUploadServer": ({ type = "doc" }) => ({ upload_url: `${world.origin}/upload/${type}` }),
    "docs.getWallUploadServer": () => ({ upload_url: `${world.origin}/upload/doc` }),
    "docs.save": ({ file, title }) => {
      const known = world.uploads.get(String(file));
      if (!known) throw new Refused(105, "Couldn't save file");
      world.uploads.delete(String(file));
      return world.thing(known.kind === "audio_message" ? "audio_message" : "doc", owner(), known.file, title ? { title } : {});
    },
  };
}
