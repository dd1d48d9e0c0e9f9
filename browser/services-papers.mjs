// Letters and their verification, what people say of the service, and the audit of it all.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { person } from './acts.mjs';

/** Whose letters these are. */
const mine = {};

async function fetched(visitor, path) {
  const answer = await visitor.page.context().request.get(visitor.site + path);
  if (!answer.ok()) throw new Error(`${path} answers ${answer.status()}`);
  return answer.body();
}

/** 受理回执: on the page, as PDF and as signed data. */
export async function receipt(acts) {
  mine.applicant = await acts.open();
  mine.number = (await acts.applyForPerson(mine.applicant, person(31, '甄文书'))).number;
  const { applicant } = mine;
  await applicant.go('/application/letters');
  await applicant.look('letters');
  await applicant.follow('受理回执');
  await applicant.look('letter-receipt');
  const text = await applicant.page.locator('.letter').innerText();
  mine.letter = /[\u4e00-\u9fff]〔\d{4}〕\d{6}号/.exec(text)[0];
  mine.code = /验证码：\s*([0-9A-Z-]{20,})/i.exec(text)[1];
  const place = new URL(applicant.page.url()).pathname;
  if (await applicant.page.getByRole('link', { name: '下载 PDF' }).count()) {
    fs.writeFileSync(`${acts.work}/receipt.pdf`, await fetched(applicant, `${place}/pdf`));
    const printed = execFileSync('pdftotext', ['-layout', `${acts.work}/receipt.pdf`, '-']).toString();
    for (const said of ['受理回执', mine.number, mine.code.trim()]) {
      if (!printed.replace(/\s/g, '').includes(said.replace(/\s/g, ''))) throw new Error(`the PDF does not say ${said}`);
    }
  }
  mine.data = await fetched(applicant, `${place}/data`);
}

async function verifyFile(visitor, name, buffer) {
  await visitor.go('/letters/verify');
  const mimeType = name.endsWith('.pdf') ? 'application/pdf' : 'application/json';
  await visitor.page.locator('#file').setInputFiles({ name, mimeType, buffer });
  await visitor.page.locator('form:has(#file) button').click();
}

/** Genuine by code and by file, changed where one sign is changed. */
export async function verification(acts) {
  const visitor = await acts.open();
  await visitor.go('/letters/verify');
  await visitor.press('核验', true);
  await visitor.look('verify-mistakes');
  await visitor.page.fill('#number', mine.letter);
  await visitor.page.fill('#code', mine.code);
  await visitor.press('核验', true);
  await visitor.sees('真实');
  await visitor.look('verify-genuine');
  await verifyFile(visitor, '回执.json', mine.data);
  await visitor.sees('真实');
  await visitor.look('verify-genuine-file');
  if (fs.existsSync(`${acts.work}/receipt.pdf`)) {
    await verifyFile(visitor, '回执.pdf', fs.readFileSync(`${acts.work}/receipt.pdf`));
    await visitor.sees('真实');
  }
  const changed = Buffer.from(mine.data.toString().replace('受理', '办结'));
  await verifyFile(visitor, '回执.json', changed);
  await visitor.sees('内容已被改动');
  await visitor.look('verify-changed');
}

/** 好差评: five levels; a bad one is answered, and the applicant reads it. */
export async function rating(acts) {
  const { applicant } = mine;
  await applicant.go('/application/rating');
  await applicant.look('rating-too-early');
  await applicant.go('/application');
  await applicant.page.locator('summary', { hasText: '撤回申请' }).click();
  await applicant.press('确认撤回');
  await applicant.follow('评价这次服务');
  await applicant.press('提交评价');
  await applicant.look('rating-mistakes');
  await applicant.page.locator('#level-2').check();
  await applicant.page.fill('#remark', '材料要求写得不清楚，跑了两趟');
  await applicant.press('提交评价');
  await applicant.look('rating-given');
  const officer = await acts.signIn('heg', '/admin/ratings');
  await officer.look('ratings');
  const form = officer.page.locator('section', { hasText: mine.number });
  await form.locator('textarea').fill('已核实，材料清单的说明不够具体，现已改写并公布。');
  await form.locator('button').click();
  await acts.confirm(officer, 'heg');
  await applicant.go('/application/rating');
  await applicant.sees('现已改写并公布');
  await applicant.look('rating-answered');
  await applicant.go('/ratings');
  await applicant.look('ratings-public');
}

