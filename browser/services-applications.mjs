// Applications that do not go straight through, and those that the counter enters.

import { person } from './acts.mjs';

/** What has to be mended is told all at once; mended and handed in again, it goes through. */
export async function supplement(acts) {
  const applicant = await acts.open();
  const { number } = await acts.applyForPerson(applicant, person(2, '甄补正'));
  const { clerk } = acts;
  await acts.findAtDesk(clerk, number);
  await clerk.follow('退回补正');
  await clerk.press(/去签名/);
  await clerk.look('desk-supplement-mistakes');
  await acts.findAtDesk(clerk, number);
  await clerk.follow('退回补正');
  const items = [
    ['material:identity_document', '身份证件照片反光，号码无法辨认', '重新拍摄后上传，四角完整、文字清晰'],
    ['phone', '登记的手机号码无法接通', '填写本人正在使用的手机号码'],
  ];
  for (const [target, defect, remedy] of items) {
    await clerk.page.locator(`[name="defect.${target}"]`).fill(defect);
    await clerk.page.locator(`[name="remedy.${target}"]`).fill(remedy);
    await clerk.page.locator(`[name="article.${target}"]`).fill('《电子政务电子认证服务管理办法》第二十一条');
  }
  await clerk.look('desk-supplement');
  await clerk.press(/去签名/);
  await clerk.look('desk-supplement-sign');
  await acts.confirm(clerk, 'linsl');
  await clerk.look('desk-supplemented');
  await applicant.go('/application');
  await applicant.look('hall-supplement');
  for (const [, defect, remedy] of items) {
    await applicant.sees(defect);
    await applicant.sees(remedy);
  }
  await applicant.follow('填写申请表');
  await applicant.look('hall-supplement-form');
  await applicant.page.fill('#phone', '13000000022');
  await applicant.press('保存并继续');
  await acts.handInDocument(applicant);
  await applicant.follow(/核对并提交|用现有证书签名/);
  await applicant.look('hall-supplement-check');
  await applicant.press('提交申请');
  await acts.proof(clerk, 'linsl', number);
  await acts.review(acts.reviewer, 'gush', number);
  acts.expectStatus(await acts.receive(applicant, 'supplement', number), 'good');
  await applicant.go('/application');
  await applicant.look('hall-supplement-issued');
}

/** The letter of this name in the list of the applicant's letters. */
async function readLetter(applicant, title, picture) {
  await applicant.go('/application/letters');
  await applicant.follow(title);
  await applicant.look(picture);
}

/** 不予签发: with reason and basis, for the applicant to read and as a letter. */
export async function refusal(acts) {
  const applicant = await acts.open();
  const { number } = await acts.applyForPerson(applicant, person(3, '甄未符'));
  await acts.proof(acts.clerk, 'linsl', number);
  const { reviewer } = acts;
  await acts.findAtDesk(reviewer, number);
  await reviewer.page.getByRole('link', { name: '审核', exact: true }).click();
  await reviewer.page.locator('#refuse').check();
  await reviewer.press('去签名');
  await reviewer.look('desk-refusal-mistakes');
  await reviewer.page.fill('#reason', '身份证件已于申请前注销，不能证明申请人的身份');
  await reviewer.page.fill('#basis', '《电子政务电子认证服务管理办法》第二十一条第一款');
  await reviewer.press('去签名');
  await reviewer.look('desk-refusal-sign');
  await acts.confirm(reviewer, 'gush');
  await reviewer.look('desk-refused');
  await applicant.go('/application');
  await applicant.sees('身份证件已于申请前注销');
  await applicant.look('hall-refused');
  await readLetter(applicant, /不予签发/, 'letter-refused');
  await applicant.sees('身份证件已于申请前注销');
}

/** 不予受理: only on a ground of the list. */
export async function decline(acts) {
  const applicant = await acts.open();
  const { number } = await acts.applyForPerson(applicant, person(4, '甄商用'));
  const { clerk } = acts;
  await acts.findAtDesk(clerk, number);
  await clerk.follow('不予受理');
  await clerk.press('去签名');
  await clerk.look('desk-decline-mistakes');
  await clerk.page.locator('#ground-not-government').check();
  await clerk.page.fill('#reason', '申请表说明证书用于商业网站交易');
  await clerk.press('去签名');
  await acts.confirm(clerk, 'linsl');
  await applicant.go('/application');
  await applicant.sees('证书用途不属于电子政务活动');
  await applicant.look('hall-declined');
  await readLetter(applicant, /不予受理/, 'letter-declined');
}

/** The applicant takes it back; nothing more can be done with it. */
export async function withdrawal(acts) {
  const applicant = await acts.open();
  await acts.applyForPerson(applicant, person(5, '甄撤回'));
  await applicant.go('/application');
  await applicant.page.locator('summary', { hasText: '撤回申请' }).click();
  await applicant.press('确认撤回');
  await applicant.sees('申请已撤回');
  await applicant.look('hall-withdrawn');
}

/** Everything of one application at the counter, with an agreement on paper; another reviews. */
export async function counter(acts) {
  const { clerk } = acts;
  await clerk.go('/desk/enter');
  await clerk.press('开始录入');
  await clerk.look('counter-enter-mistakes');
  await clerk.page.selectOption('#service', 'new');
  await clerk.page.selectOption('#kind', 'person');
  await clerk.press('开始录入');
  await clerk.look('counter-begun');
  const number = await clerk.codes(0);
  await clerk.follow(/下一步/);
  const place = new URL(clerk.page.url()).pathname.split('/').slice(0, 4).join('/');
  await clerk.look('counter-notice');
  await acts.readNotices(clerk);
  const here = person(6, '甄到场');
  await acts.fillPerson(clerk, here);
  await acts.handInDocument(clerk);
  await clerk.look('counter-materials');
  await clerk.follow(/核对并提交/);
  await clerk.press('提交申请');
  await clerk.look('counter-sign');
  await acts.confirm(clerk, 'linsl');
  await clerk.look('counter-submitted');
  await acts.proof(clerk, 'linsl', number);
  await acts.refuses(clerk, `${place.replace('/enter/', '/applications/')}/review`, 403);
  await acts.review(acts.reviewer, 'gush', number);
  await clerk.go(place);
  await clerk.look('counter-approved');
  await clerk.follow(/纸质协议/);
  const sign = async (first, second) => {
    await clerk.page.fill('#first', first);
    await clerk.page.fill('#second', second);
    await acts.upload(clerk, 'scan', '协议.png');
    await clerk.press(/交存/);
  };
  await sign(here.name, here.name);
  await clerk.look('counter-paper-mistakes');
  if (await clerk.page.locator('#scan').count() === 0) throw new Error('the applicant was taken as a witness');
  await sign('见证甲', '见证乙');
  await clerk.follow('提交密钥');
  await clerk.look('counter-key');
  await acts.sendRequest(clerk, 'counter');
  await clerk.look('counter-certificate');
  const serial = await acts.serialOf(clerk);
  await acts.confirmReceipt(clerk, number);
  await clerk.look('counter-confirmed');
  acts.expectStatus(serial, 'good');
}
