// People and registration offices: appointed, invited, gone; suspended and resumed.

import { person } from './acts.mjs';

const OFFICE = '云中区政务服务中心受理点';
const CLERK = { login: 'xinrl', name: '辛入列', passphrase: '山重水复疑无路 2026 柳暗花明' };

/** Fills in the form for a new person, signs; the invitation code that is shown once. */
async function invite(acts, boss, login, { login: name, name: called, role }) {
  const sort = role.replace('_', '-');
  await boss.go('/admin/people/new');
  await boss.press('去签名');
  await boss.look(`people-new-mistakes-${sort}`);
  await boss.page.fill('#login', name);
  await boss.page.fill('#name', called);
  await boss.page.locator(`#role-${role}`).check();
  await boss.look(`people-new-${sort}`);
  await boss.press('去签名');
  await boss.look(`people-sign-${sort}`);
  await acts.confirm(boss, login);
  await boss.look(`people-invited-${sort}`);
  return boss.codes(0);
}

/** 超级管理员 appoints a business administrator. */
export async function appoint(acts) {
  const chief = await acts.signIn('cheng', '/admin');
  await chief.look('admin-home');
  const next = { login: 'yexg', name: '叶新官', role: 'business_admin' };
  await invite(acts, chief, 'cheng', next);
  await chief.go('/admin/people');
  await chief.sees(next.name);
  await chief.look('people-list');
}

/** A clerk takes up the invitation with a passphrase and a one-time code, and signs in with them. */
export async function invited(acts) {
  const head = await acts.signIn('yejb', '/admin');
  const code = await invite(acts, head, 'yejb', { ...CLERK, role: 'entry_clerk' });
  const clerk = (acts.invitedClerk = await acts.open());
  await clerk.go('/login');
  await clerk.look('login');
  await clerk.follow('使用邀请码');
  await clerk.page.fill('#login', CLERK.login);
  await clerk.page.fill('#code', 'AAAA-AAAA-AAAA-AAAA-AAAA');
  await clerk.press('下一步');
  await clerk.look('invitation-wrong-code');
  await clerk.page.fill('#code', code);
  await clerk.press('下一步');
  await clerk.look('invitation-passphrase');
  const secret = (await clerk.page.locator('fieldset .code').first().textContent()).trim();
  await clerk.page.fill('#passphrase', '123456');
  await clerk.page.fill('#first', acts.totp(secret));
  await clerk.press('完成设置');
  await clerk.look('invitation-weak-passphrase');
  await clerk.page.fill('#passphrase', CLERK.passphrase);
  await clerk.page.fill('#first', acts.totp(secret));
  await clerk.press('完成设置');
  await clerk.sees('登录凭据已设好');
  await clerk.look('invitation-done');
  await clerk.follow('去登录');
  const enter = async (passphrase) => {
    await clerk.page.fill('#login', CLERK.login);
    await clerk.page.fill('#passphrase', passphrase);
    await clerk.page.fill('#code', acts.totp(secret, 1));
    await clerk.press('登录', true);
  };
  await enter('不是这一句口令，不是这一句');
  await clerk.look('login-mistakes');
  await enter(CLERK.passphrase);
  await clerk.go('/account');
  await clerk.sees(CLERK.name);
  await clerk.look('account');
}

/** Disabled, a clerk is out at once, in the middle of the work. */
export async function leaver(acts) {
  const head = await acts.signIn('yejb', '/admin');
  await head.go(`/admin/people?q=${CLERK.login}`);
  await head.follow(CLERK.login);
  await head.look('person');
  await head.follow('停用');
  await head.press('去签名');
  await head.look('person-leaving-mistakes');
  await head.page.fill('#reason', '离职');
  await head.press('去签名');
  await acts.confirm(head, 'yejb');
  await head.go(`/admin/people?q=${CLERK.login}&state=left`);
  await head.follow(CLERK.login);
  await head.sees('已停用');
  await head.look('person-left');
  const { invitedClerk: clerk } = acts;
  await clerk.go('/desk');
  if (!clerk.page.url().includes('/login')) throw new Error(`who was disabled still sees ${clerk.page.url()}`);
}

