// The way of Measures Art. 21 in a real browser, by three people in three sessions: once without
// JavaScript, once with it under axe-core. `scripts/browser` starts what it needs and calls it.
//
//   node walk.mjs SITE DATA-FOLDER WORK-FOLDER [PICTURES]

import fs from 'node:fs';
import { Visitor, launch } from './visitor.mjs';

const [site, data, work, pictures] = process.argv.slice(2);
let passed = 0;
let failed = 0;

const browser = await launch();
const card = await photograph();
for (const script of [false, true]) await walk(script);
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** A made-up identity card, as a picture. */
async function photograph() {
  const page = await browser.newPage({ viewport: { width: 640, height: 400 } });
  await page.setContent('<h1>样本证件</h1><p>甄有印　110101190001010014</p><p>仅供演示</p>');
  const picture = await page.screenshot();
  await page.close();
  return picture;
}

async function walk(script) {
  const findings = [];
  const parts = { site, script, findings, pictures: script ? undefined : pictures };
  const open = () => Visitor.open(browser, parts);
  const state = { name: script ? 'with scripts, under axe-core' : 'without scripts' };
  for (const step of [apply, proof, refusesItsOwnClerk, review, agree, receive, comeBack, largeAndNarrow]) {
    try {
      await step(open, state);
      passed += 1;
      console.log(`ok: ${state.name}: ${step.name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED: ${state.name}: ${step.name}: ${error.message.slice(0, 900)}`);
      return;
    }
  }
  for (const finding of findings) console.log(`FAILED: ${state.name}: ${finding}`);
  failed += findings.length;
}

/** The applicant reads the notices, fills in, hands in; mistakes come back, nothing is lost. */
async function apply(open, state) {
  const applicant = (state.applicant = await open());
  const { page } = applicant;
  await applicant.go('/');
  await applicant.look('hall-home');
  await applicant.go('/guides/new/person');
  await applicant.look('hall-guide');
  await applicant.go('/apply');
  await applicant.follow(/个人证书/);
  await applicant.press('开始申请');
  state.number = await applicant.codes(0);
  state.code = await applicant.codes(1);
  await applicant.follow(/阅读告知/);
  await applicant.press(/确认，下一步/);
  await applicant.look('hall-notice-not-read');
  for (let at = 0; at < 4; at += 1) {
    await page.locator('#read').check();
    await applicant.press(/确认，下一步/);
  }
  await page.fill('#holder_name', '甄有印');
  await page.fill('#id_number', '110101190001010013');
  await applicant.press('保存并继续');
  await applicant.look('hall-form-mistakes');
  if ((await page.inputValue('#holder_name')) !== '甄有印') throw new Error('what was typed is lost');
  await page.locator('#document_type-resident-card').check();
  await page.fill('#id_number', '110101190001010014');
  await page.locator('#show_identifier-no').check();
  await page.fill('#phone', '13000000000');
  await page.locator('#term_years-1').check();
  await applicant.press('保存并继续');
  const upload = async (name, mimeType, buffer) => {
    await page.locator('#file-identity_document').setInputFiles({ name, mimeType, buffer });
    await applicant.press('上传');
  };
  await upload('x.txt', 'text/plain', Buffer.from('hello'));
  await applicant.look('hall-material-refused');
  await upload('证件.png', 'image/png', card);
  await applicant.follow(/核对并提交/);
  await applicant.look('hall-check');
  await applicant.press('提交申请');
  await applicant.look('hall-submitted');
}

async function signIn(open, key, back) {
  const person = await open();
  await person.go(`/login/key?back=${back}`);
  await person.sign(key);
  await person.press('登录');
  return person;
}

/** A clerk proofs identity, element by element, and signs. */
async function proof(open, state) {
  const clerk = (state.clerk = await signIn(open, 'linsl', '/desk'));
  const { page } = clerk;
  await clerk.look('desk-queue');
  await clerk.follow(state.number);
  await clerk.look('desk-application');
  if ((await page.locator('body').innerText()).includes('110101190001010014')) throw new Error('the number is not masked');
  await page.fill('#reason', '核对证件号码');
  await clerk.press('查看未遮盖信息');
  await clerk.sees('110101190001010014');
  await clerk.follow('核验身份');
  const rows = page.locator('tbody tr');
  for (let at = 0; at < (await rows.count()); at += 1) {
    const choices = rows.nth(at).locator('select');
    await choices.nth(0).selectOption({ index: 1 });
    await choices.nth(1).selectOption({ index: 1 });
    await rows.nth(at).locator('input').fill('已当面核对；向该号码发送一次性代码，申请人当场报出');
    await choices.nth(2).selectOption('matched');
  }
  await clerk.look('desk-proof');
  await clerk.press(/去签名/);
  await clerk.look('desk-sign');
  await clerk.sign('linsl');
  await clerk.press('确认办理');
  await clerk.look('desk-proofed');
  await leadsOn(clerk);
}

