// Signing with a key file in the page, in a real browser under the pages' own policy: a clerk signs in
// and signs an act; an applicant makes a key, signs the agreement, hands in the request and opens the
// answer. Nothing but signatures, requests and public keys may go out. `scripts/browser` calls it.
//
//   node keyfile.mjs SITE DATA-FOLDER WORK-FOLDER [PICTURES]

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Acts, person } from './acts.mjs';
import { Visitor, launch } from './visitor.mjs';

const [site, data, work, guides] = process.argv.slice(2);
const pages = process.env.YINXIN_PAGES;
/** What the guides show. */
const SHOWN = new Set(['keyfile-sign-in', 'keyfile-request']);
const PHRASE = '山重水复疑无路 2026';
const HOLDER = person(77, '甄自签');

const browser = await launch();
const findings = [];
const kept = pages ? { pictures: pages } : { pictures: guides, only: SHOWN };
/** The key file of somebody of the staff. */
const staff = (login) => `${data}/demo-secrets/staff/${login}.key.pem`;
const card = await photograph();
const acts = new Acts({ browser, site, data, work, findings, card, ...kept });
/** What may be found in no request: passphrase and private keys. */
const secrets = [PHRASE, encodeURIComponent(PHRASE)];
let passed = 0;
for (const step of [hiddenWithoutScripts, mistakes, ourSealedFile, signIn, signAct, makeKey, signAgreement, madeWithRequest, handIn, openAnswer, nothingKept]) {
  try {
    await step();
    passed += 1;
    console.log(`ok: key file: ${step.name}`);
  } catch (error) {
    findings.push(`${step.name}: ${error.stack.slice(0, 1500)}`);
    break;
  }
}
await browser.close();
for (const finding of findings) console.log(`FAILED: ${finding}`);
console.log(`${passed} passed, ${findings.length} failed`);
process.exit(findings.length === 0 ? 0 : 1);

/** A made-up identity card, as a picture. */
async function photograph() {
  const page = await browser.newPage({ viewport: { width: 640, height: 400 } });
  await page.setContent('<h1>样本证件</h1><p>仅供演示</p>');
  const picture = await page.screenshot();
  await page.close();
  return picture;
}

/** A browser with scripts, under the pages' own policy; what it sends is looked at. */
async function open() {
  // Visitor.open would put the policy aside for axe-core, which judges a copy of the page here.
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN' });
  const page = await context.newPage();
  const visitor = new Visitor({ page, site, script: false, findings, ...kept });
  page.on('request', (request) => {
    const sent = `${request.url()} ${request.postData() ?? ''}`;
    if (secrets.some((secret) => sent.includes(secret))) findings.push(`a secret went to ${request.url().slice(0, 80)}`);
    if (new URL(request.url()).origin !== site && !request.url().startsWith('blob:')) findings.push(`asked ${request.url()}`);
  });
  page.on('console', (message) => message.type() === 'error' && findings.push(`console: ${message.text().slice(0, 200)}`));
  page.on('pageerror', (error) => findings.push(`script: ${error.message}`));
  return visitor;
}

/** The file of a key, sealed by OpenSSL. */
function sealed(key) {
  const file = `${work}/sealed-${key.replace(/.*\//, '')}`;
  const how = ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-passout', `pass:${PHRASE}`];
  execFileSync('openssl', [...how, '-in', key, '-out', file]);
  const plain = fs.readFileSync(key, 'utf8').split('\n').slice(1, 3).join('');
  secrets.push(plain.slice(0, 60), plain.slice(64, 120));
  return file;
}

/** Fills in the form over a key file and presses its button. */
async function fill({ page }, form, { button = '签名', passphrase = PHRASE, ...files }) {
  for (const [field, file] of Object.entries(files)) await page.locator(`#${form}-${field}`).setInputFiles(file);
  await page.locator(`#${form}-passphrase`).fill(passphrase);
  await page.locator(`form[data-keyfile=${form}]`).getByRole('button', { name: button, exact: true }).click();
}

/** The mistake beside a field. */
async function expectMistake({ page }, field, words) {
  await page.locator(`#${field}-error`, { hasText: words }).waitFor({ timeout: 30_000 });
  if ((await page.locator(`#${field}`).getAttribute('aria-invalid')) !== 'true') throw new Error(`${field} isn't marked`);
  if ((await page.evaluate(() => document.activeElement.id)) !== field) throw new Error(`${field} isn't focused`);
}

async function hiddenWithoutScripts() {
  const visitor = await acts.open();
  await visitor.go('/login/key');
  if (await visitor.page.locator('form[data-keyfile]').isVisible()) throw new Error('the form is shown');
  if (!(await visitor.page.getByRole('button', { name: '去签名' }).isVisible())) throw new Error('the assistant is gone');
}

