// The week after, and after the ceremonies of ceremonies.mjs: the report on the week's certificates, the generations of
// root and issuing CA, cross-certificates and the lists of other institutions. `scripts/browser` starts the service with
// its clock a week ahead and calls it.
//
//   node later.mjs SITE DATA-FOLDER WORK-FOLDER LIST-PORT [PICTURES]
//   YINXIN_PAGES=FOLDER node later.mjs …   a picture of every state there

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { Acts } from './acts.mjs';
import { Visitor, launch } from './visitor.mjs';

const [site, data, work, port, guides] = process.argv.slice(2);
const pages = process.env.YINXIN_PAGES;
const kept = pages ? { pictures: pages } : { pictures: guides, only: new Set(['sample']) };
const browser = await launch();
const findings = [];
const acts = new Acts({ browser, site, data, work, findings, ...kept });
let passed = 0;
for (const step of [report, sampled, lookedInto, generations, published, followed]) {
  try {
    await step();
    passed += 1;
    console.log(`ok: a week later: ${step.name}`);
  } catch (error) {
    findings.push(`${step.name}: ${error.stack.slice(0, 1500)}`);
  }
}
await browser.close();
for (const finding of findings) console.log(`FAILED: ${finding}`);
console.log(`${Visitor.judged} states of pages judged by axe-core`);
console.log(`${passed} passed, ${findings.length} failed`);
process.exit(findings.length === 0 ? 0 : 1);

/** No page is wider than a narrow screen, and none has another heading than one. */
async function narrow(visitor, name) {
  await visitor.page.setViewportSize({ width: 390, height: 800 });
  const width = await visitor.page.evaluate('document.documentElement.scrollWidth').catch(() => 390);
  if (width > 400) throw new Error(`${visitor.page.url()} is ${width} wide on a screen of 390`);
  await visitor.look(`${name}-narrow`);
  await visitor.page.setViewportSize({ width: 1280, height: 900 });
}

/** The auditor finds the report of the week, which nobody ordered. */
async function report() {
  const auditor = (acts.auditor = await acts.signIn('jiansc', '/admin/samples'));
  const link = auditor.page.locator('tbody a');
  for (let times = 0; times < 100 && (await link.count()) === 0; times += 1) {
    await auditor.page.waitForTimeout(1000);
    await auditor.go('/admin/samples');
  }
  await auditor.look('samples');
  await auditor.page.fill('#day', '2020-01-01');
  await auditor.press('查找');
  await auditor.sees('没有符合条件的报告');
  await auditor.look('samples-none');
  await auditor.go('/admin/samples');
  await link.first().click();
}

/** What was drawn, with what stood behind each; the signed file says the same. */
async function sampled() {
  const { auditor } = acts;
  await auditor.sees('抽签种子');
  await auditor.look('sample');
  await narrow(auditor, 'sample');
  const place = new URL(auditor.page.url()).pathname;
  const answer = await auditor.page.context().request.get(`${site}${place}/report.json`);
  const { signed, signature, key } = JSON.parse(await answer.text());
  fs.writeFileSync(`${work}/sample.txt`, signed);
  fs.writeFileSync(`${work}/sample.sig`, Buffer.from(signature, 'base64'));
  fs.writeFileSync(`${work}/sample.pem`, key);
  const openssl = (...words) => execFileSync('openssl', ['dgst', '-sm3', ...words, `${work}/sample.txt`], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  openssl('-sigopt', 'distid:1234567812345678', '-verify', `${work}/sample.pem`, '-signature', `${work}/sample.sig`);
  const shown = await auditor.page.locator('dl.facts').first().innerText();
  const digest = /[0-9a-f]{64}/.exec(openssl())[0];
  if (!shown.replace(/\s/g, '').toLowerCase().includes(digest)) throw new Error(`the page has another digest than ${digest}`);
  await auditor.page.fill('#q', 'ffff');
  await auditor.press('查找');
  await auditor.sees('没有符合条件的证书');
  await auditor.look('sample-none');
}

/** The auditor says what came of looking into it, and signs. */
async function lookedInto() {
  const { auditor } = acts;
  const place = new URL(auditor.page.url()).pathname;
  await auditor.go(place);
  await auditor.press('去签名');
  await auditor.look('sample-look-mistakes');
  await auditor.page.locator('#findings').check();
  await auditor.page.fill('#finding', '接口签发的几张没有附核验依据，已请业务管理员补充说明；其余逐张核对无误。');
  await auditor.press('去签名');
  await auditor.look('sample-look-sign');
  await acts.confirm(auditor, 'jiansc');
  await auditor.go(place);
  await auditor.sees('核实人');
  await auditor.look('sample-looked');
  await auditor.go('/admin/samples?only=looked');
  await auditor.look('samples-looked');
}

/** 管理台: both roots, both issuing keys, what each still signs; the cross-certificate; the list that no one brings. */
async function generations() {
  const head = (acts.head = await acts.signIn('yejb', '/admin/ca'));
  await head.sees('第 2 代');
  await head.look('ca-generations');
  await narrow(head, 'ca-generations');
  await head.go('/admin/trust');
  await head.sees('望海省SM2 CA');
  await head.look('trust-not-fetched');
}

/** 办事大厅: everybody finds the new root, the links between the roots and the cross-certificate. */
async function published() {
  const visitor = await acts.open();
  await visitor.go('/downloads');
  for (const said of ['第 2 代根证书', '链接证书', '交叉证书（与其他机构互认）', '望海省SM2 CA']) await visitor.sees(said);
  await visitor.look('downloads-generations');
  await narrow(visitor, 'downloads-generations');
  await visitor.go('/disclosure');
  await visitor.look('disclosure-generations');
}

/** The other institution's list is fetched when asked for, and stands there with its number. */
async function followed() {
  const list = fs.readFileSync(`${work}/peer/ca.crl`);
  const server = http.createServer((_, answer) => answer.end(list)).listen(Number(port), '127.0.0.1');
  const { head } = acts;
  const row = head.page.locator('tr', { hasText: `127.0.0.1:${port}` });
  for (let times = 0; times < 60 && !(await row.innerText()).includes('编号 1a'); times += 1) {
    await row.getByRole('button').click();
    await head.page.waitForTimeout(500);
    await head.go('/admin/trust');
  }
  await head.look('trust');
  await narrow(head, 'trust');
  server.close();
  if (!(await row.innerText()).includes('编号 1a')) throw new Error('the list was not taken');
}
