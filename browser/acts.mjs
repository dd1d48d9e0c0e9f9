// What applicants and clerks do at the pages, as the stories of services.mjs put it together.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { Visitor } from './visitor.mjs';

/** A made-up person, as the form wants them; the check digit of the number is right (GB 11643). */
export function person(place, name) {
  const body = `11010119000101${String(place).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, at) => total + weight * Number(body[at]), 0);
  const number = body + '10X98765432'[sum % 11];
  return { name, number, phone: `1300000${String(place).padStart(4, '0')}` };
}

/** The world of the stories: a browser, an institution, a folder with keys. */
export class Acts {
  constructor(parts) {
    Object.assign(this, parts);
  }

  open(script = false) {
    const { site, pictures, only, findings } = this;
    return Visitor.open(this.browser, { site, pictures, only, findings, script });
  }

  async signIn(login, back, script = false) {
    const person = await this.open(script);
    await person.go(`/login/key?back=${back}`);
    await person.sign(login);
    await person.press('登录');
    return person;
  }

  /** Signs what a clerk has prepared, and has it carried out. */
  async confirm(person, login) {
    await person.sign(login);
    await person.press('确认办理');
  }

  /** Starts an application at an address; its number and code. */
  async begin(applicant, address, office) {
    await applicant.go(address);
    if (office) await applicant.page.getByLabel(office).check();
    await applicant.press('开始申请');
    return { number: await applicant.codes(0), code: await applicant.codes(1) };
  }

  async readNotices(applicant) {
    for (let at = 0; at < 4; at += 1) {
      await applicant.page.locator('#read').check();
      await applicant.press(/确认，下一步/);
    }
  }

  async fillPerson(applicant, { name, number, phone }) {
    const { page } = applicant;
    await page.fill('#holder_name', name);
    await page.locator('#document_type-resident-card').check();
    await page.fill('#id_number', number);
    await page.fill('#phone', phone);
    // Only certificates to be issued have these.
    for (const choice of ['#show_identifier-no', '#term_years-1']) {
      if (await page.locator(choice).count()) await page.locator(choice).check();
    }
    await applicant.press('保存并继续');
  }

  async upload(applicant, field, name = '证件.png') {
    const file = { name, mimeType: 'image/png', buffer: this.card };
    await applicant.page.locator(`#${field}`).setInputFiles(file);
  }

  async handInDocument(applicant, material = 'identity_document') {
    await this.upload(applicant, `file-${material}`);
    await applicant.page.locator(`form:has(#file-${material})`).getByRole('button', { name: '上传' }).click();
  }

  /** A person's application, handed in. */
  async applyForPerson(applicant, person, office) {
    const codes = await this.begin(applicant, '/apply/new/person', office);
    await applicant.follow(/阅读告知/);
    await this.readNotices(applicant);
    await this.fillPerson(applicant, person);
    await this.handInDocument(applicant);
    await applicant.follow(/核对并提交/);
    await applicant.press('提交申请');
    return codes;
  }

  async findAtDesk(clerk, number) {
    await clerk.go(`/desk?queue=all&field=number&q=${number}`);
    await clerk.follow(number);
  }

  /** Fills in the table of proofs: the first means, the first material, all matched. */
  async fillProof(clerk, note = '已当面核对原件与本人，一次性代码当场报出') {
    const rows = clerk.page.locator('tbody tr');
    for (let at = 0; at < (await rows.count()); at += 1) {
      const selects = rows.nth(at).locator('select');
      await selects.nth(0).selectOption({ index: 1 });
      if ((await selects.nth(1).locator('option').count()) > 1) await selects.nth(1).selectOption({ index: 1 });
      await rows.nth(at).locator('input[type=text]').fill(note);
      if ((await selects.count()) > 2) await selects.nth(2).selectOption('matched');
    }
  }

  async proof(clerk, login, number) {
    await this.findAtDesk(clerk, number);
    await clerk.follow('核验身份');
    await this.fillProof(clerk);
    await clerk.press(/去签名/);
    await this.confirm(clerk, login);
  }

  /** Approves by the checklist. */
  async review(reviewer, login, number) {
    await this.findAtDesk(reviewer, number);
    await reviewer.page.getByRole('link', { name: '审核', exact: true }).click();
    await reviewer.page.locator('#approve').check();
    for (const line of await reviewer.page.locator('input[name=ticked], input[name=duplicate]').all()) await line.check();
    await reviewer.press('去签名');
    await this.confirm(reviewer, login);
  }

  async sendRequest(applicant, key) {
    await applicant.page.locator('#file').setInputFiles(`${this.work}/${key}.csr.pem`);
    await applicant.press(/提交并签发/);
  }

  /** From the approval to the confirmed certificate; its serial number. */
  async receive(applicant, key, number) {
    await applicant.go('/application');
    await applicant.follow('签署服务协议');
    await applicant.sign(key);
    await applicant.press('签署协议');
    await applicant.follow('提交密钥');
    await this.sendRequest(applicant, key);
    const serial = await this.serialOf(applicant);
    await this.confirmReceipt(applicant, number);
    return serial;
  }

  async serialOf(visitor) {
    return (await visitor.page.locator('.facts dd.code').first().textContent()).replace(/\s/g, '');
  }

  async confirmReceipt(applicant, number) {
    await applicant.page.fill('#code', this.posted(number, /激活码 (\d{8})/));
    await applicant.press('确认领取');
  }

  /** A certificate for a person, with everybody's part in it. */
  async issuedFor(key, person) {
    const applicant = await this.open();
    const { number, code } = await this.applyForPerson(applicant, person);
    await this.proof(this.clerk, 'linsl', number);
    await this.review(this.reviewer, 'gush', number);
    const serial = await this.receive(applicant, key, number);
    return { applicant, number, code, serial };
  }

  /** What the newest message of an application says. */
  posted(number, pattern) {
    const folder = `${this.data}/outbox`;
    const messages = fs.readdirSync(folder).filter((name) => name.startsWith(number));
    const age = (name) => fs.statSync(`${folder}/${name}`).mtimeMs;
    for (const name of messages.sort((a, b) => age(b) - age(a))) {
      const found = pattern.exec(fs.readFileSync(`${folder}/${name}`, 'utf8'));
      if (found) return found[1];
    }
    throw new Error(`no message of ${number} says ${pattern}`);
  }

  /** What `openssl ocsp` is told about a certificate: the status, or the reason of a revocation. */
  ocsp(serial) {
    const issuer = `${this.work}/issuing.pem`;
    if (!fs.existsSync(issuer)) execFileSync('curl', ['-fsS', `${this.site}/ca/issuing.pem`, '-o', issuer]);
    const question = ['ocsp', '-noverify', '-sm3', '-issuer', issuer, '-serial', `0x${serial}`, '-url', `${this.site}/ocsp`];
    const said = execFileSync('openssl', question, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
    const reason = /Reason: (\w+)/.exec(said)?.[1];
    return reason ?? /: (good|revoked|unknown)/.exec(said)?.[1] ?? said;
  }

  /** The status must be this, at once. */
  expectStatus(serial, wanted) {
    const said = this.ocsp(serial);
    if (said !== wanted) throw new Error(`OCSP says ${said} of ${serial}, not ${wanted}`);
  }

  /** The one-time code of a secret in base32 (RFC 6238), some steps of 30 seconds from now. */
  totp(secret, steps = 0) {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...secret.replace(/[\s=]/g, '')].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('');
    const key = Buffer.from(bits.match(/.{8}/g).map((octet) => Number.parseInt(octet, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
    const mac = crypto.createHmac('sha1', key).update(counter).digest();
    const place = mac[19] & 15;
    return String((mac.readUInt32BE(place) & 0x7fffffff) % 1000000).padStart(6, '0');
  }

  /** A page that must not open: its status. */
  async refuses(visitor, path, status) {
    const answer = await visitor.page.goto(this.site + path);
    if (answer.status() !== status) throw new Error(`${path} answers ${answer.status()}, not ${status}`);
  }
}
