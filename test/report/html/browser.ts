import axe from 'axe-core';
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';

/** A page in Debian's own browser, and all that it did beside showing it. */
export interface Opened extends AsyncDisposable {
  page: Page;
  /** Errors, console messages, requests to elsewhere, dialogs: there should be none. */
  noise: string[];
}

export async function openPage(file: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const noise: string[] = [];
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => noise.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) noise.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  return { page, noise, [Symbol.asyncDispose]: () => browser.close() };
}

/** What axe-core finds wrong with it, a line each. */
export async function violations(page: Page): Promise<string[]> {
  // The page's own policy lets no script in.
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setBypassCSP', { enabled: true });
  await page.reload();
  await page.addScriptTag({ content: axe.source });
  // Not compiled here: this is the browser's side.
  return page.evaluate<string[]>(`(async () => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200));
  })()`);
}

export async function openAll(page: Page): Promise<void> {
  await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
}

/** When its first text was there, in milliseconds. */
export function firstPaintMs(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const look = () => {
      const [paint] = performance.getEntriesByName('first-contentful-paint');
      if (paint) resolve(paint.startTime);
      else requestAnimationFrame(look);
    };
    look();
  })`);
}
