/** A provider behind the channel of the tests, as tests/it has one: it counts every call, and does what it is told to. */
import { createServer, type Server, type ServerResponse } from "node:http";
import { caller, type Demo } from "./people.ts";

/** `lose`: takes it and drops the connection; `hold`: takes it and answers when it is let go. */
export type Act = "take" | "reject" | "lose" | "hold";
export type Call = { account: string; chat: string | null; text: string; key: string };
type Made = { login: string; key: string; one: string; two: string; hook: string };
type Event = { event: string; chat: string; id?: string; [more: string]: unknown };

export class Provider {
  readonly calls: Call[] = [];
  readonly taken: Call[] = [];
  private readonly acts = new Map<string, Act[]>();
  private readonly held: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    private readonly demo: Demo,
    readonly made: Made,
  ) {}

  static async behind(demo: Demo, repeats = "send_twice"): Promise<Provider> {
    const box: { self?: Provider } = {};
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => box.self?.answer(request.url ?? "", JSON.parse(Buffer.concat(parts).toString()) as Call, response));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    const answer = await fetch(`${demo.url}/faults/probe`, {
      method: "POST",
      headers: { authorization: `Bearer ${demo.token}`, "content-type": "application/json" },
      body: JSON.stringify({ base_url: `http://127.0.0.1:${port}`, repeats }),
    });
    if (!answer.ok) throw new Error(`no probe: ${answer.status}`);
    return (box.self = new Provider(server, demo, (await answer.json()) as Made));
  }

  /** What happens to the next sends of a text, one after the other; after them they are taken. */
  script(text: string, ...acts: Act[]): void {
    this.acts.set(text, acts);
  }

  /** Lets what is held be answered. */
  letGo(): void {
    for (const go of this.held.splice(0)) go();
  }

  private answer(path: string, call: Call, response: ServerResponse): void {
    const say = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const act = path === "/send" ? (this.acts.get(call.text)?.shift() ?? "take") : "reject";
    this.calls.push(call);
    if (act !== "reject") this.taken.push(call);
    const ok = () => say(200, { id: `s${this.taken.length}`, chat: call.chat });
    if (act === "reject") say(400, "no such chat");
    else if (act === "lose") response.destroy();
    else if (act === "hold") this.held.push(ok);
    else ok();
  }

  /** The provider tells of something, as a hook. */
  async tells(...events: Event[]): Promise<void> {
    const body = JSON.stringify(events.map((event) => ({ login: this.made.key, account: "one", ...event })));
    const answer = await fetch(`${this.demo.url}/hooks/${this.made.login}/${this.made.hook}`, { method: "POST", body });
    if (!answer.ok) throw new Error(`the hook was answered ${answer.status}`);
  }

  /** Somebody writes. */
  writes(chat: string, text: string, name = chat, id = crypto.randomUUID()): Promise<void> {
    return this.tells({ event: "message", chat, id, at: Date.now(), from: { id: chat, name }, text });
  }

  /** The account as the API names it. */
  channel<Channel>(): Promise<Channel> {
    return caller(this.demo)<Channel>("GET", `/channels/${this.made.one}`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
