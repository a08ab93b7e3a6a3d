/** amoCRM's fake as people use it: an account is connected by its page of consent, and its own pages are gone about in. */
import { type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import type { Fake } from "./fakes.ts";
import { demo } from "./people.ts";

/** The fake's own integration. */
const CLIENT = { id: "0d0d0d0d-1111-4222-8333-444444444444", secret: "demo-client-secret" };
export const HOST = "demo.amocrm.ru";

/** The steps on the screen, from the first to amoCRM's consent; the page goes on by itself. The integration is typed where it is not known yet. */
export async function allow(page: Page, amo: Fake): Promise<void> {
  await amo.act("integration", { redirect_uri: `${demo.url}/oauth/amocrm` });
  const form = page.locator("form.connect");
  await form.getByLabel("Где ваш аккаунт").selectOption({ label: "Мой домен amocrm.ru" });
  await form.getByLabel("Как подключить").selectOption({ label: "Кнопка amoCRM" });
  await form.getByText("Расширенные настройки").click();
  await form.getByLabel("Адрес прокси").fill(amo.url);
  await form.getByRole("button", { name: "Продолжить" }).click();
  const [id, away] = [form.getByLabel("ID интеграции"), form.getByRole("link", { name: "Перейти" })];
  await id.or(away).waitFor();
  if (await id.isVisible()) {
    await id.fill(CLIENT.id);
    await form.getByLabel("Секретный ключ").fill(CLIENT.secret);
    await form.getByRole("button", { name: "Продолжить" }).click();
  }
  const [theirs] = await Promise.all([page.context().waitForEvent("page"), away.click()]);
  await theirs.getByLabel("Аккаунт").selectOption({ index: 0 });
  await theirs.getByRole("button", { name: "Разрешить" }).click();
  await theirs.getByRole("heading", { name: "Готово, можно закрыть окно" }).waitFor();
  await theirs.close();
}

/** Somebody of the account in a browser of their own. */
export class Colleague {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly root: string,
  ) {}

  static async enter(browser: Browser, amo: Fake, name: string): Promise<Colleague> {
    const context = await browser.newContext({ locale: "ru", viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
    const root = `${amo.url}/${HOST}`;
    const page = await context.newPage();
    await page.goto(`${root}/login?user=${encodeURIComponent(name)}`);
    const colleague = new Colleague(context, page, root);
    await colleague.arrived("/");
    return colleague;
  }

  /** The page has come, and the widget's calls for this place are over. */
  private async arrived(path: string): Promise<void> {
    await this.page.locator(`main[data-ready="${path}"]`).waitFor();
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.root + path);
    await this.arrived(path.split("#")[0] ?? path);
  }

  get block(): Locator {
    return this.page.locator(".kommutator-block");
  }

  get dialog(): Locator {
    return this.page.locator(".kommutator-dialog");
  }

  notices(words: string): Locator {
    return this.page.getByRole("complementary", { name: "Центр уведомлений" }).locator(".notice", { hasText: words });
  }

  async says(words: string): Promise<void> {
    await this.dialog.getByLabel("Сообщение").fill(words);
    await this.dialog.getByRole("button", { name: "Отправить" }).click();
    await this.dialog.locator(".k-sent li", { hasText: words }).waitFor();
  }

  /** The widget put in, from its archive, with these settings; its check says `said` first. */
  async settings(fields: { address: string; key: string }): Promise<Locator> {
    const modal = this.page.getByRole("dialog", { name: "Kommutator" });
    await modal.getByLabel("Адрес Kommutator").fill(fields.address);
    await modal.getByLabel("API-ключ").fill(fields.key);
    await modal.getByRole("button", { name: "Проверить подключение" }).click();
    return modal;
  }
}
