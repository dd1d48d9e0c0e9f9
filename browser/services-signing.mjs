// 应用签名: a key for an application, ordered by one person, confirmed by another, made and certified, stopped, and its
// certificates revoked by whoever did not stop it (Invariant 9).

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const NAME = '公文交换系统';
const mine = {};

/** The client of the application, as an administrator of interfaces makes it on the command line. */
function client(acts) {
  const secrets = `${acts.data}/demo-secrets`;
  const yinxin = (...words) => execFileSync(process.env.YINXIN_PROGRAM, words, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  const key = `${acts.work}/application`;
  yinxin('client', 'key', '--key', `${key}.key.pem`, '--public-key', `${key}.pub.pem`);
  const admin = ['--url', acts.site, '--client', fs.readFileSync(`${secrets}/admin.id`, 'utf8').trim(), '--client-key', `${secrets}/admin.key.pem`];
  return JSON.parse(yinxin('client', 'create', ...admin, '--name', NAME, '--public-key', `${key}.pub.pem`, '--roles', 'application')).id;
}

/** 业务管理员 orders a key; what is wrong comes back beside its field. */
export async function orderKey(acts) {
  const head = (mine.head = await acts.signIn('yejb', '/admin/signing'));
  await head.look('signing-none');
  await head.follow('新设签名密钥');
  await head.page.fill('#client', '00');
  await head.page.locator('input[name=operations]').first().uncheck();
  await head.press('去签名');
  await head.look('signing-order-mistakes');
  await head.page.fill('#client', client(acts));
  await head.page.fill('#name', NAME);
  await head.page.locator('input[name=operations]').first().check();
  await head.page.fill('#reason', '对外发公文加盖电子签名');
  await head.look('signing-order');
  await head.press('去签名');
  await head.look('signing-order-sign');
  await acts.confirm(head, 'yejb');
  await head.go('/admin/signing');
  await head.sees('待复核');
  await head.look('signing-ordered');
  await head.follow(NAME);
  mine.place = new URL(head.page.url()).pathname;
  if (await head.page.locator('#decision').count()) throw new Error('who ordered may confirm');
  await head.sees('等待下达人以外的人复核');
  await head.look('signing-waits');
}

/** Asks for a page again until it says this. */
async function until(visitor, place, text) {
  for (let times = 0; times < 120; times += 1) {
    await visitor.go(place);
    if ((await visitor.page.locator('main').innerText()).includes(text)) return;
    await visitor.page.waitForTimeout(500);
  }
  await visitor.sees(text);
}

/** 安全管理员 confirms; the key is made, and its certificates stand on the page. */
export async function confirmKey(acts) {
  const second = (mine.second = await acts.signIn('anqp', mine.place));
  await second.go(mine.place);
  await second.page.locator(`form[action$="/decision"]`).getByRole('button', { name: '去签名' }).click();
  await second.look('signing-decision-mistakes');
  await second.page.locator('#decision-confirm').check();
  await second.page.locator(`form[action$="/decision"]`).getByRole('button', { name: '去签名' }).click();
  await second.look('signing-decision-sign');
  await acts.confirm(second, 'anqp');
  await until(second, mine.place, '正在使用');
  await second.look('signing-active');
  mine.serial = (await second.page.locator('table td.code').first().textContent()).replace(/\s/g, '');
  acts.expectStatus(mine.serial, 'good');
}

/** Stopped for good by one signature: the certificates are on hold, until somebody else revokes them. */
export async function stopKey(acts) {
  const { head, second, place, serial } = mine;
  await second.press('停用，去签名');
  await second.look('signing-stop-mistakes');
  await second.page.locator('#cause-cessation').check();
  await second.page.fill('#stop-reason', '公文交换系统下线');
  await second.press('停用，去签名');
  await second.look('signing-stop-sign');
  await acts.confirm(second, 'anqp');
  await until(second, place, '停用人以外的人复核');
  await second.look('signing-stopped');
  acts.expectStatus(serial, 'certificateHold');
  await until(head, place, '撤销，去签名');
  await head.press('撤销，去签名');
  await head.look('signing-ending-mistakes');
  await head.page.locator('#read-yes').check();
  await head.press('撤销，去签名');
  await head.look('signing-ending-sign');
  await acts.confirm(head, 'yejb');
  await until(head, place, '复核撤销');
  await head.look('signing-ended');
  await until(head, place, '已撤销');
  acts.expectStatus(serial, 'cessationOfOperation');
}
