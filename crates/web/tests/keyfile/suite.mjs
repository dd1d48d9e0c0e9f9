// The scripts over key files, judged: known answers of the standards, Node's own SM3, and OpenSSL as
// the other side of every file. Run by `keyfile.rs`; by hand: node crates/web/tests/keyfile/suite.mjs

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { argon2id } from '../../assets/keyfile/argon2.js';
import { blake2b } from '../../assets/keyfile/blake2b.js';
import { fromHex, hex, random, toInteger, utf8 } from '../../assets/keyfile/bytes.js';
import { bitString, oid, sequence, set, value } from '../../assets/keyfile/der.js';
import { JOBS } from '../../assets/keyfile/jobs.js';
import { isInTheClear, openKeyFile } from '../../assets/keyfile/keyfile.js';
import { writePrivateKeyInfo } from '../../assets/keyfile/pkcs8.js';
import { pbkdf2, hmac, sm3 } from '../../assets/keyfile/sm3.js';
import { KeyPair, sign, signWith, verify } from '../../assets/keyfile/sm2.js';
import { cbcDecrypt, ecbEncrypt, gcmOpen } from '../../assets/keyfile/sm4.js';
import { WORDS } from '../../assets/keyfile/words.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyfile-'));
after(() => fs.rmSync(folder, { recursive: true }));
const ID = 'distid:1234567812345678';
const PHRASE = '山重水复疑无路 2026';

const at = (name) => path.join(folder, name);
const read = (name) => new Uint8Array(fs.readFileSync(at(name)));
const save = (name, content) => (fs.writeFileSync(at(name), content), at(name));
const openssl = (...words) => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] });
/** The code under which something is refused. */
const code = (work) => work.then(() => 'nothing was refused', (error) => error.code);

const SALT = '0011223344556677';
const IV = '00112233445566778899aabbccddeeff';

const ACT = JSON.stringify({ v: 'yinxin-act/1', title: '核验身份', nonce: '00' });
const order = (key, more = {}) => ({ key, certificate: null, passphrase: PHRASE, purpose: 'act', text: ACT, ...more });
const plainKey = (name = 'plain.pem') => {
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2', '-out', at(name));
  openssl('pkey', '-in', at(name), '-pubout', '-out', at(`${name}.pub`));
  return read(name);
};
const sealedKey = (cipher, prf, iterations = 10_000) => {
  const how = ['-v2', cipher, '-v2prf', prf, '-iter', String(iterations)];
  openssl('pkcs8', '-topk8', ...how, '-in', at('plain.pem'), '-passout', `pass:${PHRASE}`, '-out', at('sealed.pem'));
  return read('sealed.pem');
};
plainKey();

