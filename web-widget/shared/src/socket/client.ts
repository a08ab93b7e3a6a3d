/**
 * The socket of both apps: connects, says hello with the last cursor, keeps what was sent until it is answered, comes
 * back after a drop. Time, randomness, storage and the WebSocket itself come in from outside.
 *
 * States: idle → connecting → (open, hello sent) → ready → waiting → connecting …, or stopped for good, or offline.
 */
import type { Event, ServerFrame } from "../generated/protocol.ts";
import { type Keyed, type QueueEntry, type QueueStorage, SendQueue } from "./queue.ts";

export type Status =
  | { kind: "idle" }
  | { kind: "connecting" }
  | { kind: "ready" }
  | { kind: "waiting"; until: number }
  | { kind: "offline" }
  /** Coming back makes no sense by itself: the close code says why. */
  | { kind: "stopped"; code: number };

export type SocketLike = {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(code?: number): void;
};

export type Timers = { now(): number; set(act: () => void, ms: number): unknown; clear(timer: unknown): void };

type Named<Type extends ServerFrame["type"]> = Extract<ServerFrame, { type: Type }>;
export type Accepted = Named<"accepted">;
export type Typing = Named<"typing">;
export type Viewing = Named<"viewing">;
export type ReadyBase = { type: "ready"; cursor: string; resumed: boolean };

export type Handlers<Send extends Keyed, Ready extends ReadyBase> = {
  /** When not `resumed`, what the app shows may have holes: it loads anew. */
  ready(frame: Ready): void;
  event(event: Event): void;
  typing(frame: Typing): void;
  /** Managers only. */
  viewing?(frame: Viewing): void;
  /** A message of ours is durable; already gone from the queue. */
  accepted(frame: Accepted): void;
  reset(): void;
  queue(entries: readonly QueueEntry<Send>[]): void;
  status(status: Status): void;
  /** A refusal that belongs to no message of the queue. */
  refused(code: string, message: string): void;
};

export type Options<Send extends Keyed, Ready extends ReadyBase> = {
  connect: () => SocketLike;
  hello: (cursor: string | undefined) => object;
  handlers: Handlers<Send, Ready>;
  timers: Timers;
  random: () => number;
  storage: QueueStorage | null;
  queuePrefix: string;
  /** Messages of one lane go out strictly one after another; lanes do not wait for each other. */
  lane: (frame: Send) => string;
};

export const limits = {
  backoffFirst: 500,
  backoffMost: 30_000,
  /** A link this long ready was a good one: the next drop starts from the first step again. */
  settled: 10_000,
  /** From `connect` to `ready`. */
  greeting: 15_000,
  /** The server answers a send within ten seconds, be it with `try_again`. */
  answer: 20_000,
  silence: 70_000,
  typing: 3_000,
  frameBytes: 65_536,
} as const;

/** Nothing is wrong with the message itself: it goes again with the same key. */
const RETRYABLE = new Set(["store_full", "store_read_only", "too_many", "try_again"]);

export class SocketClient<Send extends Keyed, Ready extends ReadyBase> {
  private readonly queue: SendQueue<Send>;
  private socket: SocketLike | null = null;
  private state: Status = { kind: "idle" };
  private cursor: string | undefined;
  private attempt = 0;
  private readyAt = 0;
  private heardAt = 0;
  private timer: unknown;
  private silenceTimer: unknown;
  private readonly inFlight = new Map<string, unknown>();
  private readonly held = new Map<string, { timer: unknown; tries: number }>();
  private readonly typed = new Map<string, number>();
  private readonly reads = new Map<string, object>();

  constructor(private readonly options: Options<Send, Ready>) {
    this.queue = new SendQueue(this.options.storage, this.options.queuePrefix);
  }

  get status(): Status {
    return this.state;
  }

  get entries(): readonly QueueEntry<Send>[] {
    return this.queue.entries();
  }

  /** Connects, also out of `stopped`. */
  start(): void {
    if (this.socket || this.state.kind === "connecting") return;
    this.options.handlers.queue(this.queue.entries());
    this.attempt = 0;
    this.open();
  }

