// 保存期限: how long what came with complaints and reports is kept is decided on their page, by signature: held and freed
// where that is the one choice, chosen where there are several, and said later where closing it left it open (ESL Art. 24).

import { execFileSync } from 'node:child_process';

const COURT = '某区人民法院要求调取，案号（2026）云01民初88号';
const OVER = '案件已经审结，法院已退还材料';
const LOOKED_UP = '查阅卷宗后补写：证书因此撤销';
const mine = {};

/** The form that decides about the term; another one stands above it while the complaint is open. */
const form = (officer) => officer.page.locator('form[action$="/keep"]');

/** Beside this field stands this; so does the list of mistakes at the head of the page. */
async function told(officer, field, text) {
  const beside = await officer.page.locator(`[id="${field}-error"], fieldset[id="${field}"] > .error`).allInnerTexts();
  if (!beside.some((one) => one.includes(text))) throw new Error(`beside ${field} stands “${beside}”, not “${text}”`);
  if (!(await officer.page.locator(`#mistakes a[href="#${field}"]`).count())) throw new Error(`the list of mistakes does not lead to ${field}`);
}

/** Signs what the form decides and comes back to the complaint; what is signed says all of this. */
async function decide(acts, officer, { said, picture }) {
  const place = officer.place;
  await form(officer).getByRole('button', { name: '去签名' }).click();
  const facts = await officer.page.locator('dl.facts').first().innerText();
  for (const text of said) {
    if (!facts.includes(text)) throw new Error(`what is signed does not say “${text}”: ${facts}`);
  }
  await officer.look(`${picture}-sign`);
  await acts.confirm(officer, 'heg');
  const here = new URL(officer.page.url()).pathname;
  if (here !== place) throw new Error(`after the signature stands ${here}, not ${place}`);
  await officer.look(picture);
}

/** The choices of the form, as people read them; none where there is but one thing to decide. */
const choices = (officer) => form(officer).locator('#keep .choice').allInnerTexts();

/** Decisions in their order: what was decided, and why. */
const decided = (officer) => officer.page.locator('section:has(> #keeping) .timeline li').allInnerTexts();

async function expectDecided(officer, wanted) {
  const found = await decided(officer);
  const fits = ([what, why], at) => found[at].startsWith(what) && found[at].includes(why);
  if (found.length !== wanted.length || !wanted.every(fits)) throw new Error(`decided was ${JSON.stringify(found)}`);
}

async function open(acts, number) {
  const officer = await acts.signIn('heg', `/admin/complaints?q=${number}`);
  await officer.follow(number);
  officer.place = new URL(officer.page.url()).pathname;
  return officer;
}

/** Held while a court needs it: the one thing to decide is no choice to make. */
export async function held(acts) {
  const visitor = await acts.open();
  await visitor.go('/complaints');
  await visitor.page.locator('#category-service').check();
  await visitor.page.fill('#text', '十一月三十日下午窗口提前半小时停止取号，希望公布停止取号的时间。');
  await visitor.press('提交投诉');
  const officer = (mine.officer = await open(acts, await visitor.codes(0)));
  if ((await choices(officer)).length) throw new Error('one thing to decide is offered as a choice');
  await form(officer).getByText('暂缓销毁').waitFor();
  await form(officer).getByRole('button', { name: '去签名' }).click();
  await officer.look('keep-one-mistakes');
  await told(officer, 'reason', '请写明理由');
  if (await officer.page.locator('#text-error, #step .error').count()) throw new Error('the other form is blamed');
  await officer.page.fill('#reason', '法院');
  await form(officer).getByRole('button', { name: '去签名' }).click();
  await told(officer, 'reason', '请写明理由');
  if ((await officer.page.inputValue('#reason')) !== '法院') throw new Error('what was typed is lost');
  await officer.page.fill('#reason', COURT);
  await decide(acts, officer, { said: ['暂缓销毁', COURT], picture: 'keep-one-held' });
  await officer.sees('已暂缓销毁：解除之前');
  await expectDecided(officer, [['暂缓销毁', COURT]]);
}

/** Freed again; the term holds once more. */
export async function freed(acts) {
  const { officer } = mine;
  if ((await choices(officer)).length) throw new Error('one thing to decide is offered as a choice');
  await form(officer).getByText('解除暂缓销毁').waitFor();
  await officer.page.fill('#reason', OVER);
  await decide(acts, officer, { said: ['解除暂缓销毁', OVER], picture: 'keep-one-freed' });
  await expectDecided(officer, [['暂缓销毁', COURT], ['解除暂缓销毁', OVER]]);
  const page = await officer.page.locator('section:has(> #keeping)').innerText();
  if (page.includes('已暂缓销毁') || !page.includes('届时自动销毁')) throw new Error(`the term reads ${page}`);
}

/** A report that led to nothing, as far as its clerk saw; its page after it is closed. */
async function closedReport(acts, text) {
  const finder = await acts.open();
  await finder.go('/problems');
  await finder.page.fill('#text', text);
  await finder.page.locator('#evidence').setInputFiles({ name: '截图.png', mimeType: 'image/png', buffer: acts.card });
  await finder.press('提交报告');
  const officer = await open(acts, await finder.codes(0));
  await officer.page.locator('#step-close').check();
  await officer.page.fill('#text', '已核对签发记录，没有发现异常。');
  await officer.page.locator('#outcome-nothing').check();
  await officer.press('去签名');
  await acts.confirm(officer, 'heg');
  await officer.sees('没有证书因此暂停或者撤销');
  return officer;
}