test('SM3, HMAC-SM3 and PBKDF2 give what OpenSSL gives, at every edge of a block', () => {
  assert.equal(hex(sm3(utf8('abc'))), '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
  assert.equal(hex(sm3(utf8('abcd'.repeat(16)))), 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732');
  for (let length = 0; length < 200; length += 1) {
    const octets = random(length);
    assert.equal(hex(sm3(octets)), createHash('sm3').update(octets).digest('hex'));
    const key = random(length);
    assert.equal(hex(hmac(key, octets)), createHmac('sm3', key).update(octets).digest('hex'));
  }
  for (const [iterations, length] of [[1, 16], [2, 32], [1000, 33], [4096, 100]]) {
    const wanted = pbkdf2Sync(PHRASE, 'salt', iterations, length, 'sm3');
    assert.equal(hex(pbkdf2(utf8(PHRASE), utf8('salt'), iterations, length)), wanted.toString('hex'));
  }
});

test('SM4 gives the answers of GB/T 32907 and RFC 8998, and refuses what was changed', () => {
  const key = fromHex('0123456789abcdeffedcba9876543210');
  assert.equal(hex(ecbEncrypt(key, key)), '681edf34d206965e86b3e94f536e4246');
  const nonce = fromHex('00001234567800000000abcd');
  const bound = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const sealed = fromHex(
    '17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15' +
      'a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec',
  );
  const plain = 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa';
  assert.equal(hex(gcmOpen(key, nonce, bound, sealed)), plain);
  for (const place of [0, 63, 64, 79]) {
    const changed = sealed.slice();
    changed[place] ^= 1;
    assert.equal(gcmOpen(key, nonce, bound, changed), null);
  }
  assert.equal(gcmOpen(key, nonce, bound.slice(1), sealed), null);
  assert.equal(cbcDecrypt(key, key, new Uint8Array(15)), null);
  assert.equal(cbcDecrypt(key, key, new Uint8Array(0)), null);
});

test('BLAKE2b gives what OpenSSL gives, Argon2id what the reference program gives', () => {
  for (const length of [0, 1, 127, 128, 129, 256, 300]) {
    const octets = random(length);
    assert.equal(hex(blake2b(64, octets)), createHash('blake2b512').update(octets).digest('hex'));
  }
  const how = { memory_kib: 65536, passes: 2, lanes: 1 };
  const wanted = '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7';
  assert.equal(hex(argon2id(utf8('password'), utf8('somesalt'), how)), wanted);
});

test('SM2 gives the signature of GB/T 32918.5', () => {
  const pair = new KeyPair(fromHex('3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8'));
  const e = 0xf0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640n;
  const k = 0x59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21n;
  const [r, s] = signWith(toInteger(pair.secret), k, e);
  assert.equal(r, 0xf5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3n);
  assert.equal(s, 0xb1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aan);
});

test('signatures are new each time, are of this text, key and user ID alone, and OpenSSL accepts them', () => {
  const pair = KeyPair.generate();
  const message = utf8('印信');
  const [one, two] = [sign(pair, message), sign(pair, message)];
  assert.notDeepEqual(one, two);
  assert.ok(verify(pair.publicKey, message, one) && verify(pair.publicKey, message, two));
  assert.ok(!verify(pair.publicKey, utf8('印'), one));
  assert.ok(!verify(KeyPair.generate().publicKey, message, one));
  assert.ok(!verify(pair.publicKey, message, sign(pair, message, utf8('someone@example.cn'))));
});

for (const form of ['PKCS #8', 'PKCS #8 in DER', 'EC PRIVATE KEY', 'sealed by OpenSSL']) {
  test(`a key of OpenSSL as ${form} signs what OpenSSL verifies`, async () => {
    const files = {
      'PKCS #8': () => read('plain.pem'),
      'PKCS #8 in DER': () => (openssl('pkcs8', '-topk8', '-nocrypt', '-in', at('plain.pem'), '-outform', 'DER', '-out', at('k.der')), read('k.der')),
      'EC PRIVATE KEY': () => (openssl('ec', '-in', at('plain.pem'), '-out', at('sec1.pem')), read('sec1.pem')),
      'sealed by OpenSSL': () => sealedKey('aes-256-cbc', 'hmacWithSHA256'),
    };
    for (let round = 0; round < 5; round += 1) {
      const text = JSON.stringify({ v: 'yinxin-act/1', nonce: hex(random(16)) });
      const { signature } = await JOBS.sign(order(files[form](), { text }));
      save('signature', Buffer.from(signature, 'base64url'));
      const check = ['-pubin', '-inkey', at('plain.pem.pub'), '-rawin', '-digest', 'sm3', '-pkeyopt', ID];
      openssl('pkeyutl', '-verify', ...check, '-in', save('text', text), '-sigfile', at('signature'));
    }
  });
}

test('a file tells by its outside whether a passphrase guards the key', () => {
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', at('plain.pem'), '-outform', 'DER', '-out', at('plain.der'));
  openssl('pkcs8', '-topk8', '-in', at('plain.pem'), '-passout', `pass:${PHRASE}`, '-outform', 'DER', '-out', at('sealed.der'));
  openssl('ec', '-in', at('plain.pem'), '-out', at('plain.sec1'));
  for (const name of ['plain.pem', 'plain.der', 'plain.sec1']) assert.ok(isInTheClear(read(name)), name);
  for (const file of [read('sealed.der'), sealedKey('aes-256-cbc', 'hmacWithSHA256'), utf8('{"v":1}'), utf8('x'), new Uint8Array()]) {
    assert.ok(!isInTheClear(file));
  }
});

test('every cipher and function that OpenSSL seals with is opened, and no other', async () => {
  const { publicKey } = await openKeyFile(read('plain.pem'), '');
  for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'sm4-cbc']) {
    for (const prf of ['hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512']) {
      const pair = await openKeyFile(sealedKey(cipher, prf), PHRASE);
      assert.deepEqual(pair.publicKey, publicKey);
    }
  }
  for (const [cipher, prf] of [['aes-256-cbc', 'hmacWithSHA1'], ['des-ede3-cbc', 'hmacWithSHA256']]) {
    assert.equal(await code(openKeyFile(sealedKey(cipher, prf), PHRASE)), 'key-scheme');
  }
});

