// A person at a browser: one context of Chromium, what it looks at, and what it photographs.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axeSource = () => fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** For each browser a context in which pages of visitors without scripts are judged, in one window at a time. */
const judges = new WeakMap();

async function judgeOf(browser) {
  if (!judges.has(browser)) {
    judges.set(browser, await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true, locale: 'zh-CN' }));
  }
  const context = judges.get(browser);
  // A window of its own for each page: what a page before is still doing holds up none.
  const former = context.pages();
  const page = await context.newPage();
  for (const one of former) await one.close();
  return page;
}

/** Chromium in Chinese: what it writes itself, on buttons that choose a file and in fields of days, is its own language
 *  and no page's. */
export function launch() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    env: { ...process.env, LANGUAGE: 'zh_CN' },
    args: ['--lang=zh-CN', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** What axe-core finds serious on a page where scripts run. */
async function axe(page) {
  await page.evaluate(axeSource());
  const result = await page.evaluate('axe.run()');
  return result.violations.filter((v) => ['serious', 'critical'].includes(v.impact));
}

/** A browser window. What it looks at is held to axe-core's rules, whether scripts run there or not. */
export class Visitor {
  static async open(browser, { site, pictures, only, script, findings }) {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      javaScriptEnabled: script,
      // axe-core is put into the page, which the pages' own policy forbids.
      bypassCSP: script,
      locale: 'zh-CN',
    });
    const page = await context.newPage();
    page.on('response', (answer) => {
      if (answer.status() >= 500) findings.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
    });
    return new Visitor({ page, site, pictures, only, script, findings });
  }

  constructor(parts) {
    Object.assign(this, parts);
  }

  async go(path) {
    await this.page.goto(this.site + path);
  }

  async follow(name, exact = false) {
    await this.page.getByRole('link', { name, exact }).first().click();
  }

  async press(name, exact = false) {
    await this.page.getByRole('button', { name, exact }).first().click();
  }

  /** Fails unless the page says this. */
  async sees(text) {
    const all = await this.page.locator('body').innerText();
    if (!all.includes(text)) throw new Error(`${this.page.url()} does not say “${text}”:\n${all.slice(0, 600)}`);
  }

  /** Keeps a picture (of `only` some, if so) and asks axe-core. */
  async look(name) {
    for (const found of await axe(this.script ? this.page : await this.copy())) {
      this.findings.push(`axe ${name}: ${found.id} (${found.impact}) ${found.nodes[0].html.slice(0, 160)}`);
    }
    Visitor.judged += 1;
    if (this.pictures && (!this.only || this.only.has(name))) {
      fs.mkdirSync(this.pictures, { recursive: true });
      await this.page.screenshot({ path: `${this.pictures}/${name}.png`, fullPage: true });
    }
  }

  /** The page as it stands, with its mistakes and what was filled in, in a window where scripts run:
   *  the document itself under its own address, the style from the site. */
  async copy() {
    const [address, body] = [this.page.url().split('#')[0], await this.page.content()];
    const page = await judgeOf(this.page.context().browser());
    const here = (url) => url.href === address;
    // For good, not once: to stop intercepting drops what is just being intercepted, and the page waits for it.
    await page.route(here, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
    await page.goto(address, { waitUntil: 'domcontentloaded' });
    // Without its style nothing could be said of contrast; nothing else is waited for.
    await page.waitForFunction('document.styleSheets.length > 0');
    return page;
  }

  /** Signs on the assistant's page, and comes back. */
  async sign(key) {
    await this.press('去签名');
    const offers = await this.page.locator('select[name=key] option').allTextContents();
    await this.page.locator('select[name=key]').selectOption({ index: offers.findIndex((t) => t.includes(key)) });
    await this.press('签名', true);
  }

  async codes(at) {
    const text = await this.page.locator('.receipt-codes dd').nth(at).textContent();
    return text.replace(/\s/g, '');
  }
}

/** How many states of pages axe-core has judged. */
Visitor.judged = 0;
