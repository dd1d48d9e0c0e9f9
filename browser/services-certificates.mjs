// What becomes of a certificate: suspended and resumed, replaced, revoked, by whoever may ask for it.
// OCSP says so at once; `openssl ocsp` asks.

import { person } from './acts.mjs';

const HOLDER = person(7, '甄持证');
/** The certificate of these stories. */
const mine = {};

/** A certificate to begin with. */
export async function issue(acts) {
  Object.assign(mine, await acts.issuedFor('holder', HOLDER));
  acts.expectStatus(mine.serial, 'good');
}

/** Starts a service for the holder's certificate and fills in the form, ground first. */
async function ask(acts, visitor, service, ground) {
  await visitor.go(`/apply/existing?serial=${mine.serial}`);
  await visitor.look(`hall-existing-${service}`);
  await visitor.page.locator(`a[href^="/apply/${service}/person"]`).click();
  await visitor.press('开始申请');
  const number = await visitor.codes(0);
  await visitor.follow(/下一步/);
  if (await visitor.page.locator('#read').count()) await acts.readNotices(visitor);
  if (ground) await visitor.page.locator(`#ground-${ground}`).check();
  await visitor.look(`hall-form-${service}`);
  await acts.fillPerson(visitor, HOLDER);
  return number;
}

/** Past the materials to the signature with the certificate's key, and handed in. */
async function signAndSubmit(visitor, key, picture) {
  if (await visitor.page.getByRole('link', { name: /下一步/ }).count()) await visitor.follow(/下一步/);
  await visitor.look(`${picture}-endorse`);
  await visitor.sign(key);
  await visitor.press(/交存签名/);
  await visitor.look(`${picture}-check`);
  await visitor.press('提交申请');
  await visitor.look(`${picture}-submitted`);
}

/** The clerk holds the signature of the certificate's key against the certificate. */
async function proofBySignature(acts, number, picture) {
  const { clerk } = acts;
  await acts.findAtDesk(clerk, number);
  await clerk.follow('核验身份');
  await clerk.page.selectOption('#method', 'certificate');
  await clerk.press('换用此方式');
  await acts.fillProof(clerk, '签名由原证书的密钥作出');
  await clerk.look(picture);
  await clerk.press(/去签名/);
  await acts.confirm(clerk, 'linsl');
}

/** The holder suspends by a signature with the certificate's own key. */
export async function suspend(acts) {
  const holder = await acts.open();
  const number = await ask(acts, holder, 'suspend', 'mislaid');
  await signAndSubmit(holder, 'holder', 'hall-suspend');
  await proofBySignature(acts, number, 'desk-proof-signature');
  acts.expectStatus(mine.serial, 'good');
  await acts.review(acts.reviewer, 'gush', number);
  acts.expectStatus(mine.serial, 'certificateHold');
  await holder.go('/application');
  await holder.look('hall-suspended');
  await holder.go(`/query?serial=${mine.serial}`);
  await holder.sees('已暂停');
  await holder.look('hall-query-suspended');
}

/** The counter resumes it for the holder, who is present. */
export async function resume(acts) {
  const { clerk } = acts;
  await clerk.go('/desk/enter');
  await clerk.page.selectOption('#service', 'resume');
  await clerk.page.selectOption('#kind', 'person');
  await clerk.page.fill('#concerns', mine.serial);
  await clerk.press('开始录入');
  const number = await clerk.codes(0);
  await clerk.follow(/下一步/);
  await clerk.page.locator('#ground-found').check();
  await acts.fillPerson(clerk, HOLDER);
  await acts.handInDocument(clerk);
  await clerk.follow(/下一步/);
  await clerk.press('提交申请');
  await acts.confirm(clerk, 'linsl');
  await acts.proof(clerk, 'linsl', number);
  await acts.review(acts.reviewer, 'gush', number);
  acts.expectStatus(mine.serial, 'good');
  await acts.findAtDesk(clerk, number);
  await clerk.look('desk-resumed');
}