  /** Ends for good; the queue stays in the storage. */
  stop(): void {
    this.drop();
    this.move({ kind: "idle" });
  }

  /** Forgets where it was: the next `hello` asks for everything anew. */
  forget(): void {
    this.cursor = undefined;
  }

  /** Queues a message and sends it when its turn comes. `false`: the queue is full or the frame too long. */
  send(frame: Send, meta: unknown = null): boolean {
    if (new TextEncoder().encode(JSON.stringify(frame)).length > limits.frameBytes - 64) return false;
    if (!this.queue.add(frame, meta, this.options.timers.now())) return false;
    this.changed();
    this.flush();
    return true;
  }

  /** Takes a message that failed or still waits out of the queue. */
  discard(clientId: string): void {
    this.clearFlight(clientId);
    if (this.queue.remove(clientId)) this.changed();
    this.flush();
  }

  /** Sends a refused message again, as a new one: the server remembers the refusal of the old key. */
  retry(clientId: string, newId: string): void {
    const entry = this.queue.find(clientId);
    if (!entry?.failed) return;
    this.queue.remove(clientId);
    this.queue.add({ ...entry.frame, client_id: newId }, entry.meta, this.options.timers.now());
    this.changed();
    this.flush();
  }

  typing(where: string, frame: object): void {
    const now = this.options.timers.now();
    if (this.state.kind !== "ready" || now - (this.typed.get(where) ?? -Infinity) < limits.typing) return;
    this.typed.set(where, now);
    this.write(frame);
  }

  /** Said now or not at all. */
  signal(frame: object): void {
    if (this.state.kind === "ready") this.write(frame);
  }

  /** The last one of each place is kept until there is a link. */
  read(where: string, frame: object): void {
    this.reads.set(where, frame);
    if (this.state.kind === "ready") this.flushReads();
  }

  /** The browser says there is a network: whatever link there was belongs to the old one. */
  online(): void {
    if (this.state.kind === "idle" || this.state.kind === "stopped") return;
    this.drop();
    this.attempt = 0;
    this.open();
  }

  offline(): void {
    if (this.state.kind === "idle" || this.state.kind === "stopped") return;
    this.drop();
    this.move({ kind: "offline" });
  }

  /** The page is looked at again: a waiting client tries at once, a long silent link is not trusted. */
  visible(): void {
    if (this.state.kind === "waiting") this.online();
    else if (this.state.kind === "ready" && this.options.timers.now() - this.heardAt >= limits.silence) this.online();
  }

  private open(): void {
    this.options.timers.clear(this.timer);
    this.move({ kind: "connecting" });
    this.timer = this.options.timers.set(() => this.lost(), limits.greeting);
    let socket: SocketLike;
    try {
      socket = this.options.connect();
    } catch {
      this.lost();
      return;
    }
    this.socket = socket;
    socket.onopen = () => this.write({ type: "hello", ...this.options.hello(this.cursor) });
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = (event) => {
      if (event.code >= 4400 && event.code <= 4499) {
        this.drop();
        this.move({ kind: "stopped", code: event.code });
      } else this.lost();
    };
  }

