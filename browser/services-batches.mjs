// 批量办理: one sheet for the people of a unit, every legal step for each of them.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { person } from './acts.mjs';

const UNIT = { name: '云中市档案馆', code: '12110101YX0000016B' };
const PEOPLE = [911, 912, 913, 914, 915].map((place, at) => person(place, `甄批${'甲乙丙丁戊'[at]}`));

/** One record of a CSV file, without the byte order mark. */
function headings(csv) {
  const first = csv.replace(/^\ufeff/, '').split(/\r?\n/)[0];
  return first.split(',').map((cell) => cell.replace(/^"|"$/g, ''));
}

function csvOf(rows) {
  const cell = (text) => `"${text.replace(/"/g, '""')}"`;
  return `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** A request with a key of its own, made by OpenSSL. */
function request(acts, name) {
  const [key, csr] = [`${acts.work}/${name}.pem`, `${acts.work}/${name}.request`];
  execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2', '-out', key], { stdio: 'ignore' });
  execFileSync('openssl', ['req', '-new', '-key', key, '-sm3', '-sigopt', 'distid:1234567812345678', '-subj', '/CN=x', '-out', csr]);
  return fs.readFileSync(csr, 'utf8');
}

async function download(visitor, path) {
  const answer = await visitor.page.context().request.get(visitor.site + path);
  if (!answer.ok()) throw new Error(`${path} answers ${answer.status()}`);
  return answer.text();
}

async function importSheet(acts, csv) {
  const { clerk } = acts;
  const buffer = Buffer.from(csv);
  await clerk.page.locator('#sheet').setInputFiles({ name: '人员.csv', mimeType: 'text/csv', buffer });
  await clerk.press('导入', true);
  await until(clerk, acts.batch.place, '正在导入', false);
}

/** Looks again until the page says, or no longer says, something. */
async function until(visitor, place, text, wanted) {
  for (let times = 0; times < 80; times += 1) {
    await visitor.go(place);
    if ((await visitor.page.locator('main').innerText()).includes(text) === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${place}: “${text}” ${wanted ? 'did not come' : 'did not go'}`);
}

/** Template, five rows with one mistake, the bad row comes back and is mended. */
export async function sheet(acts) {
  const { clerk } = acts;
  await clerk.go('/desk/batches/new');
  await clerk.press('建立批次');
  await clerk.look('batch-new-mistakes');
  await clerk.page.selectOption('#kind', 'staff');
  await clerk.page.fill('#unit_name', UNIT.name);
  await clerk.page.fill('#credit_code', UNIT.code);
  await clerk.page.fill('#contact_name', '联络人');
  await clerk.page.fill('#contact_phone', '13000000099');
  await clerk.page.fill('#contact_email', 'contact@example.gov.cn');
  await clerk.press('建立批次');
  await clerk.look('batch-begun');
  acts.batch = { place: new URL(clerk.page.url()).pathname };
  const titles = headings(await download(clerk, '/desk/batches/template?kind=staff&format=csv'));
  const row = (one, at) => {
    const cells = {
      姓名: one.name, 公民身份号码: one.number, 证书中是否载明公民身份号码: '不载明', 所在单位名称: UNIT.name,
      单位统一社会信用代码: UNIT.code, 职务或岗位: '科员', '单位所在省、自治区、直辖市': '北京市',
      手机号码: one.phone, 证书有效期: '一年', 证书请求: request(acts, `batch-${at}`),
    };
    return titles.map((title) => cells[title] ?? '');
  };
  const wrong = { ...PEOPLE[4], number: PEOPLE[4].number.replace(/.$/, (c) => (c === '1' ? '2' : '1')) };
  await importSheet(acts, csvOf([titles, ...[...PEOPLE.slice(0, 4), wrong].map(row)]));
  await clerk.sees('有问题 1 行');
  await clerk.look('batch-bad-row');
  const bad = await download(clerk, `${acts.batch.place}/sheets/1`);
  if (!bad.includes('校验') && !bad.includes('号码')) throw new Error(`the row does not say what is wrong: ${bad}`);
  fs.writeFileSync(`${acts.work}/bad-rows.csv`, bad);
  await importSheet(acts, bad.replaceAll(wrong.number, PEOPLE[4].number));
  const materials = clerk.page.locator('input[id^="file-"]');
  const names = await materials.evaluateAll((all) => all.map((one) => one.id));
  for (const name of names.filter((one) => one !== 'file-other')) {
    await acts.upload(clerk, name, '材料.png');
    await clerk.page.locator(`form:has(#${name}) button`).click();
  }
  await clerk.look('batch-materials');
  await clerk.follow(/告知确认并提交/);
  await clerk.press('去签名');
  await clerk.look('batch-enter-mistakes');
  for (const notice of await clerk.page.locator('input[name^="notice."]').all()) await notice.check();
  await clerk.press('去签名');
  await clerk.look('batch-enter-sign');
  await acts.confirm(clerk, 'linsl');
  await until(clerk, acts.batch.place, '核验身份（5 件）', true);
}

