// SM4 (GB/T 32907): the modes that key files need. ECB and CBC (GB/T 17964), GCM (NIST SP 800-38D).
//
// With tables, so not in constant time; the key is used once, on its owner's machine (ADR 9).

import { concat, same, toInteger, fromInteger, fromHex } from './bytes.js';

const SBOX = fromHex(
  'd690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62' +
    'e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d35' +
    '1e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1' +
    'e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b51' +
    '8d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec684' +
    '18f07dec3adc4d2079ee5f3ed7cb3948',
);
const FK = [0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc];
const CK = Array.from({ length: 32 }, (_, i) =>
  [0, 1, 2, 3].reduce((word, j) => (word << 8) | ((7 * (4 * i + j)) % 256), 0),
);
const BLOCK = 16;

const rotate = (word, by) => (word << by) | (word >>> (32 - by));
const substitute = (x) =>
  (SBOX[x >>> 24] << 24) | (SBOX[(x >>> 16) & 255] << 16) | (SBOX[(x >>> 8) & 255] << 8) | SBOX[x & 255];

/** @param {Uint8Array} key 16 octets @returns {number[]} the 32 keys of the rounds */
function schedule(key) {
  const view = new DataView(key.buffer, key.byteOffset, BLOCK);
  const k = FK.map((word, at) => view.getInt32(4 * at) ^ word);
  return CK.map((constant) => {
    const t = substitute(k[1] ^ k[2] ^ k[3] ^ constant);
    k.push(k.shift() ^ t ^ rotate(t, 13) ^ rotate(t, 23));
    return k[3];
  });
}

/** @param {number[]} rounds @param {Uint8Array} block @returns {Uint8Array} */
function turn(rounds, block) {
  const view = new DataView(block.buffer, block.byteOffset, BLOCK);
  const x = [0, 4, 8, 12].map((at) => view.getInt32(at));
  for (const round of rounds) {
    const t = substitute(x[1] ^ x[2] ^ x[3] ^ round);
    x.push(x.shift() ^ t ^ rotate(t, 2) ^ rotate(t, 10) ^ rotate(t, 18) ^ rotate(t, 24));
  }
  const out = new Uint8Array(BLOCK);
  const written = new DataView(out.buffer);
  x.reverse().forEach((word, at) => written.setInt32(4 * at, word));
  return out;
}

const xor = (a, b) => a.map((octet, at) => octet ^ b[at]);

function* blocks(octets) {
  for (let at = 0; at < octets.length; at += BLOCK) yield octets.slice(at, at + BLOCK);
}

/** ECB of whole blocks. @param {Uint8Array} key @param {Uint8Array} plain @returns {Uint8Array} */
export function ecbEncrypt(key, plain) {
  const rounds = schedule(key);
  return concat(...[...blocks(plain)].map((block) => turn(rounds, block)));
}

/** ECB of whole blocks. @param {Uint8Array} key @param {Uint8Array} cipher @returns {Uint8Array} */
export function ecbDecrypt(key, cipher) {
  const rounds = schedule(key).reverse();
  return concat(...[...blocks(cipher)].map((block) => turn(rounds, block)));
}

/** CBC with the padding of PKCS #7. @returns {Uint8Array | null} null if the padding is wrong */
export function cbcDecrypt(key, iv, cipher) {
  if (cipher.length === 0 || cipher.length % BLOCK !== 0) return null;
  const rounds = schedule(key).reverse();
  let before = iv;
  const plain = concat(
    ...[...blocks(cipher)].map((block) => {
      const opened = xor(turn(rounds, block), before);
      before = block;
      return opened;
    }),
  );
  const padding = plain.at(-1);
  const tail = plain.subarray(plain.length - padding);
  const right = padding >= 1 && padding <= BLOCK && tail.every((octet) => octet === padding);
  return right ? plain.slice(0, plain.length - padding) : null;
}

/** Multiplication of GCM (SP 800-38D §6.3). @param {bigint} x @param {bigint} y @returns {bigint} */
function times(x, y) {
  let z = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return z;
}

const padded = (octets) => concat(octets, new Uint8Array((BLOCK - (octets.length % BLOCK)) % BLOCK));

function counterBlock(nonce, count) {
  return concat(nonce, fromInteger(BigInt(count), 4));
}

/**
 * @param {Uint8Array} key 16 octets
 * @param {Uint8Array} nonce 12 octets
 * @param {Uint8Array} bound additional authenticated data
 * @param {Uint8Array} sealed ciphertext ‖ tag
 * @returns {Uint8Array | null} null if the tag is wrong
 */
export function gcmOpen(key, nonce, bound, sealed) {
  if (nonce.length !== 12 || sealed.length < BLOCK) return null;
  const rounds = schedule(key);
  const cipher = sealed.subarray(0, sealed.length - BLOCK);
  const h = toInteger(turn(rounds, new Uint8Array(BLOCK)));
  const lengths = concat(fromInteger(8n * BigInt(bound.length), 8), fromInteger(8n * BigInt(cipher.length), 8));
  let hash = 0n;
  for (const block of blocks(concat(padded(bound), padded(cipher), lengths))) hash = times(hash ^ toInteger(block), h);
  const tag = xor(fromInteger(hash, BLOCK), turn(rounds, counterBlock(nonce, 1)));
  if (!same(tag, sealed.subarray(sealed.length - BLOCK))) return null;
  let count = 1;
  return concat(
    ...[...blocks(cipher)].map((block) => {
      count += 1;
      return xor(block, turn(rounds, counterBlock(nonce, count)));
    }),
  );
}
