// Opening the answer of the institution (GM/T 0092 §8): two certificates, and the encryption key in its
// envelope (SM2EnvelopedKey, GM/T 0009 §7.4) to the signing key.

import { same, wipe } from './bytes.js';
import { publicKeyOf } from './certificate.js';
import { DerReader, TAG, context } from './der.js';
import { SM4, SM4_ECB } from './oids.js';
import { find } from './pem.js';
import { Refusal, reading, refuse } from './refusal.js';
import { KeyPair, decrypt } from './sm2.js';
import { ecbDecrypt } from './sm4.js';

const MOST_OCTETS = 512 << 10;

/**
 * @param {Uint8Array} file DER, or PEM
 * @param {KeyPair} pair the signing key
 * @returns {{sign: Uint8Array, encryption: {certificate: Uint8Array, pair: KeyPair} | null}}
 */
export function openResponse(file, pair) {
  if (file.length > MOST_OCTETS) refuse('response-damaged');
  const der = file[0] === 0x30 ? file : find(new TextDecoder().decode(file), ['CERTIFICATE RESPONSE'])?.der;
  if (!der) refuse('response-damaged');
  return reading('response-damaged', () => {
    const whole = new DerReader(der);
    const fields = whole.inner(TAG.SEQUENCE);
    whole.finish();
    const sign = certificateFor(fields.inner(TAG.SET), pair.publicKey);
    if (!sign) refuse('response-other-key');
    const envelope = fields.optional(context(0));
    const certificates = fields.optional(context(1));
    fields.finish();
    if (!envelope !== !certificates) refuse('response-damaged');
    return { sign, encryption: envelope && openEncryption(envelope, certificates, pair) };
  });
}

/** The certificate of a set that is for this key. */
function certificateFor(certificates, publicKey) {
  let found = null;
  while (certificates.tag !== -1) {
    const certificate = certificates.raw(TAG.SEQUENCE);
    if (!found && isFor(certificate, publicKey)) found = certificate;
  }
  return found;
}

/** Certificates of the chain may be of another kind; they are not ours then. */
function isFor(certificate, publicKey) {
  try {
    return same(publicKeyOf(certificate), publicKey);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function openEncryption(envelope, certificates, signing) {
  const pair = openEnvelope(envelope, signing);
  const certificate = certificateFor(certificates, pair.publicKey);
  return certificate ? { certificate, pair } : refuse('response-damaged');
}

/** Implicit, or a whole SEQUENCE inside: its first element is followed by nothing. */
function openEnvelope(content, signing) {
  const probe = new DerReader(content.octets);
  const inside = probe.inner(TAG.SEQUENCE);
  const fields = probe.tag === -1 ? inside : content;
  const algorithm = fields.inner(TAG.SEQUENCE).oid();
  if (algorithm !== SM4_ECB && algorithm !== SM4) refuse('response-damaged');
  const symmetric = decrypt(signing, fields.inner(TAG.SEQUENCE));
  const publicKey = fields.bits();
  const sealed = fields.bits();
  fields.finish();
  if (symmetric.length !== 16 || sealed.length !== 32) refuse('response-damaged');
  const pair = new KeyPair(ecbDecrypt(symmetric, sealed));
  wipe(symmetric);
  return same(pair.publicKey, publicKey) ? pair : refuse('response-damaged');
}
