// A certificate (RFC 5280), for its public key and its end: whether a key file belongs to it.

import { DerReader, TAG, context } from './der.js';
import { EC_PUBLIC_KEY, SM2 } from './oids.js';
import { find } from './pem.js';
import { reading, refuse } from './refusal.js';

const MOST_OCTETS = 64 << 10;

/** @param {Uint8Array} file PEM or DER @returns {Uint8Array} `04 ‖ X ‖ Y` */
export function publicKeyOf(file) {
  if (file.length === 0 || file.length > MOST_OCTETS) refuse('certificate-none');
  const der = file[0] === 0x30 ? file : find(new TextDecoder().decode(file), ['CERTIFICATE'])?.der;
  if (!der) refuse('certificate-none');
  return reading('certificate-none', () => {
    const signed = new DerReader(der).inner(TAG.SEQUENCE);
    const fields = signed.inner(TAG.SEQUENCE);
    fields.optional(context(0));
    fields.integer();
    // Algorithm, issuer, validity, subject.
    for (let field = 0; field < 4; field += 1) fields.take(TAG.SEQUENCE);
    return readPublicKey(fields.inner(TAG.SEQUENCE));
  });
}

/** @param {DerReader} fields of SubjectPublicKeyInfo @returns {Uint8Array} */
function readPublicKey(fields) {
  const kind = fields.inner(TAG.SEQUENCE);
  if (kind.oid() !== EC_PUBLIC_KEY || kind.tag !== TAG.OID || kind.oid() !== SM2) refuse('certificate-not-sm2');
  return fields.bits();
}