async function mistakes() {
  const clerk = await open();
  await clerk.go('/login/key?back=/desk');
  const key = sealed(staff('linsl'));
  await fill(clerk, 'sign', {});
  await expectMistake(clerk, 'sign-key', '请选择密钥文件');
  await fill(clerk, 'sign', { key, passphrase: '不是这一句' });
  await expectMistake(clerk, 'sign-passphrase', '口令不对');
  await clerk.look('keyfile-mistake');
  await fill(clerk, 'sign', { key: `${work}/first.csr.pem` });
  await expectMistake(clerk, 'sign-key', '不是密钥文件');
  if (await clerk.page.locator('#sign-passphrase-error').isVisible()) throw new Error('an old mistake is still shown');
  const certificate = `${work}/other.crt`;
  execFileSync('openssl', ['req', '-x509', '-key', `${work}/first.key.pem`, '-sm3', '-sigopt', 'distid:1234567812345678', '-subj', '/CN=a', '-out', certificate]);
  await fill(clerk, 'sign', { key, certificate });
  await expectMistake(clerk, 'sign-certificate', '不配套');
  if ((await clerk.page.inputValue('#sign-passphrase')) !== '') throw new Error('the passphrase is still there');
}

/** What `yinxin subscriber new` sealed, opened by the worker. */
async function ourSealedFile() {
  const somebody = await open();
  await somebody.go('/login/key');
  await fill(somebody, 'sign', { key: `${work}/ours.key.pem` });
  await somebody.page.getByText('已经签名，请确认登录').waitFor({ timeout: 60_000 });
}

/** Signs in the page instead of with the assistant, wherever a story signs. */
function byKeyFile(visitor) {
  visitor.sign = async (login) => {
    await fill(visitor, 'sign', { key: sealed(staff(login)) });
    await visitor.page.waitForURL(/signature=/, { timeout: 30_000 });
  };
  return visitor;
}

async function signIn() {
  acts.clerk = byKeyFile(await open());
  const { clerk } = acts;
  await clerk.go('/login/key?back=/desk');
  await clerk.page.locator('#sign-key').waitFor();
  await clerk.look('keyfile-sign-in');
  await clerk.sign('linsl');
  await clerk.press('登录');
  await clerk.sees('林受理');
}

/** An application is proofed and reviewed, both signed by key files. */
async function signAct() {
  acts.applicant = await acts.open();
  acts.codes = await acts.applyForPerson(acts.applicant, HOLDER);
  await acts.proof(acts.clerk, 'linsl', acts.codes.number);
  const reviewer = byKeyFile(await open());
  await reviewer.go('/login/key?back=/desk');
  await reviewer.sign('gush');
  await reviewer.press('登录');
  await acts.review(reviewer, 'gush', acts.codes.number);
}

async function download({ page }, link, name) {
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
  await file.saveAs(`${work}/${name}`);
  return `${work}/${name}`;
}

/** Makes a key in the page; its file. */
async function make(holder, name) {
  const { page } = holder;
  const form = page.locator('form[data-keyfile=make]');
  const press = () => form.getByRole('button', { name: '生成密钥' }).click();
  await press();
  await expectMistake(holder, 'make-agreed', '请先确认');
  await page.locator('#make-agreed').check();
  await page.fill('#make-passphrase', '太短了');
  await press();
  await expectMistake(holder, 'make-passphrase', '至少 12 个字');
  await page.fill('#make-passphrase', PHRASE);
  await page.fill('#make-again', `${PHRASE}7`);
  await press();
  await expectMistake(holder, 'make-again', '不一样');
  await page.fill('#make-passphrase', PHRASE);
  await page.fill('#make-again', PHRASE);
  await press();
  const link = form.getByRole('link', { name: '下载密钥文件' });
  await link.waitFor();
  if (await page.locator('#make-saved').isEnabled()) throw new Error('saved before it was downloaded');
  const file = await download(holder, link, name);
  await page.locator('#make-saved').check();
  return file;
}

async function makeKey() {
  const holder = (acts.holder = await open());
  await holder.go('/progress');
  await holder.page.fill('#number', acts.codes.number);
  await holder.page.fill('#code', acts.codes.code);
  await holder.press('查询');
  await holder.go('/application/agreement');
  acts.key = await make(holder, 'made.key.pem');
  await holder.sees('密钥文件已经保存');
  await holder.look('keyfile-made');
  const said = execFileSync('openssl', ['pkey', '-in', acts.key, '-passin', `pass:${PHRASE}`, '-noout', '-text']).toString();
  if (!said.includes('SM2')) throw new Error(`OpenSSL says ${said}`);
}

async function signAgreement() {
  const { holder } = acts;
  await fill(holder, 'sign', { key: acts.key });
  await holder.page.waitForURL(/signature=/, { timeout: 30_000 });
  await holder.press('签署协议');
  await holder.sees('提交密钥');
}