/** 注册机构 suspended by one click: nobody can hand in there, its clerks can do nothing. */
export async function suspendOffice(acts) {
  const applicant = (acts.ofOffice = await acts.open());
  acts.officeNumber = (await acts.applyForPerson(applicant, person(21, '甄受理'), OFFICE)).number;
  const late = (acts.late = await acts.open());
  await acts.begin(late, '/apply/new/person', OFFICE);
  const head = await acts.signIn('yejb', '/admin/offices');
  await head.look('offices');
  await head.follow(OFFICE);
  await head.look('office');
  await head.follow('暂停业务');
  await head.press('去签名');
  await head.look('office-suspension-mistakes');
  await head.page.fill('#reason', '监督检查发现核验记录不全，限期整改');
  await head.press('去签名');
  await head.look('office-suspension-sign');
  await acts.confirm(head, 'yejb');
  await head.go('/admin/offices');
  await head.follow(OFFICE);
  await head.look('office-suspended');
  const visitor = await acts.open();
  await visitor.go('/apply/new/person');
  if (await visitor.page.getByLabel(OFFICE).count()) throw new Error('the suspended office is still offered');
  await late.go('/application');
  await late.sees('受理机构已暂停业务');
  await late.look('hall-office-suspended');
  await late.follow(/阅读告知/);
  await late.page.locator('#read').check();
  await late.press(/确认，下一步/);
  await late.sees('该注册机构已被暂停');
  await late.look('hall-office-suspended-refusal');
  const officeClerk = (acts.officeClerk = await acts.signIn('yunsl', '/desk'));
  await acts.findAtDesk(officeClerk, acts.officeNumber);
  await officeClerk.look('desk-office-suspended');
  if (await officeClerk.page.getByRole('link', { name: '核验身份' }).count()) {
    await officeClerk.follow('核验身份');
    await acts.fillProof(officeClerk);
    await officeClerk.press(/去签名/);
    if (new URL(officeClerk.page.url()).pathname.startsWith('/sign/')) await acts.confirm(officeClerk, 'yunsl');
    await officeClerk.look('desk-office-suspended-refusal');
  }
  await acts.ofOffice.go('/application');
  if ((await acts.ofOffice.page.locator('main').innerText()).includes('身份核验已完成')) throw new Error('a suspended office proofed');
}

/** Lifted, the office goes on where it stood; suspended again, the institution takes over. */
export async function liftSuspension(acts) {
  const head = await acts.signIn('yejb', '/admin/offices');
  await head.follow(OFFICE);
  await head.follow('恢复业务');
  await head.look('office-resumption');
  await head.page.fill('#reason', '整改完成，复查合格');
  await head.press('去签名');
  await acts.confirm(head, 'yejb');
  await acts.proof(acts.officeClerk, 'yunsl', acts.officeNumber);
  const { late } = acts;
  await late.go('/application');
  await late.follow(/阅读告知/);
  await acts.readNotices(late);
  await head.go('/admin/offices');
  await head.follow(OFFICE);
  await head.follow('暂停业务');
  await head.page.fill('#reason', '注册机构将终止业务');
  await head.press('去签名');
  await acts.confirm(head, 'yejb');
  await head.look('office-takeover');
  await head.press(/接管这/);
  await head.look('office-takeover-sign');
  await acts.confirm(head, 'yejb');
  await head.sees('这里没有等待办理的申请');
  await acts.review(acts.reviewer, 'gush', acts.officeNumber);
  await acts.ofOffice.go('/application');
  await acts.ofOffice.sees('改由其他受理点办理');
  await acts.ofOffice.look('hall-taken-over');
}

/** A record of supervision with its file. */
export async function supervision(acts) {
  const head = await acts.signIn('yejb', '/admin/offices');
  await head.follow(OFFICE);
  await head.press('上传');
  await head.look('office-record-mistakes');
  await head.page.locator('#record-supervision').check();
  await acts.upload(head, 'file', '检查记录.png');
  await head.press('上传');
  await head.look('office-record');
  await head.page.locator('ul.plain-list a', { hasText: '监督检查' }).first().waitFor();
}
