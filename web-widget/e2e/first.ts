/** A server on an empty folder, as somebody starts it for the first time; a mail server; an authenticator app. */
import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { start } from "./server.mjs";

export type Served = { url: string; /** What the start printed. */ address: string; stop: () => Promise<void> };

export async function serve(settings: string[] = []): Promise<Served> {
  const { said: address, stop } = await start(["serve", "--limits", "off", ...settings], { ready: (line) => /https?:\S+\/setup#\S+/.exec(line)?.[0] });
  return { url: address.split("/setup#")[0] ?? "", address, stop: () => stop() };
}

/** Takes every letter. */
export async function mailServer() {
  const letters: string[] = [];
  const waiting: ((letter: string) => void)[] = [];
  const server = createServer((socket) => {
    let data: string[] | null = null;
    socket.write("220 here\r\n");
    createInterface({ input: socket }).on("line", (line) => {
      if (data) {
        if (line !== ".") return void data.push(line);
        const letter = data.join("\n");
        data = null;
        const next = waiting.shift();
        if (next) next(letter);
        else letters.push(letter);
        return void socket.write("250 taken\r\n");
      }
      if (line === "DATA") data = [];
      socket.write(line === "DATA" ? "354 go on\r\n" : line === "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  const next = () => {
    const letter = letters.shift();
    return letter === undefined ? new Promise<string>((done) => waiting.push(done)) : Promise.resolve(letter);
  };
  return { url: `smtp-plain://127.0.0.1:${port}`, next, close: () => server.close() };
}

/** The plain text of a letter. */
export function textOf(letter: string): string {
  const part = letter.split(/content-type: text\/plain/i)[1] ?? "";
  const at = part.indexOf("\n\n");
  const body = (part.slice(at + 2).split("\n--")[0] ?? "").trim();
  if (/base64/i.test(part.slice(0, at))) return Buffer.from(body, "base64").toString();
  const bytes = body.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return /quoted-printable/i.test(part.slice(0, at)) ? Buffer.from(bytes, "latin1").toString() : body;
}

/** The code an app shows for so many steps from now (RFC 6238). */
export function totp(secret: string, later = 0): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(secret).map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const digest = createHmac("sha1", key).update(step).digest();
  const at = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
