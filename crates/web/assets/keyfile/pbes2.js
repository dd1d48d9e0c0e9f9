// EncryptedPrivateKeyInfo under PBES2 (RFC 8018 §6.2): PBKDF2, then AES-CBC or SM4-CBC, as OpenSSL and
// GmSSL write it. SHA-2 and AES are the browser's own (Web Cryptography API).

import { concat, random, wipe } from './bytes.js';
import { DerReader, TAG, integer, octetString, oid, sequence, value } from './der.js';
import { AES_256_CBC, CIPHERS, HMAC_SHA256, PBES2, PBKDF2, PRFS } from './oids.js';
import { reading, refuse } from './refusal.js';
import { pbkdf2 } from './sm3.js';
import { cbcDecrypt } from './sm4.js';

/** More iterations in a file are an attack on the reader's time. */
export const MOST_ITERATIONS = 10_000_000;
/** What a new file gets (OWASP, PBKDF2 with HMAC-SHA-256). */
export const ITERATIONS = 600_000;

/** @typedef {{prf: string, salt: Uint8Array, iterations: number, cipher: {name: string, octets: number}, iv: Uint8Array}} Scheme */

/** @param {DerReader} fields of AlgorithmIdentifier @returns {Scheme} */
function scheme(fields) {
  if (fields.oid() !== PBES2) refuse('key-scheme');
  const both = fields.inner(TAG.SEQUENCE);
  const derivation = both.inner(TAG.SEQUENCE);
  if (derivation.oid() !== PBKDF2) refuse('key-scheme');
  const parameters = derivation.inner(TAG.SEQUENCE);
  const salt = parameters.take(TAG.OCTETS);
  const iterations = parameters.integer();
  if (iterations < 1n) refuse('key-damaged');
  if (iterations > BigInt(MOST_ITERATIONS)) refuse('key-too-slow');
  const length = parameters.tag === TAG.INTEGER ? parameters.integer() : null;
  // Without a name it is HMAC-SHA-1: nobody who cares writes that today.
  const prf = PRFS[parameters.optional(TAG.SEQUENCE)?.oid()];
  parameters.finish();
  const encryption = both.inner(TAG.SEQUENCE);
  const cipher = CIPHERS[encryption.oid()];
  const iv = encryption.take(TAG.OCTETS);
  if (!prf || !cipher) refuse('key-scheme');
  if (iv.length !== 16 || (length !== null && length !== BigInt(cipher.octets))) refuse('key-damaged');
  return { prf, salt, iterations: Number(iterations), cipher, iv };
}

/** The key of the cipher out of the passphrase. @returns {Promise<Uint8Array>} */
async function derive(passphrase, { prf, salt, iterations, cipher }) {
  if (prf === 'SM3') return pbkdf2(passphrase, salt, iterations, cipher.octets);
  const key = await crypto.subtle.importKey('raw', passphrase, 'PBKDF2', false, ['deriveBits']);
  const how = { name: 'PBKDF2', hash: prf, salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * cipher.octets));
}

/**
 * @param {Uint8Array} der EncryptedPrivateKeyInfo
 * @param {Uint8Array} passphrase
 * @returns {Promise<Uint8Array>} PrivateKeyInfo
 */
export async function decrypt(der, passphrase) {
  const [how, sealed] = reading('key-damaged', () => {
    const whole = new DerReader(der);
    const fields = whole.inner(TAG.SEQUENCE);
    whole.finish();
    const both = [scheme(fields.inner(TAG.SEQUENCE)), fields.take(TAG.OCTETS)];
    fields.finish();
    return both;
  });
  if (passphrase.length === 0) refuse('passphrase-missing');
  const key = await derive(passphrase, how);
  const open = how.cipher.name === 'SM4-CBC' ? cbcDecrypt : openAes;
  const plain = await open(key, how.iv, sealed);
  wipe(key);
  // A wrong passphrase passes the padding once in 256 times; then no structure comes out.
  if (!plain || plain[0] !== TAG.SEQUENCE) refuse('passphrase-wrong');
  return plain;
}

async function openAes(key, iv, sealed) {
  const imported = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['decrypt']);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, imported, sealed));
  } catch {
    return null;
  }
}

/**
 * PBKDF2-HMAC-SHA-256 and AES-256-CBC: what every OpenSSL since 1.1 opens.
 * @param {Uint8Array} plain PrivateKeyInfo
 * @param {Uint8Array} passphrase
 * @returns {Promise<Uint8Array>} EncryptedPrivateKeyInfo
 */
export async function encrypt(plain, passphrase) {
  const [salt, iv] = [random(16), random(16)];
  const how = { prf: 'SHA-256', salt, iterations: ITERATIONS, cipher: CIPHERS[AES_256_CBC], iv };
  const key = await derive(passphrase, how);
  const imported = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['encrypt']);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, imported, plain));
  wipe(key);
  const nothing = value(TAG.NULL, concat());
  const prf = sequence(oid(HMAC_SHA256), nothing);
  const derivation = sequence(oid(PBKDF2), sequence(octetString(salt), integer(BigInt(ITERATIONS)), prf));
  const encryption = sequence(oid(AES_256_CBC), octetString(iv));
  return sequence(sequence(oid(PBES2), sequence(derivation, encryption)), octetString(sealed));
}
