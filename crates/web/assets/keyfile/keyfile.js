// A key file of any form that people have: sealed by `yinxin subscriber new`, PKCS #8 with or without
// a passphrase, ECPrivateKey; PEM or DER.

import { utf8, wipe } from './bytes.js';
import { open as openEnvelope } from './envelope.js';
import { decrypt } from './pbes2.js';
import { DerReader, TAG } from './der.js';
import { find } from './pem.js';
import { readPrivateKeyInfo, readSec1 } from './pkcs8.js';
import { Refusal, reading, refuse } from './refusal.js';

/** A key file has a few hundred octets. */
export const MOST_OCTETS = 64 << 10;

const SEALED = 'ENCRYPTED PRIVATE KEY';
const PLAIN = 'PRIVATE KEY';
/** OpenSSL 3 names the key's own curve. */
const SEC1 = ['EC PRIVATE KEY', 'SM2 PRIVATE KEY'];
/** Files that people take for a key file. */
const OTHERS = ['CERTIFICATE', 'CERTIFICATE REQUEST', 'CERTIFICATE RESPONSE', 'PUBLIC KEY'];

/**
 * Whether a file holds a key that no passphrase guards, as far as its outside tells: what else is wrong with it
 * is said when it is opened.
 * @param {Uint8Array} file
 * @returns {boolean}
 */
export function isInTheClear(file) {
  if (file.length === 0 || file.length > MOST_OCTETS) return false;
  const text = new TextDecoder().decode(file);
  if (text.trimStart().startsWith('{')) return false;
  if (text.includes('-----BEGIN ')) {
    return Boolean(find(text, [PLAIN, ...SEC1])) && !find(text, [SEALED]) && !/Proc-Type: 4,ENCRYPTED/.test(text);
  }
  try {
    return new DerReader(file).inner(TAG.SEQUENCE).tag === TAG.INTEGER;
  } catch {
    return false;
  }
}

/**
 * @param {Uint8Array} file
 * @param {string} passphrase
 * @returns {Promise<import('./sm2.js').KeyPair>} to be wiped after use
 */
export async function openKeyFile(file, passphrase) {
  if (file.length === 0) refuse('file-empty');
  if (file.length > MOST_OCTETS) refuse('file-not-key');
  const phrase = utf8(passphrase);
  const text = new TextDecoder().decode(file);
  try {
    if (text.trimStart().startsWith('{')) return readClear(openEnvelope(text, phrase));
    if (text.includes('-----BEGIN ')) return await openPem(text, phrase);
    if (file[0] === 0x30) return await openDer(file, phrase);
  } finally {
    wipe(phrase);
  }
  return refuse('file-not-key');
}

function readClear(plain) {
  try {
    return readPrivateKeyInfo(plain);
  } finally {
    wipe(plain);
  }
}

async function openSealed(der, phrase) {
  const plain = await decrypt(der, phrase);
  try {
    return readClear(plain);
  } catch (error) {
    // Sealed by another passphrase and, by chance, with a padding: rubbish that begins like a sequence.
    if (error instanceof Refusal && error.code === 'key-damaged') refuse('passphrase-wrong');
    throw error;
  }
}

async function openPem(text, phrase) {
  if (/Proc-Type: 4,ENCRYPTED/.test(text)) refuse('key-scheme');
  const found = find(text, [SEALED, PLAIN, ...SEC1]);
  if (!found) refuse(find(text, OTHERS) ? 'file-other' : 'file-not-key');
  if (!found.der) refuse('key-damaged');
  if (found.label === SEALED) return openSealed(found.der, phrase);
  return found.label === PLAIN ? readClear(found.der) : readSec1(found.der);
}

/** DER: what comes first inside tells a sealed key from one in the clear, and both from other files. */
async function openDer(der, phrase) {
  const fields = reading('key-damaged', () => new DerReader(der).inner(TAG.SEQUENCE));
  if (fields.tag === TAG.SEQUENCE) {
    const first = reading('key-damaged', () => fields.inner(TAG.SEQUENCE));
    return first.tag === TAG.OID ? openSealed(der, phrase) : refuse('file-other');
  }
  if (fields.tag !== TAG.INTEGER) refuse('file-not-key');
  if (reading('key-damaged', () => fields.integer()) === 3n) refuse('file-pfx');
  try {
    return readPrivateKeyInfo(der);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'key-damaged') return readSec1(der);
    throw error;
  }
}
