// SM2 signatures (GB/T 32918.2) and decryption (GB/T 32918.4), SM3 throughout.

import { concat, fromInteger, random, same, toInteger, utf8, wipe } from './bytes.js';
import { A, B, G, N, add, affine, decode, encode, inverse, mod, multiply } from './curve.js';
import { DerReader, TAG, integer, sequence } from './der.js';
import { refuse } from './refusal.js';
import { hmac, sm3 } from './sm3.js';

/** The user ID where none is demanded (GM/T 0009 §10). */
export const DEFAULT_ID = utf8('1234567812345678');

/** A key pair; the private half as 32 octets, 1 ≤ d ≤ n-2 (GM/T 0009 §5.1). */
export class KeyPair {
  /** @param {Uint8Array} secret 32 octets; wiped by `wipe()` */
  constructor(secret) {
    const d = toInteger(secret);
    if (secret.length !== 32 || d < 1n || d > N - 2n) refuse('key-damaged');
    this.secret = secret;
    /** `04 ‖ X ‖ Y` */
    this.publicKey = encode(affine(multiply(d, G)));
  }

  /** @returns {KeyPair} a fresh one */
  static generate() {
    for (;;) {
      const secret = random(32);
      const d = toInteger(secret);
      if (d >= 1n && d <= N - 2n) return new KeyPair(secret);
    }
  }

  wipe() {
    wipe(this.secret);
  }
}

/**
 * SM3(Z ‖ M), which is what is signed (GB/T 32918.2 §5.5, §6.1).
 * @param {Uint8Array} publicKey @param {Uint8Array} id @param {Uint8Array} message @returns {Uint8Array}
 */
export function digest(publicKey, id, message) {
  const length = Uint8Array.of((8 * id.length) >> 8, (8 * id.length) & 255);
  const constants = [A, B, G[0], G[1]].map((constant) => fromInteger(constant, 32));
  return sm3(sm3(length, id, ...constants, publicKey.subarray(1)), message);
}

/**
 * A nonce from key, digest and fresh randomness: a bad source of random octets alone, or a digest that
 * repeats alone, doesn't give the key away. 512 bits, so that the remainder is even.
 */
function nonce(secret, e, attempt) {
  const input = concat(utf8('yinxin sm2 nonce 1'), Uint8Array.of(attempt), e, random(32));
  const wide = concat(hmac(secret, Uint8Array.of(0), input), hmac(secret, Uint8Array.of(1), input));
  const k = mod(toInteger(wide), N - 1n) + 1n;
  wipe(wide, input);
  return k;
}

/**
 * Signs by a given nonce; null where the standard asks for another one.
 * @param {bigint} d @param {bigint} k @param {bigint} e @returns {[bigint, bigint] | null} r and s
 */
export function signWith(d, k, e) {
  const [x] = affine(multiply(k, G));
  const r = mod(e + x, N);
  if (r === 0n || r + k === N) return null;
  const s = mod(inverse(1n + d, N) * (k - r * d), N);
  return s === 0n ? null : [r, s];
}

/**
 * @param {KeyPair} pair
 * @param {Uint8Array} message
 * @param {Uint8Array} id
 * @returns {Uint8Array} DER (GM/T 0009 §7.3)
 */
export function sign(pair, message, id = DEFAULT_ID) {
  const e = digest(pair.publicKey, id, message);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const pairOf = signWith(toInteger(pair.secret), nonce(pair.secret, e, attempt), toInteger(e));
    if (!pairOf) continue;
    const signature = sequence(...pairOf.map(integer));
    // A signature that came out wrong may give the key away: it doesn't leave.
    if (verify(pair.publicKey, message, signature, id)) return signature;
  }
  return refuse('fault');
}

/** @returns {boolean} whether it is the signature of this key over this message */
export function verify(publicKey, message, signature, id = DEFAULT_ID) {
  const point = decode(publicKey);
  const fields = new DerReader(signature).inner(TAG.SEQUENCE);
  const [r, s] = [fields.integer(), fields.integer()];
  fields.finish();
  const t = mod(r + s, N);
  if (!point || r < 1n || r >= N || s < 1n || s >= N || t === 0n) return false;
  const sum = affine(add(multiply(s, G), multiply(t, point)));
  return sum !== null && mod(toInteger(digest(publicKey, id, message)) + sum[0], N) === r;
}

/**
 * @param {KeyPair} pair
 * @param {DerReader} fields of an SM2Cipher (GM/T 0009 §7.2): x, y, hash, cipher
 * @returns {Uint8Array} the plain text
 */
export function decrypt(pair, fields) {
  const [x, y] = [fields.integer(), fields.integer()];
  const hash = fields.take(TAG.OCTETS);
  const cipher = fields.take(TAG.OCTETS);
  fields.finish();
  const point = x >> 256n || y >> 256n ? null : decode(encode([x, y]));
  if (!point || cipher.length === 0 || cipher.length > 1024) refuse('response-damaged');
  const [x2, y2] = affine(multiply(toInteger(pair.secret), point)).map((one) => fromInteger(one, 32));
  const stream = [];
  for (let count = 1; 32 * (count - 1) < cipher.length; count += 1) stream.push(sm3(x2, y2, fromInteger(BigInt(count), 4)));
  const mask = concat(...stream);
  const plain = cipher.map((octet, at) => octet ^ mask[at]);
  if (!same(sm3(x2, plain, y2), hash)) refuse('response-other-key');
  return plain;
}
