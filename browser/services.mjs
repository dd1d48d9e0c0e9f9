// The services beside the first application, in a real browser without JavaScript, by everybody who
// has a part in them: supplement and refusal, the counter, rows of a proof filled together, existing
// certificates, revocations, batches, people, offices, letters and voices, reports of leaked keys and
// how long they are kept, keys of applications, audit. What a page promises is asked of OpenSSL where
// it can be. `scripts/browser` starts what it needs and calls it.
//
//   node services.mjs SITE DATA-FOLDER WORK-FOLDER [PICTURES]
//   YINXIN_PAGES=FOLDER node services.mjs …   a picture of every state there, not only of those that
//                                             the guides show

import { Acts } from './acts.mjs';
import * as applications from './services-applications.mjs';
import * as batches from './services-batches.mjs';
import * as certificates from './services-certificates.mjs';
import * as keeping from './services-keeping.mjs';
import * as papers from './services-papers.mjs';
import * as people from './services-people.mjs';
import * as problems from './services-problems.mjs';
import * as proofing from './services-proofing.mjs';
import * as signing from './services-signing.mjs';
import { Visitor, launch } from './visitor.mjs';

const [site, data, work, guides] = process.argv.slice(2);
const pages = process.env.YINXIN_PAGES;
/** What the guides show. */
const SHOWN = new Set([
  'batch-ready', 'batch-review', 'counter-approved', 'desk-revocation-unit-left-dry-run', 'desk-supplement',
  'hall-existing-suspend', 'hall-refused', 'hall-supplement', 'invitation-passphrase', 'journal-record',
  'letter-receipt', 'office-takeover', 'people-invited-entry-clerk', 'verify-genuine',
]);
/** In this order: revocations take the certificates of the batch. */
const STORIES = [
  [applications.supplement, applications.refusal, applications.decline, applications.withdrawal],
  [applications.counter],
  [proofing.rowsFilledWithoutScripts],
  [proofing.rowsFilledWithScripts],
  [papers.receipt, papers.verification, papers.rating, papers.complaint],
  [certificates.issue, certificates.suspend, certificates.resume, certificates.renew, certificates.revoke],
  [batches.sheet, batches.proof, batches.review, batches.run],
  [certificates.unitLetter, certificates.phoneCall, certificates.toldOfChanges, certificates.courtOrder],
  [certificates.orderedDirectly],
  [certificates.liftedByTwo],
  [problems.mistakenReport, problems.leakedKey, problems.reportTakenUp, problems.holderTold],
  [keeping.held, keeping.freed],
  [keeping.chosen, keeping.addedLater],
  [keeping.saidLater],
  [signing.orderKey, signing.confirmKey, signing.stopKey],
  [people.appoint, people.invited, people.leaver],
  [people.suspendOffice, people.liftSuspension, people.supervision],
  [papers.audit, papers.proofOfRecord],
];

const browser = await launch();
const findings = [];
const kept = pages ? { pictures: pages } : { pictures: guides, only: SHOWN };
const acts = new Acts({ browser, site, data, work, findings, card: await photograph(), ...kept });
acts.clerk = await acts.signIn('linsl', '/desk');
acts.reviewer = await acts.signIn('gush', '/desk');
let passed = 0;
for (const story of STORIES) await walk(story);
await browser.close();
for (const finding of findings) console.log(`FAILED: ${finding}`);
const failed = findings.length;
console.log(`${Visitor.judged} states of pages judged by axe-core`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Steps that build on each other; one that fails ends its story and no other. */
async function walk(story) {
  for (const step of story) {
    try {
      await step(acts);
      passed += 1;
      console.log(`ok: ${step.name}`);
    } catch (error) {
      findings.push(`${step.name}: ${error.stack.slice(0, 1500)}`);
      return;
    }
  }
}

/** A made-up identity card, as a picture. */
async function photograph() {
  const page = await browser.newPage({ viewport: { width: 640, height: 400 } });
  await page.setContent('<h1>样本证件</h1><p>仅供演示</p>');
  const picture = await page.screenshot();
  await page.close();
  return picture;
}
