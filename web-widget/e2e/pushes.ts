/** A push service and a browser behind it. Chromium has none here: the page is given a subscription of ours, and what the server sends to it is opened as a browser would (RFC 8291) and handed to the real service worker. */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { BrowserContext, CDPSession, Page } from "playwright-core";

export type Pushed = { title: string; body: string; tag: string; url: string };
type Taken = { device: string; headers: IncomingHttpHeaders; body: Buffer };

/** So long a push may take. */
const PATIENCE = 30_000;

const url64 = (bytes: Buffer) => bytes.toString("base64url");

/** Who sends proves it (RFC 8292). */
function vouched(header: string, audience: string): void {
  const [, token = "", key = ""] = /^vapid t=(\S+), k=(\S+)$/.exec(header) ?? [];
  const [head = "", claims = "", signature = ""] = token.split(".");
  const point = Buffer.from(key, "base64url");
  const jwk = { kty: "EC", crv: "P-256", x: url64(point.subarray(1, 33)), y: url64(point.subarray(33)) };
  const fits = verify("sha256", Buffer.from(`${head}.${claims}`), { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as { aud: string; exp: number };
  if (!fits || said.aud !== audience || said.exp * 1_000 < Date.now()) throw new Error(`not vouched for: ${header}`);
}

export async function pushService() {
  const taken: Taken[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      taken.push({ device: (request.url ?? "").slice(1), headers: request.headers, body: Buffer.concat(parts) });
      waiting.forEach((wake) => wake());
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;

  /** The next push to a device. */
  const next = async (device: string): Promise<Taken> => {
    for (;;) {
      const at = taken.findIndex((one) => one.device === device);
      const [found] = at >= 0 ? taken.splice(at, 1) : [];
      if (found) return found;
      await new Promise<void>((done, failed) => {
        const late = setTimeout(() => failed(new Error(`no push to ${device}`)), PATIENCE);
        const wake = () => {
          clearTimeout(late);
          waiting.delete(wake);
          done();
        };
        waiting.add(wake);
      });
    }
  };
  return { url, next, waits: (device: string) => taken.filter((one) => one.device === device).length, close: () => server.close() };
}

export type PushService = Awaited<ReturnType<typeof pushService>>;

/** A browser's side of a subscription. */
export class Device {
  private readonly pair = createECDH("prime256v1");
  private readonly auth = randomBytes(16);
  private constructor(
    readonly name: string,
    private readonly service: PushService,
    private readonly page: Page,
    private readonly cdp: CDPSession,
  ) {
    this.pair.generateKeys();
  }

  /** The page's browser takes pushes from here: before it is loaded. */
  static async of(name: string, service: PushService, context: BrowserContext, page: Page): Promise<Device> {
    await context.grantPermissions(["notifications"]);
    const device = new Device(name, service, page, await context.newCDPSession(page));
    await device.cdp.send("ServiceWorker.enable");
    const said = { endpoint: `${service.url}/${name}`, expirationTime: null, keys: { p256dh: url64(device.pair.getPublicKey()), auth: url64(device.auth) } };
    await context.addInitScript((json: typeof said) => {
      let subscription: object | null = sessionStorage.getItem("push") ? {} : null;
      const make = (key: string) => ({ endpoint: json.endpoint, options: { applicationServerKey: Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0)).buffer }, toJSON: () => json, unsubscribe: () => { subscription = null; sessionStorage.removeItem("push"); return Promise.resolve(true); } });
      if (subscription) subscription = make(sessionStorage.getItem("push") ?? "");
      PushManager.prototype.subscribe = (options) => {
        const key = options?.applicationServerKey as string;
        sessionStorage.setItem("push", key);
        return Promise.resolve((subscription = make(key)) as unknown as PushSubscription);
      };
      PushManager.prototype.getSubscription = () => Promise.resolve(subscription as PushSubscription | null);
    }, said);
    return device;
  }

  private open(body: Buffer): string {
    const [salt, theirs, sealed] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)];
    const derive = (from: Buffer, by: Buffer, info: string | Buffer, length: number) => Buffer.from(hkdfSync("sha256", from, by, info, length));
    const secret = derive(this.pair.computeSecret(theirs), this.auth, Buffer.concat([Buffer.from("WebPush: info\0"), this.pair.getPublicKey(), theirs]), 32);
    const opened = createDecipheriv("aes-128-gcm", derive(secret, salt, "Content-Encoding: aes128gcm\0", 16), derive(secret, salt, "Content-Encoding: nonce\0", 12));
    opened.setAuthTag(sealed.subarray(-16));
    const text = Buffer.concat([opened.update(sealed.subarray(0, -16)), opened.final()]);
    return text.subarray(0, -1).toString();
  }

  /** The next push, opened, and handed to the service worker of the page. */
  async receive(): Promise<Pushed> {
    const { headers, body } = await this.service.next(this.name);
    vouched(headers.authorization ?? "", this.service.url);
    const text = this.open(body);
    const registrationId = await this.registration();
    await this.cdp.send("ServiceWorker.deliverPushMessage", { origin: new URL(this.page.url()).origin, registrationId, data: text });
    return JSON.parse(text) as Pushed;
  }

  private known: Promise<string> | undefined;
  private registration(): Promise<string> {
    return (this.known ??= this.ask());
  }

  private async ask(): Promise<string> {
    await this.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    return new Promise((done) => {
      this.cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const found = registrations.find((one) => !one.isDeleted);
        if (found) done(found.registrationId);
      });
      // Said anew to who enables it anew.
      void this.cdp.send("ServiceWorker.disable").then(() => this.cdp.send("ServiceWorker.enable"));
    });
  }

  /** What the device shows. */
  shown(): Promise<{ title: string; body: string; tag: string }[]> {
    return this.page.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map(({ title, body, tag }) => ({ title, body, tag }));
    });
  }

  /** Somebody clicks on a notice. */
  async click(tag: string): Promise<void> {
    const worker = this.page.context().serviceWorkers()[0] ?? (await this.page.context().waitForEvent("serviceworker"));
    await worker.evaluate(async (wanted) => {
      const scope = self as unknown as { registration: ServiceWorkerRegistration; dispatchEvent(event: Event): boolean };
      const [notification] = await scope.registration.getNotifications({ tag: wanted });
      const Click = (self as unknown as { NotificationEvent: new (kind: string, init: { notification?: Notification | undefined }) => Event }).NotificationEvent;
      scope.dispatchEvent(new Click("notificationclick", { notification }));
    }, tag);
  }
}