/** One act proofs all five; each has evidence of its own. */
export async function proof(acts) {
  const { clerk, batch } = acts;
  await clerk.go(batch.place);
  await clerk.follow(/核验身份（5 件）/);
  await acts.fillProof(clerk, '已按公开电话回拨单位核实');
  await clerk.press('去签名');
  await clerk.look('batch-proof-mistakes');
  await clerk.page.locator('#box-all').check();
  await clerk.press('去签名');
  await clerk.look('batch-proof-sign');
  await acts.confirm(clerk, 'linsl');
  await until(clerk, batch.place, '待审核', true);
}

/** Another person opens the samples and approves; without them it is refused. */
export async function review(acts) {
  const { reviewer, batch } = acts;
  await reviewer.go(batch.place);
  await reviewer.follow(/审核（5 件）/);
  const tick = async () => {
    for (const line of await reviewer.page.locator('input[name=ticked]').all()) await line.check();
  };
  await tick();
  await reviewer.press(/去签名/);
  await reviewer.look('batch-review-mistakes');
  const samples = await reviewer.page.locator('#sample li a').evaluateAll((all) => all.map((a) => a.pathname));
  for (const sample of samples) await reviewer.go(sample);
  await reviewer.look('batch-sample');
  await reviewer.go(`${batch.place}/review`);
  await tick();
  await reviewer.look('batch-review');
  await reviewer.press(/去签名/);
  await acts.confirm(reviewer, 'gush');
  await until(reviewer, batch.place, '审核通过，待签协议', true);
}

/** Agreement of the unit, issuing, and the table of what came out. */
export async function run(acts) {
  const { clerk, batch } = acts;
  await clerk.go(batch.place);
  await acts.upload(clerk, 'scan', '协议.png');
  await clerk.page.fill('#witness_1', '见证甲');
  await clerk.page.fill('#witness_2', '见证乙');
  await clerk.press(/登记协议/);
  await clerk.look('batch-ready');
  await clerk.press('开始签发');
  await until(clerk, batch.place, '已交付，待确认领取', true);
  await until(clerk, batch.place, '正在后台逐件办理', false);
  await clerk.look('batch-done');
  const result = await download(clerk, `${batch.place}/result`);
  fs.writeFileSync(`${acts.work}/result.csv`, result);
  batch.serials = [];
  for (const line of result.split(/\r?\n/).slice(1)) {
    const serial = line.split(',').map((cell) => cell.replace(/["']/g, '')).find((cell) => /^[0-9a-f]{24,40}$/i.test(cell));
    if (serial) batch.serials.push(serial);
  }
  if (batch.serials.length !== 5) throw new Error(`not five certificates: ${result}`);
  for (const serial of batch.serials) acts.expectStatus(serial, 'good');
}