test('key files of GmSSL and Tongsuo, under HMAC-SM3 and SM4, are opened', async () => {
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', at('plain.pem'), '-outform', 'DER', '-out', at('clear.der'));
  const key = pbkdf2Sync(PHRASE, Buffer.from(SALT, 'hex'), 65536, 16, 'sm3');
  const cipher = createCipheriv('sm4-cbc', key, Buffer.from(IV, 'hex'));
  const sealed = Buffer.concat([cipher.update(read('clear.der')), cipher.final()]).toString('hex');
  const { publicKey } = await openKeyFile(read('plain.pem'), '');
  for (const prf of ['1.2.156.10197.1.401.2', '1.2.156.10197.1.401.3.1']) {
    const file = sealedAs({ iterations: 65536, prf, cipher: '1.2.156.10197.1.104.2', sealed });
    assert.deepEqual((await openKeyFile(file, PHRASE)).publicKey, publicKey);
    assert.equal(await code(openKeyFile(file, 'wrong')), 'passphrase-wrong');
  }
});

test('an answer whose envelope OpenSSL made is opened, by its own key alone', async () => {
  const certify = (key, name) => {
    const how = ['-x509', '-new', '-key', at(key), '-sm3', '-sigopt', ID, '-subj', '/CN=a', '-outform', 'DER'];
    openssl('req', ...how, '-out', at(name));
    return read(name);
  };
  const signing = certify('plain.pem', 'sign.cer');
  plainKey('enc.pem');
  const encryption = certify('enc.pem', 'enc.cer');
  const pair = await openKeyFile(read('enc.pem'), '');
  const session = random(16);
  openssl('pkeyutl', '-encrypt', '-pubin', '-inkey', at('plain.pem.pub'), '-in', save('session', session), '-out', at('session.sm2'));
  const cipher = createCipheriv('sm4-ecb', session, null).setAutoPadding(false);
  const scalar = Buffer.concat([cipher.update(pair.secret), cipher.final()]);
  const fields = [sequence(oid('2a811ccf55016801'), value(5)), read('session.sm2'), bitString(pair.publicKey), bitString(scalar)];
  const answers = [value(0xa0, ...fields), value(0xa0, sequence(...fields))].map((envelope) =>
    sequence(set(signing), envelope, value(0xa1, encryption)),
  );
  for (const response of answers) {
    const opened = await JOBS.open({ key: read('plain.pem'), passphrase: PHRASE, again: PHRASE, response });
    const text = (name, words) => openssl(...words, '-in', save(name, opened[name])).toString();
    assert.equal(text('sign', ['x509', '-noout', '-pubkey']), fs.readFileSync(at('plain.pem.pub'), 'utf8'));
    assert.equal(text('encryption', ['x509', '-noout', '-pubkey']), fs.readFileSync(at('enc.pem.pub'), 'utf8'));
    assert.equal(text('file', ['pkey', '-pubout', '-passin', `pass:${PHRASE}`]), fs.readFileSync(at('enc.pem.pub'), 'utf8'));
  }
  const [response] = answers;
  const open = (more) => code(JOBS.open({ key: read('plain.pem'), passphrase: PHRASE, again: PHRASE, response, ...more }));
  assert.equal(await open({ key: read('enc.pem') }), 'response-other-key');
  assert.equal(await open({ passphrase: '' }), 'passphrase-none');
  // A new passphrase is typed twice and is long enough; that of a key file that has one is neither.
  assert.equal(await open({ again: `${PHRASE}x` }), 'passphrase-differs');
  assert.equal(await open({ again: '' }), 'passphrase-differs');
  assert.equal(await open({ passphrase: 'short', again: 'short' }), 'passphrase-short');
  openssl('pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in', at('plain.pem'), '-passout', 'pass:short', '-out', at('short.pem'));
  const sealedOne = { key: read('short.pem'), passphrase: 'short', again: '', response };
  assert.ok((await JOBS.open(sealedOne)).file.includes('ENCRYPTED PRIVATE KEY'));
  assert.equal(await open({ response: utf8('hello') }), 'response-damaged');
  for (let place = 0; place < response.length; place += 7) {
    const said = await open({ response: response.slice(0, place) });
    assert.ok(said.startsWith('response-'), `${place}: ${said}`);
  }
  // Another digest in the cipher text, another public key beside it, another certificate around it.
  const built = ([algorithm, cipherText, publicKey, sealed], certificate) =>
    sequence(set(signing), value(0xa0, algorithm, cipherText, publicKey, sealed), value(0xa1, certificate));
  const [algorithm, cipherText, publicKey, sealed] = fields;
  const digest = cipherText.slice();
  digest[digest.length - 16 - 2 - 1] ^= 1;
  assert.equal(await open({ response: built([algorithm, digest, publicKey, sealed], encryption) }), 'response-other-key');
  const foreign = bitString(KeyPair.generate().publicKey);
  assert.equal(await open({ response: built([algorithm, cipherText, foreign, sealed], encryption) }), 'response-damaged');
  assert.equal(await open({ response: built(fields, signing) }), 'response-damaged');
});