/** The year until whose day evidence is kept. */
async function keptUntil(officer) {
  const text = await officer.page.locator('section:has(> #keeping)').innerText();
  const year = /证据保存到 (\d{4})年/.exec(text);
  if (!year) throw new Error(`no term: ${text}`);
  return Number(year[1]);
}

/** With two things to decide, one is chosen: nothing chosen is told, beside its field, and nothing typed is lost. */
export async function chosen(acts) {
  const officer = (mine.several = await closedReport(acts, '收到一封冒用市档案馆人员名义签名的邮件，附件所用证书可疑。'));
  if ((await choices(officer)).length !== 2) throw new Error(`the choices are ${await choices(officer)}`);
  if (await form(officer).locator('input[name=keep]:checked').count()) throw new Error('something is chosen beforehand');
  await officer.page.fill('#reason', COURT);
  await form(officer).getByRole('button', { name: '去签名' }).click();
  await officer.look('keep-several-mistakes');
  await told(officer, 'keep', '请选择怎样办理');
  if ((await officer.page.inputValue('#reason')) !== COURT) throw new Error('what was typed is lost');
  await officer.page.locator('#keep-hold').check();
  await officer.look('keep-several');
  await decide(acts, officer, { said: ['暂缓销毁', COURT], picture: 'keep-several-held' });
  await officer.sees('已暂缓销毁：解除之前');
  await officer.page.locator('#keep-free').check();
  await officer.page.fill('#reason', OVER);
  await decide(acts, officer, { said: ['解除暂缓销毁', OVER], picture: 'keep-several-freed' });
  await expectDecided(officer, [['暂缓销毁', COURT], ['解除暂缓销毁', OVER]]);
}

/** 补写: a certificate was revoked for it after all. Which one is asked for beside the field; then the law's five years hold. */
export async function addedLater(acts) {
  const { several: officer } = mine;
  const serial = acts.batch.serials[2].toLowerCase();
  const five = new Date().getFullYear() + 5;
  if ((await keptUntil(officer)) >= five) throw new Error('what led to nothing is kept as long as the law asks of certificates');
  // What was said is said: it can only be added to, and the choice says so.
  if (!(await choices(officer)).some((one) => one.trim() === '补写因此暂停或者撤销的证书')) throw new Error(`the choices are ${await choices(officer)}`);
  if (await officer.page.locator('#keep_outcome-nothing').count()) throw new Error('the page offers to take back what was said');
  await officer.page.locator('#keep-mark').check();
  await officer.page.fill('#reason', LOOKED_UP);
  const mistaken = async (typed, text, picture) => {
    await officer.page.fill('#keep_serials', typed);
    await form(officer).getByRole('button', { name: '去签名' }).click();
    await officer.look(picture);
    await told(officer, 'keep_serials', text);
    if ((await officer.page.inputValue('#keep_serials')) !== typed) throw new Error('the serial numbers that were typed are lost');
    if ((await officer.page.inputValue('#reason')) !== LOOKED_UP) throw new Error('the reason that was typed is lost');
    if (!(await officer.page.locator('#keep-mark').isChecked())) throw new Error('the choice is lost');
  };
  await mistaken('', '请写明因这份报告暂停或者撤销的证书', 'keep-mark-mistakes');
  await mistaken('0A0B 0C0D', '不是本机构所发证书', 'keep-mark-strange');
  await officer.page.fill('#keep_serials', serial.toUpperCase().replace(/(.{4})(?=.)/g, '$1 '));
  await officer.look('keep-mark');
  await decide(acts, officer, { said: ['补写对证书状态的影响', '有证书因此暂停或者撤销', LOOKED_UP], picture: 'keep-mark-done' });
  if (!(await officer.page.locator(`section:has(> #keeping) a[href="/admin/certificates/${serial}"]`).count())) throw new Error('the certificate is not named');
  if ((await keptUntil(officer)) < five) throw new Error('what led to a revocation is not kept for five years');
}

/** Closed by a program from before it was asked: nothing is erased until somebody says what it came to. */
export async function saidLater(acts) {
  const officer = await closedReport(acts, '网上有人出售一张政务证书，看不清序列号，请核查。');
  const id = officer.place.split('/').pop();
  if (!/^[0-9A-Za-z-]+$/.test(id)) throw new Error(`no identifier: ${id}`);
  const taken = `PRAGMA busy_timeout = 10000; DELETE FROM voice_outcome WHERE complaint = '${id}'; SELECT changes();`;
  const rows = execFileSync('sqlite3', ['-batch', `${acts.data}/institution.db`, taken]).toString().trim().split('\n').pop();
  if (rows !== '1') throw new Error(`${rows} rows were taken out, not 1`);
  await officer.go(officer.place);
  await officer.sees('不会销毁；请在下面补写');
  await officer.page.locator('#keep-mark').check();
  await officer.page.fill('#reason', '查阅卷宗后补写：没有这张证书');
  await form(officer).getByRole('button', { name: '去签名' }).click();
  await officer.look('keep-unsaid-mistakes');
  await told(officer, 'keep_outcome', '请选择有没有证书因此暂停或者撤销');
  if (!(await officer.page.locator('#keep-mark').isChecked())) throw new Error('the choice is lost');
  await officer.page.locator('#keep_outcome-nothing').check();
  await decide(acts, officer, { said: ['补写对证书状态的影响', '没有证书因此暂停或者撤销'], picture: 'keep-unsaid-done' });
  await keptUntil(officer);
  await expectDecided(officer, [['补写对证书状态的影响', '没有这张证书']]);
}
