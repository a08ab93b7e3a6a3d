// @ts-check
/** The files of an archive, as whoever unpacks it reads them: by the list at its end. */
import { crc32, inflateRawSync } from "node:zlib";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const MOST = 20 * 1024 * 1024;

/** @param {Buffer} zip @returns {Map<string, Buffer>} */
export function unzip(zip) {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Error("not an archive");
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error("the list of the archive is broken");
    const [way, sum, packed, whole, name, extra, said, from] = [
      zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 16), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32), zip.readUInt32LE(at + 42),
    ];
    const path = zip.toString("utf8", at + 46, at + 46 + name);
    const start = from + 30 + zip.readUInt16LE(from + 26) + zip.readUInt16LE(from + 28);
    const body = zip.subarray(start, start + packed);
    const bytes = way === 8 ? inflateRawSync(body, { maxOutputLength: MOST }) : Buffer.from(body);
    if (bytes.length !== whole || crc32(bytes) !== sum) throw new Error(`${path} is broken`);
    if (!path.endsWith("/")) files.set(path, bytes);
    at += 46 + name + extra + said;
  }
  return files;
}