test('a key file made here is opened by OpenSSL, and its request proves possession', async () => {
  const { file, request } = await JOBS.make({ passphrase: PHRASE, again: PHRASE });
  assert.equal(await code(JOBS.make({ passphrase: PHRASE, again: 'other' })), 'passphrase-differs');
  assert.equal(await code(JOBS.make({ passphrase: 'short', again: 'short' })), 'passphrase-short');
  save('made.pem', file);
  save('made.csr', request);
  const text = openssl('pkey', '-in', at('made.pem'), '-passin', `pass:${PHRASE}`, '-text', '-noout').toString();
  assert.match(text, /SM2/);
  assert.throws(() => openssl('pkey', '-in', at('made.pem'), '-passin', 'pass:wrong', '-noout'));
  const said = openssl('req', '-in', at('made.csr'), '-verify', '-vfyopt', ID, '-noout', '-subject', '-nameopt', 'utf8');
  assert.match(said.toString(), /C ?= ?CN, CN ?= ?申请人/);
  const key = openssl('pkey', '-in', at('made.pem'), '-passin', `pass:${PHRASE}`, '-pubout').toString();
  assert.equal(openssl('req', '-in', at('made.csr'), '-pubkey', '-noout').toString(), key);
  const again = await JOBS.request({ key: utf8(file), passphrase: PHRASE });
  openssl('req', '-in', save('again.csr', again.request), '-verify', '-vfyopt', ID, '-noout');
  assert.match(openssl('asn1parse', '-in', at('made.pem')).toString(), /:0927C0/, '600,000 iterations');
});