/** A key made on the page of the request: the request is there once the file was saved, not before. */
async function madeWithRequest() {
  const { holder } = acts;
  await holder.go('/application/key');
  const form = holder.page.locator('form[data-keyfile=make]');
  await holder.page.locator('#make-agreed').check();
  await holder.page.fill('#make-passphrase', PHRASE);
  await holder.page.fill('#make-again', PHRASE);
  await form.getByRole('button', { name: '生成密钥' }).click();
  const link = form.getByRole('link', { name: '下载密钥文件' });
  await link.waitFor();
  if ((await holder.page.inputValue('#csr')) !== '') throw new Error('the request is there before its key was saved');
  const file = await download(holder, link, 'made-too.key.pem');
  await holder.page.locator('#make-saved').check();
  const request = await holder.page.inputValue('#csr');
  await holder.look('keyfile-request');
  fs.writeFileSync(`${work}/made-too.csr`, request);
  execFileSync('openssl', ['req', '-in', `${work}/made-too.csr`, '-verify', '-vfyopt', 'distid:1234567812345678', '-noout'], { stdio: 'pipe' });
  const key = execFileSync('openssl', ['pkey', '-in', file, '-passin', `pass:${PHRASE}`, '-pubout']).toString();
  const requested = execFileSync('openssl', ['req', '-in', `${work}/made-too.csr`, '-noout', '-pubkey']).toString();
  if (key !== requested) throw new Error('the request is of another key');
}

/** The request of the key that signed the agreement. */
async function handIn() {
  const { holder } = acts;
  await holder.go('/application/key');
  await fill(holder, 'request', { key: acts.key, button: '生成证书请求' });
  await holder.page.waitForFunction(() => document.getElementById('csr').value !== '', null, { timeout: 30_000 });
  await holder.press(/提交并签发/);
  await holder.sees('领取证书');
}

/** The answer opened in the page: certificates and keys belong together, says OpenSSL. */
async function openAnswer() {
  const { holder } = acts;
  const { page } = holder;
  const response = await download(holder, page.getByRole('link', { name: '下载签发结果' }), 'made.p7');
  await fill(holder, 'open', { response, key: `${work}/made-too.key.pem`, button: '打开' });
  await expectMistake(holder, 'open-response', '不是给这把密钥的');
  // A key file that no passphrase guards: the one for the new file is set here, and typed twice.
  const plain = `${work}/made-plain.key.pem`;
  execFileSync('openssl', ['pkey', '-in', acts.key, '-passin', `pass:${PHRASE}`, '-out', plain]);
  secrets.push(fs.readFileSync(plain, 'utf8').split('\n')[1].slice(0, 60));
  const again = page.locator('#open-again');
  if (await again.isVisible()) throw new Error('a passphrase that there is was asked for twice');
  await fill(holder, 'open', { response, key: plain, button: '打开' });
  await expectMistake(holder, 'open-again', '不一样');
  await holder.look('keyfile-open-again');
  await page.fill('#open-passphrase', PHRASE);
  await again.fill(PHRASE);
  await page.locator('form[data-keyfile=open]').getByRole('button', { name: '打开', exact: true }).click();
  await page.getByRole('link', { name: '保存加密密钥' }).waitFor();
  if (await again.isVisible()) throw new Error('it is asked for after the key was opened');
  await fill(holder, 'open', { response, key: acts.key, button: '打开' });
  const link = (name) => page.getByRole('link', { name });
  await link('保存签名证书').waitFor();
  await holder.look('keyfile-opened');
  const sign = await download(holder, link('保存签名证书'), 'made-sign.pem');
  const encryption = await download(holder, link('保存加密证书'), 'made-enc.pem');
  const key = await download(holder, link('保存加密密钥'), 'made-enc.key.pem');
  const certified = (file) => execFileSync('openssl', ['x509', '-in', file, '-noout', '-pubkey']).toString();
  const held = (file) => execFileSync('openssl', ['pkey', '-in', file, '-passin', `pass:${PHRASE}`, '-pubout']).toString();
  if (certified(sign) !== held(acts.key)) throw new Error('the signing certificate is of another key');
  if (certified(encryption) !== held(key)) throw new Error('the encryption certificate is of another key');
  await acts.confirmReceipt(holder, acts.codes.number);
  await holder.sees('已领取');
}

/** No storage holds anything, of the applicant or of the clerk. */
async function nothingKept() {
  for (const visitor of [acts.holder, acts.clerk]) {
    const kept = await visitor.page.evaluate(async () => {
      const databases = await indexedDB.databases();
      return localStorage.length + sessionStorage.length + databases.length + (await caches.keys()).length;
    });
    if (kept !== 0) throw new Error(`${kept} things were kept`);
  }
}