/** A new key for the certificate, asked for with the old one; the old ends with the receipt. */
export async function renew(acts) {
  const holder = await acts.open();
  const number = await ask(acts, holder, 'rekey', 'rotation');
  await acts.handInDocument(holder);
  await signAndSubmit(holder, 'holder', 'hall-rekey');
  await proofBySignature(acts, number, 'desk-proof-rekey');
  await acts.review(acts.reviewer, 'gush', number);
  const old = mine.serial;
  acts.expectStatus(old, 'good');
  mine.serial = await acts.receive(holder, 'renewed', number);
  acts.expectStatus(mine.serial, 'good');
  acts.expectStatus(old, 'superseded');
  await holder.go('/application');
  await holder.look('hall-rekeyed');
}

/** The holder revokes by a signature; it is final. */
export async function revoke(acts) {
  const holder = await acts.open();
  const number = await ask(acts, holder, 'revoke', 'compromised');
  await signAndSubmit(holder, 'renewed', 'hall-revoke');
  await proofBySignature(acts, number, 'desk-proof-revoke');
  await acts.review(acts.reviewer, 'gush', number);
  acts.expectStatus(mine.serial, 'keyCompromise');
  await holder.go('/application');
  await holder.look('hall-revoked');
  await holder.go('/application/letters');
  await holder.follow(/撤销/);
  await holder.look('letter-revoked');
  await holder.go(`/apply/existing?serial=${mine.serial}`);
  if (await holder.page.locator('a[href^="/apply/resume"]').count()) throw new Error('what is revoked can be resumed');
  await holder.look('hall-existing-revoked');
}

/** Enters a revocation as far as its dry run. */
async function draft(acts, ground, { serials, requester, document, account, evidence }) {
  const { clerk } = acts;
  await clerk.go('/desk/revocations/new');
  await clerk.page.selectOption('#ground', ground);
  await clerk.press('选定');
  await clerk.page.fill('#serials', serials.join('\n'));
  await clerk.page.fill('#requester', requester);
  if (document) await clerk.page.fill('#document_number', document);
  await clerk.page.fill('#account', account);
  await clerk.look(`desk-revocation-${ground}-form`);
  for (const name of evidence) await acts.upload(clerk, `evidence-${name}`, '证据.png');
  await clerk.press('试算，不执行');
  await clerk.look(`desk-revocation-${ground}-dry-run`);
}

/** The second person confirms; who entered it cannot. */
async function confirmBySecond(acts, ground) {
  const { clerk, reviewer } = acts;
  const place = new URL(clerk.page.url()).pathname;
  await clerk.go(place);
  await clerk.look(`desk-revocation-${ground}-entered`);
  if (await clerk.page.locator('#confirm').count()) throw new Error('who entered may confirm');
  await reviewer.go('/desk/revocations?state=entered');
  await reviewer.look('desk-revocations');
  await reviewer.go(place);
  await reviewer.press('去签名');
  await reviewer.look(`desk-revocation-${ground}-review`);
  await reviewer.page.locator('#confirm').check();
  await reviewer.press('去签名');
  await reviewer.look(`desk-revocation-${ground}-sign`);
  await acts.confirm(reviewer, 'gush');
  await reviewer.go(place);
  await reviewer.look(`desk-revocation-${ground}-done`);
}

/** A unit's letter about two of its people: dry run, list, second person. */
export async function unitLetter(acts) {
  const serials = acts.batch.serials.slice(0, 2);
  const particulars = { serials, requester: '云中市档案馆', document: '云档函〔2026〕12号', account: '两名人员已调离，单位要求撤销证书' };
  await acts.clerk.go('/desk/revocations/new?ground=unit-left');
  await acts.clerk.press('试算，不执行');
  await acts.clerk.look('desk-revocation-mistakes');
  await draft(acts, 'unit-left', { ...particulars, evidence: ['letter'] });
  for (const serial of serials) acts.expectStatus(serial, 'good');
  await acts.clerk.press(/去签名/);
  await acts.confirm(acts.clerk, 'linsl');
  for (const serial of serials) acts.expectStatus(serial, 'good');
  await confirmBySecond(acts, 'unit-left');
  for (const serial of serials) acts.expectStatus(serial, 'affiliationChanged');
}

