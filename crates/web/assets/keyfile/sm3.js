// SM3 (GB/T 32905), HMAC-SM3 (GB/T 15852.2) and PBKDF2 over it (RFC 8018 §5.2).

import { concat } from './bytes.js';

const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
const BLOCK = 64;

const rotate = (word, by) => (word << by) | (word >>> (32 - by));
/** T_j turned left by j (GB/T 32905 §4.2). */
const T = Int32Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));
const W = new Int32Array(68);

/** One step of the compression function over 16 words. @param {Int32Array} state @param {Int32Array} block */
function compress(state, block) {
  W.set(block);
  for (let j = 16; j < 68; j += 1) {
    const x = W[j - 16] ^ W[j - 9] ^ rotate(W[j - 3], 15);
    W[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(W[j - 13], 7) ^ W[j - 6];
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j += 1) {
    const turned = rotate(a, 12);
    const ss1 = rotate((turned + e + T[j]) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ turned) + (W[j] ^ W[j + 4])) | 0;
    const tt2 = (gg + h + ss1 + W[j]) | 0;
    d = c;
    c = rotate(b, 9);
    b = a;
    a = tt1;
    h = g;
    g = rotate(f, 19);
    f = e;
    e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17);
  }
  state[0] ^= a;
  state[1] ^= b;
  state[2] ^= c;
  state[3] ^= d;
  state[4] ^= e;
  state[5] ^= f;
  state[6] ^= g;
  state[7] ^= h;
}

/** @param {Uint8Array} octets @returns {Int32Array} big-endian words */
function words(octets) {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return Int32Array.from({ length: octets.length / 4 }, (_, at) => view.getInt32(4 * at));
}

/** @param {Int32Array} state @returns {Uint8Array} */
function octets(state) {
  const digest = new Uint8Array(4 * state.length);
  const view = new DataView(digest.buffer);
  state.forEach((word, at) => view.setInt32(4 * at, word));
  return digest;
}

/** Goes on from a state that has read `before` octets. */
function finish(state, message, before) {
  const length = before + message.length;
  const padding = new Uint8Array(BLOCK - ((message.length + 8) % BLOCK));
  padding[0] = 0x80;
  const bits = new Uint8Array(8);
  new DataView(bits.buffer).setBigUint64(0, 8n * BigInt(length));
  const all = words(concat(message, padding, bits));
  for (let at = 0; at < all.length; at += 16) compress(state, all.subarray(at, at + 16));
  return octets(state);
}

/** @param {...Uint8Array} parts @returns {Uint8Array} 32 octets */
export function sm3(...parts) {
  return finish(Int32Array.from(START), concat(...parts), 0);
}

/** The states of a key, inner and outer: each has read one block. */
function keyed(key) {
  const block = new Uint8Array(BLOCK);
  block.set(key.length > BLOCK ? sm3(key) : key);
  return [0x36, 0x5c].map((pad) => {
    const state = Int32Array.from(START);
    compress(state, words(block.map((octet) => octet ^ pad)));
    return state;
  });
}

/** @param {Uint8Array} key @param {...Uint8Array} parts @returns {Uint8Array} 32 octets */
export function hmac(key, ...parts) {
  const [inner, outer] = keyed(key);
  return finish(outer, finish(inner, concat(...parts), BLOCK), BLOCK);
}

/** The closing block over a digest of 32 octets, after one block of the key. */
function closing() {
  const block = new Int32Array(16);
  block[8] = 1 << 31;
  block[15] = 8 * (BLOCK + 32);
  return block;
}

/**
 * @param {Uint8Array} passphrase
 * @param {Uint8Array} salt
 * @param {number} iterations
 * @param {number} length in octets
 * @returns {Uint8Array}
 */
export function pbkdf2(passphrase, salt, iterations, length) {
  const [inner, outer] = keyed(passphrase);
  const parts = [];
  for (let count = 1; 32 * (count - 1) < length; count += 1) {
    const index = new Uint8Array(4);
    new DataView(index.buffer).setUint32(0, count);
    parts.push(chain([inner, outer], concat(salt, index), iterations));
  }
  return concat(...parts).slice(0, length);
}

/** U_1 ⊕ … ⊕ U_c, word by word: the long part of PBKDF2. */
function chain([inner, outer], first, iterations) {
  const block = closing();
  const state = new Int32Array(8);
  const sum = words(finish(outer.slice(), finish(inner.slice(), first, BLOCK), BLOCK));
  block.set(sum);
  for (let round = 1; round < iterations; round += 1) {
    for (const half of [inner, outer]) {
      state.set(half);
      compress(state, block);
      block.set(state);
    }
    for (let at = 0; at < 8; at += 1) sum[at] ^= state[at];
  }
  return octets(sum);
}
