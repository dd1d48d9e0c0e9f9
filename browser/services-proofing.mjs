// 核验身份: what several elements have in common is typed once and put into the rows that are empty, by the button of the
// page; what a clerk found is said of each element, or nothing is signed (check C21-2). Once without scripts, once with.

import { person } from './acts.mjs';

/** How a row is proofed that the clerk wrote herself, and what is common to rows of each means. */
const OWN = '姓名中的生僻字另与户口簿核对，一致';
const COMMON = { document: '与证件原件逐项核对，并当面核对本人', code: '一次性代码由申请人当场报出' };
const PARTS = ['means', 'material', 'note', 'finding'];

/** What the table says: of each element what is chosen and typed, and which means are offered. */
function table(clerk) {
  return clerk.page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => {
    const field = (part) => row.querySelector(`[name^="${part}."]`);
    const means = [...field('means').options].map((option) => option.value).filter(Boolean);
    const said = ['means', 'material', 'note', 'finding'].map((part) => [part, field(part).value]);
    return { id: row.id, offered: means, ...Object.fromEntries(said) };
  }));
}

/** Fails unless the table says this. */
async function expectTable(clerk, wanted, when) {
  const found = await table(clerk);
  if (found.length !== wanted.length) throw new Error(`${when}: ${found.length} rows, not ${wanted.length}`);
  for (const [at, row] of wanted.entries()) {
    for (const part of PARTS) {
      if (found[at][part] !== row[part]) throw new Error(`${when}: ${part} of ${row.id} is “${found[at][part]}”, not “${row[part]}”`);
    }
  }
}

/** Types what is common and presses the button. */
async function fill(clerk, means, material) {
  await clerk.page.selectOption('#common-means', means);
  await clerk.page.selectOption('#common-material', material);
  await clerk.page.fill('#common-note', COMMON[means]);
  await clerk.press('填入空着的各行');
}

/** What the table says then. A row of the clerk's own keeps its words and what she found. */
function filled(rows, means, material) {
  return rows.map((row) => {
    if (row.means || !row.offered.includes(means)) return row;
    return { ...row, means, material: row.material || material, note: row.note || COMMON[means] };
  });
}

/** The button without anything to fill in is told so, beside its field. */
async function nothingToFill(clerk, rows, picture) {
  await clerk.press('填入空着的各行');
  await clerk.look(`${picture}-nothing-to-fill`);
  const beside = await clerk.page.locator('.field:has(> #common-means) > .error').innerText();
  if (!beside.includes('请先选择核验手段')) throw new Error(`beside the field stands “${beside}”`);
  await expectTable(clerk, rows, 'nothing to fill in');
}

/** Without findings nothing goes on to the signature: each such row says so, and keeps what it has. Enter in a field is
 *  the button at the end, not the one that fills rows in. */
async function noFinding(clerk, rows, picture) {
  if (clerk.script) {
    await clerk.page.locator('tbody [name^="note."]').first().press('Enter');
    await clerk.page.locator('#mistakes').waitFor();
  } else {
    await clerk.press('去签名');
  }
  await clerk.look(`${picture}-no-finding`);
  if (!new URL(clerk.page.url()).pathname.endsWith('/proof')) throw new Error(`without a finding it went on to ${clerk.page.url()}`);
  for (const { id, finding } of rows) {
    const row = clerk.page.locator(`[id="${id}"]`);
    const told = await row.locator('.error').allInnerTexts();
    const marked = await row.locator('[name^="finding."][aria-invalid="true"]').count();
    const wanted = finding ? 0 : 1;
    if (told.length !== wanted || marked !== wanted) throw new Error(`${id} says “${told}”, and ${marked} fields are marked`);
    if (told.some((text) => text.trim() !== '请选择核验结果')) throw new Error(`${id} says “${told}”`);
  }
  const linked = await clerk.page.locator('#mistakes a').evaluateAll((all) => all.map((one) => one.getAttribute('href').slice(1)));
  const wrong = rows.filter((row) => !row.finding).map((row) => row.id);
  if (`${linked}` !== `${wrong}`) throw new Error(`the list of mistakes leads to ${linked}, not to ${wrong}`);
  await expectTable(clerk, rows, 'without a finding');
  const common = await clerk.page.inputValue('#common-note');
  if (common !== COMMON.code) throw new Error(`what was common reads “${common}”`);
}

/** From the empty table to the signed proof. */
async function proofed(acts, { place, name, script }) {
  const applicant = await acts.open();
  const { number } = await acts.applyForPerson(applicant, person(place, name));
  const clerk = await acts.signIn('linsl', '/desk', script);
  const picture = script ? 'desk-fill-scripts' : 'desk-fill';
  await acts.findAtDesk(clerk, number);
  await clerk.follow('核验身份');
  let rows = await table(clerk);
  const fitting = (means) => rows.filter((row) => row.offered.includes(means)).length;
  if (fitting('document') < 2 || !fitting('code')) throw new Error(`not rows of two sorts: ${JSON.stringify(rows)}`);
  await nothingToFill(clerk, rows, picture);
  // One row is in work already: its words and its finding are the clerk's.
  const own = rows.findIndex((row) => row.offered.includes('document'));
  const line = clerk.page.locator('tbody tr').nth(own);
  await line.locator('[name^="note."]').fill(OWN);
  await line.locator('[name^="finding."]').selectOption('matched');
  rows[own] = { ...rows[own], note: OWN, finding: 'matched' };
  const material = await clerk.page.locator('#common-material option').nth(1).getAttribute('value');
  for (const [means, basis] of [['document', material], ['code', '']]) {
    await fill(clerk, means, basis);
    rows = filled(rows, means, basis);
    await expectTable(clerk, rows, `filled in by ${means}`);
    await clerk.look(`${picture}-${means}`);
  }
  if (!rows.every((row) => row.means && row.note)) throw new Error(`rows are left empty: ${JSON.stringify(rows)}`);
  await noFinding(clerk, rows, picture);
  for (const finding of await clerk.page.locator('[name^="finding."]').all()) await finding.selectOption('matched');
  await clerk.press('去签名');
  for (const said of [OWN, ...Object.values(COMMON)]) await clerk.sees(said);
  await clerk.look(`${picture}-sign`);
  await acts.confirm(clerk, 'linsl');
  await clerk.look(`${picture}-done`);
  await applicant.go('/application');
  await applicant.sees('身份核验已完成');
}

/** The rows are filled by the server alone. */
export async function rowsFilledWithoutScripts(acts) {
  await proofed(acts, { place: 41, name: '甄逐行', script: false });
}

/** Scripts change nothing of it. */
export async function rowsFilledWithScripts(acts) {
  await proofed(acts, { place: 42, name: '甄填入', script: true });
}
