// What people do while the service stands still, by its own commands: a CA of another institution is cross-certified,
// the root and the issuing CA get their next keys, and that institution's list is to be followed. The other institution
// is OpenSSL's. `scripts/browser` calls it before later.mjs looks at the pages of the week after.
//
//   node ceremonies.mjs PROGRAM DATA-FOLDER WORK-FOLDER LIST-ADDRESS

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const [program, data, work, address] = process.argv.slice(2);
const secrets = `${data}/demo-secrets`;
const PEOPLE = `
[leader]
id = "L001"
name = "安明远"
office = "安全管理负责人"

[[witnesses]]
id = "A001"
name = "沈以鉴"
office = "审计管理员"
`;
const NAMES = ['钟守一', '钟守二', '钟守三', '钟守四', '钟守五'];
const env = { ...process.env, YINXIN_PASSPHRASE_FILE: `${secrets}/device`, YINXIN_KMC_PASSPHRASE_FILE: `${secrets}/kmc` };

fs.mkdirSync(`${work}/peer`, { recursive: true });
const fingerprint = neighbour();
const old = { shares: `${data}/ceremony/shares`, phrase: (at) => `${secrets}/custodian-K00${at}` };
const next = { shares: `${data}/ceremony/root-succession-root-2/shares`, phrase: (at) => `${work}/peer/next-${at}` };
for (const at of [1, 2, 3, 4, 5]) fs.writeFileSync(next.phrase(at), `山重水复疑无路 ${at} 柳暗花明`);

hold('cross-certify', 'cross-1', `until = "2030-12-31"
[peer]
certificate = "${work}/peer/ca.pem"
fingerprint = "${fingerprint}"

[terms]
policies = ["1.2.156.10260.1.1.1"]
names = [{ C = "CN", S = "望海省" }]
domains = ["wanghai.example.cn"]
`, custodians('custodians', old, [1, 2, 3]));
hold('root-succeed', 'root-2', '', custodians('holders', old, [1, 2, 4]) + custodians('custodians', next, [1, 2, 3, 4, 5], true));
hold('succeed', 'issuing-2', '', custodians('custodians', next, [2, 3, 5]));
follow();

function openssl(...words) {
  return execFileSync('openssl', words, { cwd: `${work}/peer`, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A CA of another province, with a list; the fingerprint of its certificate. */
function neighbour() {
  const sm2 = ['-sm3', '-sigopt', 'distid:1234567812345678'];
  fs.writeFileSync(`${work}/peer/ca.cnf`, `[ca]
default_ca = own
[own]
database = index.txt
crlnumber = crlnumber
default_md = sm3
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid:always
`);
  fs.writeFileSync(`${work}/peer/index.txt`, '');
  fs.writeFileSync(`${work}/peer/crlnumber`, '1A\n');
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2', '-out', 'ca.key');
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'].flatMap((one) => ['-addext', one]);
  openssl('req', '-new', '-x509', '-key', 'ca.key', ...sm2, '-utf8', '-subj', '/C=CN/ST=望海省/O=望海省电子认证中心/CN=望海省SM2 CA', '-days', '3650', ...extensions, '-out', 'ca.pem');
  openssl('ca', '-config', 'ca.cnf', '-gencrl', '-keyfile', 'ca.key', '-cert', 'ca.pem', '-sigopt', 'distid:1234567812345678', '-out', 'crl.pem');
  openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'ca.crl');
  openssl('x509', '-in', 'ca.pem', '-outform', 'DER', '-out', 'ca.cer');
  return /[0-9a-f]{64}/.exec(openssl('dgst', '-sm3', 'ca.cer').toString())[0];
}

/** People of a plan: with a share that each brings, or to get one. */
function custodians(table, { shares, phrase }, all, isNew = false) {
  const row = (at) => `
[[${table}]]
id = "K00${at}"
name = "${NAMES[at - 1]}"
office = "保管人"
passphrase_file = "${phrase(at)}"
${isNew ? '' : `share = "${shares}/share-${at}.json"\n`}`;
  return all.map(row).join('');
}

function hold(command, name, head, people) {
  const plan = `${work}/peer/${name}.toml`;
  const [first, ...tables] = head.split(/^(?=\[)/m);
  fs.writeFileSync(plan, `name = "${name}"\n${first}${tables.join('')}${PEOPLE}${people}`);
  execFileSync(program, ['ceremony', command, '--data', data, '--plan', plan], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  console.log(`ok: ceremony: ${command}`);
}

/** The other institution's list is to be followed, and one at an address where nobody answers. */
function follow() {
  fs.mkdirSync(`${data}/trust/authorities`, { recursive: true });
  fs.copyFileSync(`${work}/peer/ca.pem`, `${data}/trust/authorities/wanghai.pem`);
  fs.writeFileSync(`${data}/trust/sources.toml`, `[[authority]]
name = "望海省电子认证中心"
certificates = ["authorities/wanghai.pem"]
lists = [{ address = "${address}" }, { address = "http://127.0.0.1:9/ca-delta.crl", kind = "delta" }]
`);
  const settings = fs.readFileSync(`${data}/yinxin.toml`, 'utf8');
  const changed = settings.replace(/^(\[verification\.follow\]\nenabled = )false$/m, '$1true');
  if (changed === settings) throw new Error('there is no [verification.follow] to enable');
  fs.writeFileSync(`${data}/yinxin.toml`, changed);
}