/** A complaint, lodged by nobody in particular, accepted, answered, and followed by its code. */
export async function complaint(acts) {
  const visitor = await acts.open();
  await visitor.go('/complaints');
  await visitor.press('提交投诉');
  await visitor.look('complaint-mistakes');
  await visitor.page.locator('input[name=category]').first().check();
  await visitor.page.fill('#text', '十一月三十日上午在受理点等候两小时无人叫号，希望改进叫号办法。');
  await visitor.press('提交投诉');
  await visitor.look('complaint-lodged');
  const [number, code] = [await visitor.codes(0), await visitor.codes(1)];
  const officer = await acts.signIn('heg', '/admin/complaints');
  await officer.look('complaints');
  await officer.follow(number);
  await officer.look('complaint');
  for (const text of ['予以受理，正在向受理点了解情况', '已核实：当日叫号机故障，已修复并安排人工叫号。']) {
    await officer.page.locator('input[name=step]').first().check();
    await officer.page.fill('#text', text);
    await officer.press(/去签名/);
    await acts.confirm(officer, 'heg');
    await officer.go('/admin/complaints?state=');
    await officer.go(`/admin/complaints?q=${number}`);
    await officer.follow(number);
  }
  await officer.look('complaint-answered');
  await visitor.follow('查询办理情况');
  await visitor.page.fill('#number', number);
  await visitor.page.fill('#code', code);
  await visitor.press('查询');
  await visitor.sees('当日叫号机故障');
  await visitor.look('complaint-followed');
}

/** The auditor goes through the journal and marks what was gone through. */
export async function audit(acts) {
  const auditor = (acts.auditor = await acts.signIn('jiansc', '/admin/journal'));
  await auditor.look('journal');
  const nameless = await auditor.page.locator('tbody td:nth-child(3)').evaluateAll((cells) =>
    cells.map((cell) => cell.firstChild.textContent.trim()).filter((title) => /^[a-z_]+\.[a-z_-]+$/.test(title)),
  );
  if (nameless.length) throw new Error(`records without a title: ${nameless}`);
  await auditor.page.selectOption('#kind', 'application.reviewed');
  await auditor.press('查找');
  await auditor.look('journal-filtered');
  await auditor.follow('审计标记');
  await auditor.press(/去签名/);
  await auditor.look('audit-mistakes');
  const first = Number(/第 (\d+) 号至/.exec(await auditor.page.locator('main').innerText())[1]);
  await auditor.page.fill('#last', String(first + 20));
  await auditor.page.locator('#clear').check();
  await auditor.press(/去签名/);
  await auditor.look('audit-sign');
  await acts.confirm(auditor, 'jiansc');
  await auditor.go('/admin/journal/audits');
  await auditor.sees(`第 ${first} 至 ${first + 20} 号`);
  await auditor.look('audits');
  acts.auditedSeq = first + 1;
}

/** A record proves itself, and shows that it was audited. */
export async function proofOfRecord(acts) {
  const { auditor } = acts;
  await auditor.go(`/admin/journal/${acts.auditedSeq}`);
  await auditor.sees('证明成立');
  await auditor.sees('已审计');
  await auditor.look('journal-record');
  // What was proofed is named as the form names it.
  await auditor.go('/admin/journal?kind=application.proofed');
  await auditor.page.locator('tbody a').first().click();
  const proofed = await auditor.page.locator('main').innerText();
  // The record itself stands below as it was signed, with the names that programs use.
  const named = [...proofed.matchAll(/要素\s+(\S+)/g)].map((one) => one[1]);
  const code = named.find((one) => /[a-z]/.test(one));
  if (code || !named.length) throw new Error(`what was proofed is not in words: ${code}`);
  await auditor.look('journal-record-proof');
  await auditor.go('/admin/journal/consistency');
  await auditor.look('journal-consistency');
}
