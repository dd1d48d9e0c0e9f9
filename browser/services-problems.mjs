// 问题报告: somebody who found a private key reports it without scripts, with a proof by that key; the certificate stops
// at once, and number and check code lead to what the institution makes of it (T-16).

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { person } from './acts.mjs';

const HOLDER = person(9, '甄失密');
const FOUND = '在公开的代码仓库里看到一个私钥文件，提交时间是十一月三十日上午。';
const mine = {};

/** The signature of a key over a text, in Base64. */
function signed(acts, key, text) {
  const [from, to] = [`${acts.work}/statement.txt`, `${acts.work}/statement.sig`];
  fs.writeFileSync(from, text);
  execFileSync('openssl', ['dgst', '-sm3', '-sigopt', 'distid:1234567812345678', '-sign', `${acts.work}/${key}.key.pem`, '-out', to, from]);
  return fs.readFileSync(to).toString('base64');
}

/** What is missing, a serial number of nobody's and another key's signature come back beside their fields; nothing is lost. */
export async function mistakenReport(acts) {
  Object.assign(mine, await acts.issuedFor('leaked', HOLDER));
  const finder = (mine.finder = await acts.open());
  await finder.go('/');
  await finder.follow('报告问题');
  await finder.look('problem-ask');
  await finder.press('提交报告');
  await finder.look('problem-mistakes');
  await finder.page.fill('#serial', '0A0B0C');
  await finder.press('取得要签名的声明');
  await finder.sees('没有签发过这个序列号的证书');
  await finder.look('problem-serial-mistake');
  await finder.page.fill('#serial', mine.serial);
  await finder.press('取得要签名的声明');
  mine.statement = (await finder.page.locator('#statement-text').textContent()).trim();
  await finder.page.fill('#text', FOUND);
  await finder.page.fill('#signature', signed(acts, 'first', mine.statement));
  await finder.press('提交报告');
  await finder.sees('不能证明私钥已经失密');
  await finder.look('problem-signature-mistake');
  if ((await finder.page.inputValue('#text')) !== FOUND) throw new Error('what was typed is lost');
  acts.expectStatus(mine.serial, 'good');
}

/** Proven and with the key as a file: suspended before the answer comes. */
export async function leakedKey(acts) {
  const { finder, statement, serial } = mine;
  await finder.page.fill('#signature', signed(acts, 'leaked', statement));
  const buffer = fs.readFileSync(`${acts.work}/leaked.key.pem`);
  await finder.page.locator('#evidence').setInputFiles({ name: '找到的文件.pem', mimeType: 'application/x-pem-file', buffer });
  await finder.press('提交报告');
  await finder.sees('已全部立即暂停');
  await finder.look('problem-lodged');
  [mine.report, mine.check] = [await finder.codes(0), await finder.codes(1)];
  acts.expectStatus(serial, 'certificateHold');
}

/** Number and code lead to where it stands; a wrong code does not. */
async function follow(finder, code) {
  await finder.go('/complaints/progress');
  await finder.page.fill('#number', mine.report);
  await finder.page.fill('#code', code);
  await finder.press('查询');
}

/** The officer reads the report, saves the evidence, takes it up; the finder reads of it. */
export async function reportTakenUp(acts) {
  const { finder, report, check } = mine;
  await follow(finder, check === '000000000000' ? '111111111111' : '000000000000');
  await finder.look('problem-wrong-code');
  await follow(finder, check);
  await finder.sees('待受理');
  await finder.look('problem-followed');
  const officer = await acts.signIn('heg', `/admin/complaints?q=${report}`);
  await officer.follow(report);
  await officer.look('problem-at-desk');
  const link = await officer.page.getByRole('link', { name: /证据 1/ }).getAttribute('href');
  const answer = await officer.page.context().request.get(acts.site + link);
  const kept = fs.readFileSync(`${acts.work}/leaked.key.pem`);
  if (!Buffer.from(await answer.body()).equals(kept)) throw new Error('the evidence is not what was handed in');
  await officer.page.locator('input[name=step]').first().check();
  await officer.page.fill('#text', '予以受理：签名已经核对，证书已暂停，正在与持有人联系。');
  await officer.press('去签名');
  const signed = await officer.page.locator('dl.facts').first().innerText();
  if (!signed.includes(report) || !signed.includes('受理') || signed.includes('accept')) throw new Error(`what is signed reads ${signed}`);
  await officer.look('problem-sign');
  await acts.confirm(officer, 'heg');
  await follow(finder, check);
  await finder.sees('正在与持有人联系');
  await finder.look('problem-taken-up');
}

/** The holder is told of the suspension, and that others brought it about. */
export async function holderTold(acts) {
  const { applicant: holder, serial } = mine;
  await holder.go('/application');
  await holder.sees('已暂停');
  await holder.look('problem-holder');
  await holder.go(`/query?serial=${serial}`);
  await holder.sees('已暂停');
}
