// Every page that every role can come to by following links, in a real browser: none answers with
// an error, none holds a script or a style of its own, none is too wide for a narrow screen, and
// axe-core finds nothing serious. One picture of each page for the people who look.
//
//   node crawl.mjs SITE STAFF-FOLDER [PICTURES]

import fs from 'node:fs';
import { Visitor, launch } from './visitor.mjs';

const [site, staff, pictures] = process.argv.slice(2);
/** One address of each shape for each visitor: a list of thousands of certificates is one page. */
const SAME_SHAPE = 1;
/** The faces of the staff; what everybody sees, nobody in particular looks at. */
const STAFF = ['/desk', '/admin', '/account', '/sign'];
/** At most so many pages for one visitor. */
const MOST = 150;
let passed = 0;
const findings = [];

const browser = await launch();
const seen = new Set();
const people = fs.readdirSync(staff).filter((name) => name.endsWith('.key.pem')).map((name) => name.slice(0, -8));
await crawl('', '/');
for (const login of people.sort()) await crawl(login, '/desk', '/admin', '/account');
await browser.close();
for (const finding of findings) console.log(`FAILED: ${finding}`);
console.log(`${seen.size} shapes of pages`);
console.log(`${passed} passed, ${findings.length} failed`);
process.exit(findings.length === 0 ? 0 : 1);

/** The address without what changes from object to object. */
function shape(address) {
  const url = new URL(address, site);
  const path = url.pathname.replace(/\/[0-9A-Fa-f]{16,}/g, '/{id}').replace(/\/\d+/g, '/{n}');
  return `${path}?${[...url.searchParams.keys()].sort().join('&')}`;
}

async function crawl(login, ...starts) {
  const visitor = await Visitor.open(browser, { site, pictures, script: true, findings });
  if (login) {
    await visitor.go('/login/key?back=/account');
    await visitor.sign(login);
    await visitor.press('登录');
  }
  const times = new Map();
  const queue = starts.map((path) => ({ path, from: '' }));
  const visited = new Set();
  while (queue.length > 0 && visited.size < MOST) {
    const { path, from } = queue.shift();
    const kind = shape(path);
    if (visited.has(path) || (times.get(kind) ?? 0) >= SAME_SHAPE) continue;
    visited.add(path);
    times.set(kind, (times.get(kind) ?? 0) + 1);
    const links = await visit(visitor, { path, from, kind, login });
    for (const link of links) {
      if (!login || STAFF.some((face) => link.startsWith(face))) queue.push({ path: link, from: path });
    }
  }
  await visitor.page.context().close();
}

/** Looks at one page; where its links lead. */
async function visit(visitor, { path, from, kind, login }) {
  const { page } = visitor;
  const who = login || 'nobody';
  let answer;
  try {
    answer = await page.goto(site + path);
  } catch (error) {
    // A download is no page.
    if (/Download is starting|ERR_ABORTED/.test(error.message)) return [];
    findings.push(`${who} ${path}: ${error.message.slice(0, 200)}`);
    return [];
  }
  const status = answer.status();
  // A start may be closed to a role; a link that the role was shown may not.
  if (status === 403 && from === '') return [];
  if (status >= 400) {
    findings.push(`${who} ${path} answers ${status}, linked from ${from}`);
    return [];
  }
  if (!(answer.headers()['content-type'] ?? '').startsWith('text/html')) return [];
  const first = !seen.has(kind);
  if (first) {
    seen.add(kind);
    await judge(visitor, `${who}${path}`.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 80), { who, path });
  }
  passed += 1;
  return page.$$eval('a[href]', (all) =>
    all
      .filter((a) => !a.hasAttribute('download') && a.origin === location.origin)
      .map((a) => a.pathname + a.search)
      .filter((href) => !/\.(csv|xlsx|pem|der|crl|pdf|jsonl|json|cer)(\?|$)/.test(href)),
  );
}

async function judge(visitor, name, { who, path }) {
  const { page } = visitor;
  const inline = await page.$$eval('script:not([src]), [style], style', (all) => all.map((e) => e.outerHTML.slice(0, 80)));
  if (inline.length > 0) findings.push(`${who} ${path} holds ${inline[0]}`);
  const title = await page.title();
  if (!title || (await page.locator('h1').count()) !== 1) findings.push(`${who} ${path} has no title or not one h1`);
  await visitor.look(name);
  await page.setViewportSize({ width: 390, height: 800 });
  const width = await page.evaluate('document.documentElement.scrollWidth');
  if (width > 400) findings.push(`${who} ${path} is ${width} wide on a screen of 390`);
  await page.setViewportSize({ width: 1280, height: 900 });
}