/** Nothing more to do here: the next one that waits is one click away, and it is another. */
async function leadsOn(clerk) {
  const here = clerk.page.url();
  await clerk.follow('办理下一件（待核验）');
  if (clerk.page.url() === here) throw new Error('the next one is the same one');
  if (!(await clerk.page.getByRole('link', { name: '核验身份' }).count())) throw new Error('there is nothing to do with the next one');
  await clerk.page.goto(here);
}

/** Invariant 9: who proofed has no way to the review of the same application. */
async function refusesItsOwnClerk(_, { clerk }) {
  const place = new URL(clerk.page.url()).pathname;
  const answer = await clerk.page.goto(`${clerk.site}${place}/review`);
  if (answer.status() !== 403) throw new Error(`the clerk's review answers ${answer.status()}`);
  await clerk.look('desk-not-allowed');
}

/** Another person examines by the checklist and signs. */
async function review(open, state) {
  const reviewer = await signIn(open, 'gush', '/desk');
  const { page } = reviewer;
  await reviewer.go('/desk?queue=review');
  await reviewer.follow(state.number);
  await page.getByRole('link', { name: '审核', exact: true }).click();
  await page.locator('#approve').check();
  await reviewer.press('去签名');
  await reviewer.look('desk-review-mistakes');
  for (const line of await page.locator('input[name=ticked]').all()) await line.check();
  for (const other of await page.locator('input[name=duplicate]').all()) await other.check();
  await reviewer.press('去签名');
  await reviewer.sign('gush');
  await reviewer.press('确认办理');
  await reviewer.look('desk-reviewed');
}

/** Both sides sign the agreement; the applicant hands in a request made by OpenSSL. */
async function agree(_, { applicant, name }) {
  await applicant.go('/application');
  await applicant.follow('签署服务协议');
  await applicant.look('hall-agreement');
  const key = name === 'without scripts' ? 'first' : 'second';
  await applicant.sign(key);
  await applicant.press('签署协议');
  await applicant.follow('提交密钥');
  await applicant.page.locator('#file').setInputFiles(`${work}/${key}.csr.pem`);
  await applicant.press(/提交并签发/);
  await applicant.look('hall-certificate');
}

/** The code that went out by another way confirms receipt; a wrong one does not. */
async function receive(_, { applicant, number, name }) {
  const messages = fs.readdirSync(`${data}/outbox`).filter((file) => file.startsWith(number)).sort();
  const message = fs.readFileSync(`${data}/outbox/${messages.at(-1)}`, 'utf8');
  const answer = await applicant.page.context().request.get(`${site}/application/certificate/answer`);
  const key = name === 'without scripts' ? 'first' : 'second';
  fs.writeFileSync(`${work}/${key}.response`, await answer.body());
  await applicant.page.fill('#code', '00000000');
  await applicant.press('确认领取');
  await applicant.sees('激活码不正确');
  await applicant.page.fill('#code', /激活码 (\d{8})/.exec(message)[1]);
  await applicant.press('确认领取');
  await applicant.sees('已领取');
  await applicant.look('hall-confirmed');
}

/** Number and code open the application again; a wrong code does not. */
async function comeBack(open, state) {
  const later = (state.later = await open());
  const ask = async (code) => {
    await later.page.fill('#number', state.number);
    await later.page.fill('#code', code);
    await later.press('查询');
  };
  await later.go('/progress');
  await ask(state.code === '11111111' ? '22222222' : '11111111');
  await later.sees('验证码不正确');
  await ask(state.code);
  await later.sees('已领取');
}

/** The large mode and a narrow screen hold every page in its frame. */
async function largeAndNarrow(_, { later }) {
  await later.go('/apply');
  await later.press(/长辈版/);
  await later.look('hall-large');
  await later.page.setViewportSize({ width: 390, height: 800 });
  await later.go('/guides/new/person');
  const width = await later.page.evaluate('document.documentElement.scrollWidth').catch(() => 390);
  if (width > 400) throw new Error(`the guide is ${width} wide on a screen of 390`);
  await later.look('hall-narrow');
}
