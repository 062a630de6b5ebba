import type { Browser, BrowserContext, Locator, Page, Request } from 'playwright-core';

export type Language = 'en' | 'ru';
export type Role = 'operator' | 'viewer' | 'admin' | 'partner';

/** The user and the browser settings of a test. */
export interface OperatorOptions {
  readonly role?: Role;
  readonly name?: string;
  /** The language of the browser, or `system` for the one that it finds in its environment. */
  readonly language?: Language | 'system';
  /** A script that runs in every document before its own scripts. */
  readonly initScript?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Whether the screen can be touched. */
  readonly touch?: boolean;
}

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', ru: 'ru-RU' };
const ROLE_BUTTONS: Readonly<Record<Role, RegExp>> = {
  operator: /^(Operator|Оператор)$/,
  viewer: /^(Viewer|Наблюдатель)$/,
  admin: /^(Administrator|Администратор)$/,
  partner: /^(Partner|Партнёр)$/,
};

/** A user of the page with a separate browser context. */
export class Operator {
  /** Errors in the console of the browser: uncaught errors and blocked scripts. */
  readonly complaints = new Set<string>();

  /** The requests for an event stream that have not ended. */
  private readonly streams = new Set<Request>();

  /** The requests for an event stream so far. */
  streamsOpened = 0;

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly url: string,
  ) {
    page.on('request', (request) => {
      if (!request.url().endsWith('/api/v1/events')) return;
      this.streams.add(request);
      this.streamsOpened += 1;
    });
    page.on('requestfinished', (request) => this.streams.delete(request));
    page.on('requestfailed', (request) => this.streams.delete(request));
    page.on('pageerror', (error) => this.complaints.add(error.message));
    page.on('console', (message) => {
      // The page shows failed requests itself.
      if (message.type() === 'error' && !message.text().includes('Failed to load resource')) {
        this.complaints.add(message.text());
      }
    });
  }

  /** Opens a browser context with empty storage. */
  static async atDesk(browser: Browser, url: string, options: OperatorOptions = {}): Promise<Operator> {
    const { language = 'en', colorScheme = 'light', viewport = { width: 1280, height: 800 }, touch = false } = options;
    const locale = language === 'system' ? {} : { locale: LOCALES[language] };
    // Tests make their certificates themselves.
    const security = { ignoreHTTPSErrors: true };
    const context = await browser.newContext({ ...locale, ...security, colorScheme, viewport, hasTouch: touch });
    if (options.initScript !== undefined) await context.addInitScript(options.initScript);
    context.setDefaultTimeout(60_000);
    return new Operator(await context.newPage(), context, url);
  }

  /** Opens a browser context and signs in. */
  static async signedIn(browser: Browser, url: string, options: OperatorOptions = {}): Promise<Operator> {
    const operator = await Operator.atDesk(browser, url, options);
    await operator.open('/');
    await operator.signIn(options);
    return operator;
  }

  /** Opens another tab of the same browser, and signs in. */
  async anotherTab(options: OperatorOptions = {}): Promise<Operator> {
    const tab = new Operator(await this.context.newPage(), this.context, this.url);
    await tab.open('/');
    await tab.signIn(options);
    return tab;
  }

  async open(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.url).href);
  }

  async signIn({ role = 'operator', name = '' }: OperatorOptions = {}): Promise<void> {
    await this.page.locator('form input').fill(name);
    await this.page.getByRole('button', { name: ROLE_BUTTONS[role] }).click();
    await this.page.locator('header').waitFor();
  }

  /** Whether this tab reads an event stream itself. */
  get readsStream(): boolean {
    return this.streams.size > 0;
  }

  /** Waits until the event stream is open. */
  async live(): Promise<void> {
    await this.page.locator('.live-live').waitFor();
  }

  /** Waits until the user can see what the page has rendered. Keys do nothing to what was not seen. */
  async painted(): Promise<void> {
    await this.page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  }

  /** Moves the pointer away from the list, which then follows the orders. */
  async leave(): Promise<void> {
    await this.page.mouse.move(0, 0);
  }

  /** Opens the menu of the user. */
  async openUserMenu(): Promise<void> {
    await this.page.locator('header [aria-haspopup=menu]').click();
  }

  /** The row of an order in the queue. */
  row(orderId: string): Locator {
    return this.page.locator(`[id="order-${orderId}"]`);
  }

  async close(): Promise<void> {
    // A handler of a route that is still at work would fail when its page is gone.
    await Promise.all(this.context.pages().map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
    await this.context.close();
  }
}
