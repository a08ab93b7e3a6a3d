/** A server on an empty folder, as somebody starts it for the first time; a mail server; an authenticator app. */
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_MS = 60_000;

export type Served = { url: string; /** What the start printed. */ address: string; stop: () => Promise<void> };

export async function serve(settings: string[] = []): Promise<Served> {
  const data = mkdtempSync(join(tmpdir(), "kommutator-first-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KOMMUTATOR_")));
  const child = spawn(process.env.KOMMUTATOR_BIN ?? "", ["serve", "--data", data, "--listen", "127.0.0.1:0", "--limits", "off", ...settings], { stdio: ["ignore", "pipe", "inherit"], env });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const address = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server printed no address in time")), START_MS);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /https?:\S+\/setup#\S+/.exec(line);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[0]);
    });
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { url: address.split("/setup#")[0] ?? "", address, stop };
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
