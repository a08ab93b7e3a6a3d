/** The fakes of providers (`tests/fakes`) as a process of their own: what a gateway is connected to, and what people do there. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createHash } from "node:crypto";
import { api } from "./people.ts";

const main = fileURLToPath(new URL("../../tests/fakes/main.mjs", import.meta.url));

/** What a content is known by. */
export const hash = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

export class Fake {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
  ) {}

  static async of(name: string): Promise<Fake> {
    const process = spawn("node", [main], { stdio: ["pipe", "pipe", "inherit"] });
    const line = await new Promise<string>((done) => process.stdout.once("data", (data) => done(String(data))));
    return new Fake(`${(JSON.parse(line) as { url: string }).url}/${name}`, process);
  }

  /** Tells it to do something. */
  async act<Answer>(op: string, body: unknown = {}): Promise<Answer> {
    const answer = await fetch(`${this.url}/_fake/${op}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${op}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }

  /** What there is to be seen of it. */
  async look<Answer>(what: string): Promise<Answer> {
    return (await (await fetch(`${this.url}/_fake/${what}`)).json()) as Answer;
  }

  end(): void {
    this.process.stdin?.end();
  }
}

/** Connects a channel whose only step is these fields. Answers the channels that came of it. */
export async function connect(kind: string, values: Record<string, string>): Promise<string[]> {
  const { id } = await api<{ id: string }>("POST", "/connecting", { kind });
  return (await api<{ channels: string[] }>("POST", `/connecting/${id}`, { values })).channels;
}
