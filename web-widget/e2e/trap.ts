/** Tells of whatever an attack comes to: in pages, notifications, letters and downloads. What it says it sees is shown by its own test. */
import type { BrowserContext, Page } from "playwright-core";

/** What a page asks the device to show. */
export type Shown = { title: string; body: string };

export class Trap {
  /** Whatever should never happen. */
  readonly told: string[] = [];
  private readonly asked: Shown[] = [];

  /** `home`: where everything is loaded from. */
  constructor(private readonly home: string) {}

  /** From now on whatever happens in this browser is seen; before a page is opened. */
  async watch(context: BrowserContext, who: string): Promise<void> {
    const home = new URL(this.home).host;
    await context.exposeFunction("__told", (what: string) => void this.told.push(`${who}: ${what}`));
    await context.exposeFunction("__shown", (one: Shown) => void this.asked.push(one));
    await context.addInitScript(() => {
      const page = window as unknown as { __told(what: string): void; __shown(one: object): void; __ran(n: unknown): void };
      page.__ran = (n) => page.__told(`ran ${String(n)} on ${location.pathname}`);
      addEventListener("securitypolicyviolation", (event) => page.__told(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample} on ${location.pathname}`));
      // What a device shows is text; an address among it would be asked for, or followed.
      const show = (title: string, options: NotificationOptions = {}) => {
        const { icon, badge, image, data } = options as { icon?: string; badge?: string; image?: string; data?: { url?: string } };
        const addresses = [icon, badge, image, data?.url].filter((one) => one !== undefined);
        for (const one of addresses) if (new URL(one, location.href).origin !== location.origin) page.__told(`notification leads to ${one}`);
        page.__shown({ title, body: options.body ?? "" });
      };
      class Note {
        static permission = "granted";
        static requestPermission = () => Promise.resolve("granted");
        constructor(title: string, options?: NotificationOptions) {
          show(title, options);
        }
        close() {
          return undefined;
        }
      }
      Object.defineProperty(window, "Notification", { value: Note });
      if (!("ServiceWorkerRegistration" in window)) return;
      ServiceWorkerRegistration.prototype.showNotification = (title, options) => {
        show(title, options);
        return Promise.resolve();
      };
    });
    context.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (/^(http|ws)/.test(protocol) && host !== home) this.told.push(`${who}: asked for ${request.url()}`);
    });
    context.on("page", (page) => page.on("dialog", (dialog) => {
      this.told.push(`${who}: dialog ${dialog.message()}`);
      // A page that asks whether to leave would never end.
      void dialog.dismiss().catch(() => undefined);
    }));
  }

  /** What pages asked the device to show. */
  shown(): Shown[] {
    return this.asked;
  }

  /** What of a screen became more than words; `root`: within the shadow of this element. */
  elements(page: Page, root = ""): Promise<string[]> {
    return page.evaluate((host) => {
      const from = host ? document.querySelector(host)?.shadowRoot : document;
      const found = [...(from?.querySelectorAll("*") ?? [])].filter((one) => {
        const byHand = [...one.attributes].some(({ name, value }) => name.startsWith("on") || /^\s*(javascript|vbscript|data:text)/i.test(value) || (name === "style" && value.includes("evil")));
        const strange = one.matches(".evil, meta[http-equiv=refresh], base, form[action], [formaction], img[src='x'], iframe:not([src^='/'], [srcdoc]), script:not([src])");
        return byHand || strange || (one.matches("style") && one.textContent.includes("evil"));
      });
      // An object everything is made of that somebody wrote into.
      const tainted = Object.keys(Object.prototype).concat("evil" in {} ? ["evil"] : []);
      return found.map((one) => one.outerHTML.slice(0, 200)).concat(tainted.map((key) => `every object has ${key}`));
    }, root);
  }
}

/** What of a letter is more than words, or a head that nobody wrote. */
export function letterFaults(letter: string): string[] {
  const at = letter.search(/\n\n/);
  const head = letter.slice(0, at);
  const body = letter.slice(at).replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  const page = body.split(/content-type: text\/html/i)[1] ?? "";
  return [...(head.match(/^(bcc|content-type: text\/html).*/gim) ?? []), ...(page.match(/<(img|script|svg|iframe|b class|meta http-equiv|base)[^>]*|javascript:[^"]*"/gi) ?? [])];
}

/** How a file that is handed out could be taken for a page. */
export function fileFaults(answer: Response, name: string): string[] {
  const head = (of: string) => answer.headers.get(of) ?? "";
  const wrong = [
    answer.status !== 200 && `status ${answer.status}`,
    head("x-content-type-options") !== "nosniff" && "may be sniffed",
    !head("content-disposition").startsWith("attachment") && `disposition ${head("content-disposition")}`,
    /html|svg|xml|script/.test(head("content-type")) && `type ${head("content-type")}`,
    /[/\\]|\.\.\//.test(name) && "a path as its name",
  ];
  return wrong.filter((one) => one !== false).map((one) => `${name}: ${one}`);
}