test('each mistake is refused under its own name', async () => {
  const plain = read('plain.pem');
  const sealed = sealedKey('sm4-cbc', 'hmacWithSHA256');
  const certify = (key, name) =>
    openssl('req', '-x509', '-new', '-key', at(key), '-sm3', '-sigopt', ID, '-subj', '/CN=a', '-out', at(name));
  certify('plain.pem', 'own.crt');
  plainKey('other.pem');
  certify('other.pem', 'other.crt');
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at('p256.pem'));
  openssl('genpkey', '-algorithm', 'RSA', '-out', at('rsa.pem'));
  openssl('req', '-x509', '-new', '-key', at('p256.pem'), '-subj', '/CN=a', '-out', at('p256.crt'));
  const signed = await JOBS.sign(order(plain, { certificate: read('own.crt') }));
  assert.equal(signed.key.length, 130);
  openssl('x509', '-in', at('own.crt'), '-outform', 'DER', '-out', at('own.cer'));
  await JOBS.sign(order(sealed, { certificate: read('own.cer') }));
  openssl('pkcs12', '-export', '-inkey', at('plain.pem'), '-in', at('own.crt'), '-passout', 'pass:a', '-out', at('own.pfx'));
  const cases = [
    [order(sealed, { passphrase: 'wrong' }), 'passphrase-wrong'],
    [order(sealed, { passphrase: '' }), 'passphrase-missing'],
    [order(plain, { certificate: read('other.crt') }), 'certificate-other-key'],
    [order(plain, { certificate: read('p256.crt') }), 'certificate-not-sm2'],
    [order(plain, { certificate: plain }), 'certificate-none'],
    [order(read('p256.pem')), 'key-not-sm2'],
    [order(read('rsa.pem')), 'key-not-sm2'],
    [order(read('own.crt')), 'file-other'],
    [order(read('own.cer'), { passphrase: '' }), 'file-other'],
    [order(read('own.pfx')), 'file-pfx'],
    [order(utf8('hello')), 'file-not-key'],
    [order(utf8('{"format":"x"}')), 'file-not-key'],
    [order(new Uint8Array(0)), 'file-empty'],
    [order(new Uint8Array(1 << 20)), 'file-not-key'],
    [order(plain, { text: 'a contract' }), 'text'],
    [order(plain, { purpose: 'sign-in' }), 'text'],
    [order(plain, { purpose: 'letter' }), 'text'],
    [order(plain, { text: JSON.stringify({ v: 'yinxin-act/1', a: 'x'.repeat(20_000) }) }), 'text'],
  ];
  for (const [wrong, wanted] of cases) assert.equal(await code(JOBS.sign(wrong)), wanted);
  for (const wanted of cases.map(([, name]) => name)) assert.ok(WORDS[wanted], wanted);
});

test('a wrong passphrase never looks like a damaged file, however the padding falls', async () => {
  const sealed = sealedKey('aes-128-cbc', 'hmacWithSHA256', 1);
  for (let guess = 0; guess < 2000; guess += 1) {
    assert.equal(await code(openKeyFile(sealed, `guess ${guess}`)), 'passphrase-wrong');
  }
  // Once in 65,536 times rubbish has a padding and begins like a key: here it does.
  const key = pbkdf2Sync(PHRASE, Buffer.from(SALT, 'hex'), 1, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.from(IV, 'hex'));
  const rubbish = Buffer.concat([cipher.update(Buffer.from('3042', 'hex')), cipher.update(random(66)), cipher.final()]);
  const file = sealedAs({ iterations: 1, sealed: rubbish.toString('hex') });
  assert.equal(await code(openKeyFile(file, PHRASE)), 'passphrase-wrong');
});

test('a key file whose public half is of another key is no key file', async () => {
  const { secret } = await openKeyFile(read('plain.pem'), '');
  const file = writePrivateKeyInfo({ secret, publicKey: KeyPair.generate().publicKey });
  assert.equal(await code(openKeyFile(file, '')), 'key-damaged');
});