/** The second person does not confirm a call: the certificate is given back. */
async function rejectBySecond(acts) {
  const { clerk, reviewer } = acts;
  const place = new URL(clerk.page.url()).pathname;
  await reviewer.go(place);
  await reviewer.page.locator('#reject').check();
  await reviewer.page.fill('#reason', '回拨登记手机，本人称没有来电');
  await reviewer.press('去签名');
  await acts.confirm(reviewer, 'gush');
  await reviewer.sees('先行暂停已解除，证书恢复使用');
  await reviewer.look('desk-call-rejected');
  await reviewer.go('/desk/revocations?state=refused');
  await reviewer.look('desk-revocations-refused');
}

/** A call as far as the stop: one clerk, at once. */
async function stopByCall(acts, serial) {
  const { clerk } = acts;
  const particulars = { serials: [serial], requester: '甄来电', account: '来电称密码设备在车站被盗' };
  await draft(acts, 'phone-compromised', { ...particulars, evidence: [] });
  await clerk.press('发送一次性代码');
  await clerk.page.fill('#code', acts.posted('', /(?:代码|验证码)[^0-9]{0,12}(\d{8})/));
  await clerk.press('核对');
  await clerk.press(/去签名/);
  await acts.confirm(clerk, 'linsl');
  acts.expectStatus(serial, 'certificateHold');
}

/** By telephone: the code goes to the registered number; the certificate stops at once. */
export async function phoneCall(acts) {
  const { applicant, serial, number } = await acts.issuedFor('phone', person(8, '甄来电'));
  mine.called = applicant;
  mine.calledSerial = serial;
  await stopByCall(acts, serial);
  await rejectBySecond(acts);
  acts.expectStatus(serial, 'good');
  const particulars = { serials: [serial], requester: '甄来电', account: '来电称密码设备在车站被盗' };
  await draft(acts, 'phone-compromised', { ...particulars, evidence: [] });
  const { clerk } = acts;
  await clerk.press('发送一次性代码');
  await clerk.page.fill('#code', '00000000');
  await clerk.press('核对');
  await clerk.sees('代码不正确，请来电人重新报出');
  await clerk.look('desk-call-wrong-code');
  await clerk.page.fill('#code', acts.posted('', /(?:代码|验证码)[^0-9]{0,12}(\d{8})/));
  await clerk.press('核对');
  await clerk.look('desk-call-proven');
  await clerk.press(/去签名/);
  await acts.confirm(clerk, 'linsl');
  acts.expectStatus(serial, 'certificateHold');
  await confirmBySecond(acts, 'phone-compromised');
  acts.expectStatus(serial, 'keyCompromise');
  if (!number) throw new Error('no application');
}

/** The holder finds a letter about each change that others brought about. */
export async function toldOfChanges(acts) {
  const holder = mine.called;
  await holder.go('/application/letters');
  await holder.look('letters-status-told');
  // The list says which letter tells of what.
  for (const change of ['恢复使用', '撤销']) await holder.page.getByRole('link', { name: `证书状态变更告知书：${change}`, exact: true }).waitFor();
  await holder.page.getByRole('link', { name: '证书状态变更告知书：撤销', exact: true }).click();
  await holder.sees('状态变更');
  await holder.look('letter-status-told');
}

/** The business administrator suspends by one signature; a revocation waits for another. */
export async function orderedDirectly(acts) {
  const serial = acts.batch.serials[3];
  const head = await acts.signIn('yejb', '/admin');
  await head.go(`/admin/certificates/${serial}`);
  await head.look('admin-certificate-orders');
  await head.follow('暂停');
  await head.page.selectOption('#ground', 'ordered-hold');
  await head.press('选定');
  await head.press('去签名');
  await head.look('admin-suspend-mistakes');
  await head.page.fill('#document_number', '（2026）云01执协9号');
  await head.page.fill('#account', '云中市中级人民法院送达协助执行通知书，要求暂停该证书');
  await head.look('admin-suspend');
  await head.press('去签名');
  await head.look('admin-suspend-sign');
  await acts.confirm(head, 'yejb');
  await head.sees('已经办理');
  await head.look('admin-suspended');
  acts.expectStatus(serial, 'certificateHold');
  // Nobody resumes it by one signature: who lifts it stands on the line of the hold (liftedByTwo).
  await head.sees('有权机关');
  // The bar has 撤销列表.
  await head.follow('撤销', true);
  await head.page.selectOption('#ground', 'false-materials');
  await head.press('选定');
  await head.page.fill('#requester', '审核部门');
  await head.page.fill('#account', '核查发现申请材料系伪造');
  await acts.upload(head, 'evidence-finding', '核查记录.png');
  await head.look('admin-revoke');
  await head.press('去签名');
  await acts.confirm(head, 'yejb');
  await head.sees('等待另一人复核');
  await head.look('admin-revoke-entered');
  acts.expectStatus(serial, 'certificateHold');
}