  private hear(data: unknown): void {
    this.heardAt = this.options.timers.now();
    this.armSilence();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(String(data)) as ServerFrame;
    } catch {
      // What cannot be read cannot be skipped either: the server sends it again from the cursor.
      this.lost();
      return;
    }
    this.take(frame);
  }

  private take(frame: ServerFrame): void {
    const { handlers } = this.options;
    switch (frame.type) {
      case "ready":
        this.greeted(frame as unknown as Ready);
        break;
      case "event":
        handlers.event(frame.event);
        this.cursor = frame.cursor;
        break;
      case "cursor":
        this.cursor = frame.cursor;
        break;
      case "typing":
        handlers.typing(frame);
        break;
      case "viewing":
        handlers.viewing?.(frame);
        break;
      case "accepted":
        this.clearFlight(frame.client_id);
        this.release(frame.client_id);
        this.queue.remove(frame.client_id);
        handlers.accepted(frame);
        this.changed();
        this.flush();
        break;
      case "error":
        this.refuse(frame);
        break;
      case "reset":
        if (this.state.kind !== "ready") this.cursor = undefined;
        handlers.reset();
        break;
    }
  }

  private greeted(frame: Ready): void {
    this.options.timers.clear(this.timer);
    // When resumed, what lies between our cursor and the server's still follows: ours moves with it.
    if (!frame.resumed || this.cursor === undefined) this.cursor = frame.cursor;
    this.readyAt = this.options.timers.now();
    this.move({ kind: "ready" });
    this.options.handlers.ready(frame);
    this.flush();
    this.flushReads();
  }

  private refuse(frame: Named<"error">): void {
    const entry = frame.client_id === undefined ? undefined : this.queue.find(frame.client_id);
    if (!entry) {
      this.options.handlers.refused(frame.code, frame.message);
      return;
    }
    const id = entry.frame.client_id;
    this.clearFlight(id);
    if (RETRYABLE.has(frame.code)) this.hold(id, frame.retry_after_ms);
    else {
      this.queue.fail(id, frame.code);
      this.changed();
      this.flush();
    }
  }

  private hold(id: string, after: number | undefined): void {
    const tries = (this.held.get(id)?.tries ?? 0) + 1;
    const wait = after ?? this.jitter(tries);
    const timer = this.options.timers.set(() => {
      this.held.set(id, { timer: null, tries });
      this.flush();
    }, wait);
    this.held.set(id, { timer, tries });
  }

  private release(id: string): void {
    this.options.timers.clear(this.held.get(id)?.timer);
    this.held.delete(id);
  }

  /** The first open entry of each lane goes out, unless it is on its way or told to wait. */
  private flush(): void {
    if (this.state.kind !== "ready") return;
    const lanes = new Set<string>();
    for (const entry of this.queue.entries()) {
      if (entry.failed !== undefined) continue;
      const lane = this.options.lane(entry.frame);
      if (lanes.has(lane)) continue;
      lanes.add(lane);
      const id = entry.frame.client_id;
      if (this.inFlight.has(id) || (this.held.get(id)?.timer ?? null) !== null) continue;
      this.inFlight.set(id, this.options.timers.set(() => this.lost(), limits.answer));
      this.write({ type: "send", ...entry.frame });
    }
  }

  private flushReads(): void {
    for (const frame of this.reads.values()) this.write(frame);
    this.reads.clear();
  }

  private clearFlight(id: string): void {
    this.options.timers.clear(this.inFlight.get(id));
    this.inFlight.delete(id);
  }

  /** The link is gone or not to be trusted: back-off with full jitter, then again. */
  private lost(): void {
    const good = this.state.kind === "ready" && this.options.timers.now() - this.readyAt >= limits.settled;
    this.drop();
    this.attempt = good ? 1 : this.attempt + 1;
    const wait = this.jitter(this.attempt);
    this.timer = this.options.timers.set(() => this.open(), wait);
    this.move({ kind: "waiting", until: this.options.timers.now() + wait });
  }

  private jitter(attempt: number): number {
    const most = Math.min(limits.backoffMost, limits.backoffFirst * 2 ** Math.min(attempt - 1, 16));
    return Math.round(this.options.random() * most);
  }

  private drop(): void {
    const { timers } = this.options;
    timers.clear(this.timer);
    timers.clear(this.silenceTimer);
    for (const id of [...this.inFlight.keys()]) this.clearFlight(id);
    for (const id of [...this.held.keys()]) this.release(id);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** The server says a frame with every heartbeat, each 25 s: so long a silence is a dead link. A browser sees no pings. */
  private armSilence(): void {
    const { timers } = this.options;
    timers.clear(this.silenceTimer);
    if (this.state.kind !== "ready") return;
    this.silenceTimer = timers.set(() => this.online(), limits.silence);
  }

  private write(frame: object): void {
    this.socket?.send(JSON.stringify(frame));
  }

  private move(state: Status): void {
    this.state = state;
    this.armSilence();
    this.options.handlers.status(state);
  }

  private changed(): void {
    this.options.handlers.queue(this.queue.entries());
  }
}
