// Verifying signatures and certificates in a real browser: with scripts what was signed doesn't leave
// the browser, without them it is uploaded; both come to the same report. `scripts/browser` calls it
// after the walk, whose certificates and keys it uses.
//
//   node verify.mjs SITE WORK-FOLDER [PICTURES]

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Visitor, launch } from './visitor.mjs';

const [site, work, guides] = process.argv.slice(2);
const pages = process.env.YINXIN_PAGES;
const kept = pages ? { pictures: pages } : { pictures: guides, only: new Set(['verify-report']) };
/** What may be found in no request where scripts run. */
const SENTENCE = '请于三个工作日内补正材料，逾期不补正的视为撤回申请。';

const browser = await launch();
const findings = [];
const file = (name) => `${work}/${name}`;
fs.writeFileSync(file('notice.txt'), SENTENCE);
fs.writeFileSync(file('changed.txt'), SENTENCE.replace('三', '五'));
execFileSync('openssl', ['dgst', '-sm3', '-sigopt', 'distid:1234567812345678', '-sign', file('first.key.pem'), '-out', file('notice.sig'), file('notice.txt')]);
const certificate = file('first/sign.pem');
let passed = 0;
for (const step of [empty, uploaded, hashedHere, changed, certificateAlone, leadsOn]) {
  try {
    await step();
    passed += 1;
    console.log(`ok: verify: ${step.name}`);
  } catch (error) {
    findings.push(`${step.name}: ${error.stack.slice(0, 1200)}`);
  }
}
await browser.close();
for (const finding of findings) console.log(`FAILED: ${finding}`);
console.log(`${passed} passed, ${findings.length} failed`);
process.exit(findings.length === 0 ? 0 : 1);

/** A browser under the pages' own policy; axe-core judges a copy of each page. */
async function open({ scripts }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: scripts, locale: 'zh-CN' });
  const page = await context.newPage();
  page.on('response', (answer) => answer.status() >= 500 && findings.push(`${answer.status()} ${answer.url()}`));
  page.on('pageerror', (error) => findings.push(`script: ${error.message}`));
  if (scripts) {
    page.on('request', (request) => {
      const sent = request.postDataBuffer()?.toString('utf8') ?? '';
      if (sent.includes(SENTENCE.slice(0, 12))) findings.push(`what was signed went to ${request.url()}`);
    });
  }
  return new Visitor({ page, site, script: false, findings, ...kept });
}

async function fill({ page }, content) {
  await page.goto(`${site}/verify`);
  await page.setInputFiles('#s_signature', file('notice.sig'));
  await page.setInputFiles('#s_content', file(content));
  await page.setInputFiles('#s_certificate', certificate);
  await page.getByRole('button', { name: '验证签名', exact: true }).click();
  await page.getByRole('heading', { name: '签名验证报告' }).waitFor({ timeout: 30_000 });
}

/** Nothing chosen: what is missing stands beside its field. */
async function empty() {
  const visitor = await open({ scripts: false });
  await visitor.go('/verify');
  await visitor.look('verify-ask');
  await visitor.press('验证证书');
  await visitor.sees('请选择要验证的证书文件');
  await visitor.press('验证签名');
  await visitor.sees('请选择签名文件');
  await visitor.look('verify-mistakes');
}

async function uploaded() {
  const visitor = await open({ scripts: false });
  await fill(visitor, 'notice.txt');
  await visitor.sees('每一项检查都通过');
  await visitor.sees('已上传，只用于本次验证，没有保存');
  await visitor.look('verify-report-uploaded');
}

async function hashedHere() {
  const visitor = await open({ scripts: true });
  await fill(visitor, 'notice.txt');
  await visitor.sees('每一项检查都通过');
  await visitor.sees('没有上传，本服务只收到杂凑值');
  await visitor.look('verify-report');
}

async function changed() {
  for (const scripts of [false, true]) {
    const visitor = await open({ scripts });
    await fill(visitor, 'changed.txt');
    await visitor.sees('签名值验证不通过');
    await visitor.sees('请不要信赖这个签名');
  }
}

async function certificateAlone() {
  const visitor = await open({ scripts: false });
  await visitor.go('/verify');
  await visitor.page.setInputFiles('#c_certificate', certificate);
  await visitor.page.selectOption('#c_purpose', 'encryption');
  await visitor.press('验证证书');
  await visitor.sees('不能用于加密');
  await visitor.look('verify-certificate-failed');
}

/** The page and those beside it lead to each other. */
async function leadsOn() {
  const visitor = await open({ scripts: false });
  await visitor.go('/query');
  await visitor.follow('签名与证书验证');
  await visitor.page.locator('main').getByRole('link', { name: '核验文书' }).click();
  await visitor.sees('用编号和验证码核验');
}