/** What a court holds two people lift on its document: the administrator registers it, the reviewer confirms.
 *  Until then nothing changes; what was not filled in is asked for beside its field. */
export async function liftedByTwo(acts) {
  const { reviewer } = acts;
  const serial = acts.batch.serials[4];
  const head = await acts.signIn('yejb', '/admin');
  await head.go(`/admin/certificates/${serial}/suspend?ground=ordered-hold`);
  await head.page.fill('#document_number', '（2026）云01执协11号');
  await head.page.fill('#account', '云中市中级人民法院送达协助执行通知书，要求暂停该证书');
  await head.press('去签名');
  await acts.confirm(head, 'yejb');
  acts.expectStatus(serial, 'certificateHold');
  await head.go(`/admin/certificates/${serial}#holds`);
  await head.page.getByRole('link', { name: /^解除暂停：/ }).click();
  await head.sees('送另一人复核');
  await head.press('去签名');
  await head.look('admin-lift-mistakes');
  await head.page.fill('#requester', '云中市中级人民法院');
  await head.page.fill('#document_number', '（2026）云01执解3号');
  await head.page.fill('#account', '送达解除协助执行通知书，要求恢复该证书');
  await acts.upload(head, 'evidence-order', '解除通知书.png');
  await acts.upload(head, 'evidence-officer', '工作证.png');
  await head.look('admin-lift');
  await head.press('去签名');
  await head.look('admin-lift-sign');
  await acts.confirm(head, 'yejb');
  await head.sees('等待另一人复核');
  await head.look('admin-lift-entered');
  const place = new URL(head.page.url()).pathname;
  if (await head.page.locator('#confirm').count()) throw new Error('who registered it may confirm');
  acts.expectStatus(serial, 'certificateHold');
  await reviewer.go('/desk/revocations?state=entered');
  await reviewer.look('desk-liftings');
  await reviewer.go(place);
  await reviewer.sees('暂停 1 项');
  await reviewer.look('desk-lift-review');
  await reviewer.page.locator('#confirm').check();
  await reviewer.press('去签名');
  await reviewer.look('desk-lift-sign');
  await acts.confirm(reviewer, 'gush');
  acts.expectStatus(serial, 'good');
  await reviewer.go(place);
  await reviewer.sees('已解除');
  await reviewer.look('desk-lift-done');
  await head.go(`/admin/certificates/${serial}`);
  if (await head.page.locator('#holds').count()) throw new Error('the hold is still there');
  await head.look('admin-lifted');
}

/** By a court's order, with the document and the officer's card. */
export async function courtOrder(acts) {
  const serials = acts.batch.serials.slice(2, 3);
  const particulars = { serials, requester: '云中市中级人民法院', document: '（2026）云01执协7号', account: '协助执行通知书要求撤销该证书' };
  await draft(acts, 'ordered', { ...particulars, evidence: ['order', 'officer'] });
  await acts.clerk.press(/去签名/);
  await acts.confirm(acts.clerk, 'linsl');
  await confirmBySecond(acts, 'ordered');
  // OpenSSL 3.0 has no name for reason 9 (privilegeWithdrawn); the page has.
  acts.expectStatus(serials[0], 'revoked');
  await acts.clerk.go(`/query?serial=${serials[0]}`);
  await acts.clerk.sees('撤销原因');
  await acts.clerk.look('hall-query-revoked');
}
