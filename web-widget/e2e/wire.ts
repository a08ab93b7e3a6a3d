/** What lies between a browser and the server: it can hold each direction back, or cut everything. */
import { createServer, connect, type Server, type Socket } from "node:net";

export type Cut = "up" | "down" | "both" | "cut";

export class Wire {
  private how: Cut | null = null;
  private readonly pairs = new Set<{ client: Socket; server: Socket }>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** `to`: the port of the server behind it, which may come later. */
  static async lay(to: () => number): Promise<Wire> {
    const box: { self?: Wire } = {};
    const server = createServer((client) => box.self?.join(client, to()));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (box.self = new Wire(server, `http://127.0.0.1:${(server.address() as { port: number }).port}`));
  }

  private join(client: Socket, port: number): void {
    if (this.how === "cut") return void client.resetAndDestroy();
    const pair = { client, server: connect({ port, host: "127.0.0.1" }) };
    this.pairs.add(pair);
    const pass = (from: Socket, to: Socket, holds: (how: Cut | null) => boolean) => {
      from.on("data", (data) => {
        // What was under way when the line was held arrives when it is let go, however late.
        if (to.writable) to.write(data);
      });
      // An end is told like everything else: not while that direction is held.
      from.on("close", () => {
        if (!holds(this.how)) to.destroy();
      });
      from.on("error", () => undefined);
    };
    pass(client, pair.server, (how) => how === "up" || how === "both");
    pass(pair.server, client, (how) => how === "down" || how === "both");
    this.apply(pair);
  }

  private apply({ client, server }: { client: Socket; server: Socket }): void {
    if (this.how === "up" || this.how === "both") client.pause();
    else client.resume();
    if (this.how === "down" || this.how === "both") server.pause();
    else server.resume();
  }

  hold(how: Cut): void {
    this.how = how;
    for (const pair of this.pairs) {
      if (how === "cut") {
        pair.client.resetAndDestroy();
        pair.server.destroy();
      } else this.apply(pair);
    }
    if (how === "cut") this.pairs.clear();
  }

  letGo(): void {
    this.how = null;
    for (const pair of this.pairs) {
      if (pair.client.destroyed || pair.server.destroyed) {
        // One side went meanwhile: what it had said still arrives, then its end.
        pair.client.end();
        pair.server.end();
        this.pairs.delete(pair);
      } else this.apply(pair);
    }
  }

  close(): void {
    this.hold("cut");
    this.server.close();
  }
}