test('hostile key files are refused at once: cut, changed, with huge lengths and counts', async () => {
  openssl('pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-iter', '2048', '-in', at('plain.pem'), '-passout', 'pass:a', '-outform', 'DER', '-out', at('h.der'));
  const der = read('h.der');
  for (let length = 1; length < der.length; length += 1) {
    assert.notEqual(await code(openKeyFile(der.slice(0, length), 'a')), 'nothing was refused');
  }
  // Each octet of the structure changed, iterations aside: 2048 may become 8 million, and that is slow.
  const count = der.findIndex((_, place) => hex(der.slice(place, place + 4)) === '02020800');
  for (let place = 0; place < der.length; place += 1) {
    if (place >= count && place < count + 4) continue;
    const changed = der.slice();
    changed[place] ^= 0xff;
    const said = await code(openKeyFile(changed, 'a'));
    assert.ok(said in WORDS || said === 'nothing was refused', `octet ${place}: ${said}`);
  }
  const withCount = (iterations) => sealedAs({ iterations });
  for (const many of ['0x00989681', '0x7FFFFFFF', `0x${'7f'.repeat(64)}`]) {
    assert.equal(await code(openKeyFile(withCount(many), 'a')), 'key-too-slow');
  }
  assert.equal(await code(openKeyFile(withCount('0'), 'a')), 'key-damaged');
  for (const lengths of ['3084ffffffff', '3083ffffff', '3080', '308400000000', '30ff']) {
    assert.notEqual(await code(openKeyFile(fromHex(`${lengths}3000`), 'a')), 'nothing was refused');
  }
});

/** An EncryptedPrivateKeyInfo as told, written by `openssl asn1parse -genconf`. */
function sealedAs({ iterations, prf = '1.2.840.113549.2.9', cipher = '2.16.840.1.101.3.4.1.42', sealed = '00'.repeat(32) }) {
  const configuration = `asn1 = SEQUENCE:top
[top]
how = SEQUENCE:how
sealed = FORMAT:HEX,OCTETSTRING:${sealed}
[how]
kind = OID:1.2.840.113549.1.5.13
both = SEQUENCE:both
[both]
derivation = SEQUENCE:derivation
cipher = SEQUENCE:cipher
[derivation]
kind = OID:1.2.840.113549.1.5.12
parameters = SEQUENCE:parameters
[parameters]
salt = FORMAT:HEX,OCTETSTRING:${SALT}
iterations = INTEGER:${iterations}
prf = SEQUENCE:prf
[prf]
kind = OID:${prf}
nothing = NULL
[cipher]
kind = OID:${cipher}
iv = FORMAT:HEX,OCTETSTRING:${IV}
`;
  openssl('asn1parse', '-genconf', save('built.cnf', configuration), '-out', at('built.der'), '-noout');
  return read('built.der');
}

test('sealed files of ours that ask for too much memory are refused before any is taken', async () => {
  const file = (argon2id) =>
    utf8(JSON.stringify({ format: 'yinxin-passphrase/1', purpose: 'subscriber-key', argon2id, salt: '00'.repeat(16), sealed: '00'.repeat(60) }));
  const wrong = { memory_kib: 64, passes: 1, lanes: 1 };
  assert.equal(await code(openKeyFile(file(wrong), 'a')), 'passphrase-wrong');
  for (const more of [{ memory_kib: 1 << 30 }, { passes: 1000 }, { lanes: 64, memory_kib: 4096 }]) {
    assert.equal(await code(openKeyFile(file({ ...wrong, ...more }), 'a')), 'key-too-slow');
  }
  for (const bad of [{ memory_kib: 7 }, { passes: 0 }, { lanes: -1 }, { memory_kib: 64.5 }, { memory_kib: '64' }]) {
    assert.equal(await code(openKeyFile(file({ ...wrong, ...bad }), 'a')), 'key-damaged');
  }
});
