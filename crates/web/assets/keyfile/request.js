// A certification request (RFC 2986, GM/T 0092): name and key, signed by the key.

import { bitString, context } from './der.js';
import { integer, oid, printableString, sequence, set, utf8String, value } from './der.js';
import { COMMON_NAME, COUNTRY, SM2_WITH_SM3 } from './oids.js';
import { write } from './pem.js';
import { algorithm } from './pkcs8.js';
import { sign } from './sm2.js';

/** The name of every request: what goes into the certificate is the form that was approved. */
const NAME = '申请人';

const attribute = (type, text) => set(sequence(oid(type), text));

/** @param {import('./sm2.js').KeyPair} pair @returns {string} PEM */
export function requestOf(pair) {
  const subject = sequence(attribute(COUNTRY, printableString('CN')), attribute(COMMON_NAME, utf8String(NAME)));
  const key = sequence(algorithm(), bitString(pair.publicKey));
  const information = sequence(integer(0n), subject, key, value(context(0)));
  const der = sequence(information, sequence(oid(SM2_WITH_SM3)), bitString(sign(pair, information)));
  return write('CERTIFICATE REQUEST', der);
}
