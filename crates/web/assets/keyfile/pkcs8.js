// Private keys of SM2: PKCS #8 PrivateKeyInfo (RFC 5958) and ECPrivateKey (RFC 5915), in the clear.

import { same, wipe } from './bytes.js';
import { DerReader, TAG, context, integer, octetString, oid, sequence, value, bitString } from './der.js';
import { EC_PUBLIC_KEY, SM2 } from './oids.js';
import { reading, refuse } from './refusal.js';
import { KeyPair } from './sm2.js';

/** id-ecPublicKey with the curve of SM2, as it stands in every key. @returns {Uint8Array} */
export const algorithm = () => sequence(oid(EC_PUBLIC_KEY), oid(SM2));

/** @param {Uint8Array} der @returns {KeyPair} */
export function readPrivateKeyInfo(der) {
  return reading('key-damaged', () => {
    const whole = new DerReader(der);
    const fields = whole.inner(TAG.SEQUENCE);
    whole.finish();
    const version = fields.integer();
    if (version > 1n) refuse('key-damaged');
    const kind = fields.inner(TAG.SEQUENCE);
    if (kind.oid() !== EC_PUBLIC_KEY) refuse('key-not-sm2');
    if (kind.tag !== TAG.OID || kind.oid() !== SM2) refuse('key-not-sm2');
    kind.finish();
    // Attributes and the public half of RFC 5958 may follow; the inner structure has what is needed.
    return readSec1(fields.take(TAG.OCTETS), true);
  });
}

/** @param {Uint8Array} der @param {boolean} curveIsKnown @returns {KeyPair} */
export function readSec1(der, curveIsKnown = false) {
  return reading('key-damaged', () => {
    const whole = new DerReader(der);
    const fields = whole.inner(TAG.SEQUENCE);
    whole.finish();
    if (fields.integer() !== 1n) refuse('key-damaged');
    const secret = fields.take(TAG.OCTETS).slice();
    const curve = fields.optional(context(0));
    if (curve ? curve.oid() !== SM2 : !curveIsKnown) refuse('key-not-sm2');
    const stated = fields.optional(context(1))?.bits();
    fields.finish();
    const pair = new KeyPair(secret);
    if (stated && !same(stated, pair.publicKey)) {
      wipe(secret);
      refuse('key-damaged');
    }
    return pair;
  });
}

/** As OpenSSL writes it, with the public half. @param {KeyPair} pair @returns {Uint8Array} */
export function writePrivateKeyInfo(pair) {
  const inner = sequence(integer(1n), octetString(pair.secret), value(context(1), bitString(pair.publicKey)));
  return sequence(integer(0n), algorithm(), octetString(inner));
}
