/** The people of the story and what they do, in their own words. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";

export type Demo = { url: string; widget_key: string; email: string; password: string; token: string };
export type File = { name: string; mimeType: string; buffer: Buffer };

export const demo = JSON.parse(process.env.KOMMUTATOR_DEMO ?? "{}") as Demo;
export const hostPage = process.env.KOMMUTATOR_PAGE ?? "";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Calls a server's API as its owner. */
export const caller = (at: Demo) => async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
  const answer = await fetch(`${at.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${at.token}`, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as Answer;
};
export const api = caller(demo);

/** What axe finds serious, by the rules of `only`, or by all. */
async function serious(page: Page, only: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async (rules) => {
    const run = (window as unknown as { axe: { run(root: Document, options: object): Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] }> } }).axe;
    const result = await run.run(document, { resultTypes: ["violations"], ...(rules.length > 0 && { runOnly: rules }) });
    return result.violations.filter((one) => one.impact === "serious" || one.impact === "critical").map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target.join(" ")} — ${node.failureSummary}`).join(" | ")}`);
  }, only);
}

/** No serious trouble for who sees little, hears only, or has no mouse. */
export async function accessible(page: Page, where: string): Promise<void> {
  expect(await serious(page, []), where).toEqual([]);
}

/** The same, of what depends on colours only. */
export async function colours(page: Page, where: string): Promise<void> {
  expect(await serious(page, ["color-contrast"]), where).toEqual([]);
}

/** Where pictures go, if somebody wants to look at them. */
export const PICTURES = process.env.KOMMUTATOR_SHOTS;

/** No serious trouble, light and dark; and a picture of each if somebody wants to look. */
export async function seen(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await accessible(page, `${name}, ${colorScheme}`);
    if (!PICTURES) continue;
    await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}.png`, fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-390.png`, fullPage: true });
    await page.setViewportSize({ width: 1440, height: 900 });
  }
  await page.emulateMedia({ colorScheme: "light" });
}

export class Manager {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async enter(browser: Browser, email: string, password: string, url = demo.url, prepare?: (context: BrowserContext) => Promise<unknown>): Promise<Manager> {
    const context = await browser.newContext({ locale: "ru", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
    await prepare?.(context);
    const page = await context.newPage();
    await page.goto(url);
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Пароль").fill(password);
    await page.getByRole("button", { name: "Войти" }).click();
    await page.locator(".rail .dot.on").waitFor();
    return new Manager(context, page);
  }

  row(words: string): Locator {
    return this.page.locator(".row", { hasText: words });
  }

  async open(words: string): Promise<void> {
    await this.row(words).click();
    await this.sees(words);
  }

  bubble(words: string): Locator {
    return this.page.locator(".msg .bubble", { hasText: words });
  }

  async sees(words: string): Promise<void> {
    await this.bubble(words).first().waitFor();
  }

  async says(words: string): Promise<void> {
    const area = this.page.locator(".composer textarea");
    await area.fill(words);
    await area.press("Enter");
    await this.page.locator(".msg.outbound[data-message]", { hasText: words }).waitFor();
  }

  async sends(files: File[]): Promise<void> {
    // As for a person: the button beside it works once it is known what the channel takes.
    await this.page.locator(".composer input[type=file] + button:enabled").waitFor();
    await this.page.locator(".composer input[type=file]").setInputFiles(files);
    await this.page.locator(".tray li").nth(files.length - 1).waitFor();
    await this.page.locator(".composer .go:enabled").click();
    for (const file of files) if (file.mimeType === "application/pdf") await this.page.locator(".msg[data-message] .file", { hasText: file.name }).waitFor();
  }

  /** The messages as they stand, by id. */
  order(): Promise<(string | null)[]> {
    return this.page.locator("[data-message]").evaluateAll((all) => all.map((one) => one.getAttribute("data-message")));
  }

  async counters(): Promise<Record<string, string>> {
    const text = async (id: string) => (await this.page.getByTestId(id).count()) > 0 ? ((await this.page.getByTestId(id).first().textContent()) ?? "") : "0";
    return { unanswered: await text("unanswered"), shown: await text("count-view") };
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.locator(".rail .dot.on").waitFor();
  }
}

export class Visitor {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async come(browser: Browser): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser);
    await visitor.open();
    return visitor;
  }

  /** Comes to a page of the site, or of another at a whole address, and does not open the chat. */
  static async arrive(browser: Browser, path = "", options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ locale: "ru", viewport: { width: 900, height: 760 }, reducedMotion: "reduce", permissions: ["microphone"], ...options });
    const visitor = new Visitor(context, await context.newPage());
    await visitor.page.goto(/^https?:/.test(path) ? path : hostPage + path);
    return visitor;
  }

  /** On a page that is there already. */
  static on(context: BrowserContext, page: Page): Visitor {
    return new Visitor(context, page);
  }

  /** A part of the widget. */
  in(selector: string): Locator {
    return this.page.locator(`kommutator-widget ${selector}`);
  }

  async open(): Promise<void> {
    await this.in(".launch").click();
    await this.in(".line .clip:enabled").waitFor();
  }

  async types(words: string): Promise<void> {
    const area = this.in("textarea");
    await area.fill(words);
    await area.press("Enter");
  }

  async says(words: string): Promise<void> {
    await this.types(words);
    await this.in(".msg.own:not(.waits)").filter({ hasText: words }).waitFor();
  }

  waiting(words: string): Locator {
    return this.in(".msg.own.waits").filter({ hasText: words });
  }

  said(words: string): Locator {
    return this.in(".msg").filter({ hasText: words });
  }

  async sends(files: File[]): Promise<void> {
    await this.in("input[type=file]").setInputFiles(files);
    await this.in(".go:enabled").click();
    for (const file of files) if (file.mimeType === "application/pdf") await this.in(".msg.own:not(.waits) .file").filter({ hasText: file.name }).waitFor();
  }

  pictures(): Locator {
    return this.in(".pic img");
  }

  file(name: string): Locator {
    return this.in(".file").filter({ hasText: name });
  }

  async words(): Promise<string> {
    return (await this.in(".log").textContent()) ?? "";
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.open();
  }
}

/** The picture is not only there but drawn. */
export async function drawn(picture: Locator): Promise<void> {
  await picture.scrollIntoViewIfNeeded();
  await expect.poll(() => picture.evaluate((one) => (one as HTMLImageElement).naturalWidth), { timeout: 30_000 }).toBeGreaterThan(0);
}

/** What stands behind a link, fetched as the page would. */
export async function bytesOf(page: Page, link: Locator): Promise<number> {
  const address = await link.evaluate((one) => (one as HTMLAnchorElement).href);
  return (await (await page.context().request.get(address)).body()).length;
}
