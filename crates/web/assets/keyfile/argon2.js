// Argon2id, version 1.3 (RFC 9106): what stretches the passphrase of a sealed key file.
//
// Blocks are 256 words of 32 bits, each number of 64 bits low half first.

import { blake2b } from './blake2b.js';
import { concat } from './bytes.js';

const WORDS = 256;
const SLICES = 4;
const VERSION = 0x13;
const ARGON2ID = 2;

/** @param {...number} numbers @returns {Uint8Array} each as four octets, low first */
const little = (...numbers) => new Uint8Array(Uint32Array.from(numbers).buffer);

/** H' (RFC 9106 §3.3). */
function long(length, ...parts) {
  const first = concat(little(length), ...parts);
  if (length <= 64) return blake2b(length, first);
  const rows = [];
  let row = blake2b(64, first);
  let left = length;
  for (; left > 64; left -= 32) {
    rows.push(row.subarray(0, 32));
    row = blake2b(left - 32 > 64 ? 64 : left - 32, row);
  }
  return concat(...rows, row);
}

/** The high half of a product of two numbers of 32 bits. */
function high(a, b) {
  const [al, ah, bl, bh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const low = Math.imul(al, bl) >>> 0;
  const one = (Math.imul(ah, bl) >>> 0) + (low >>> 16);
  const two = (Math.imul(al, bh) >>> 0) + (one & 0xffff);
  return ((Math.imul(ah, bh) >>> 0) + Math.floor(one / 0x10000) + Math.floor(two / 0x10000)) >>> 0;
}

/** a + b + 2·low(a)·low(b) into v[a]; RFC 9106 §3.6. */
function blend(v, a, b) {
  const [x, y] = [v[a], v[b]];
  const product = Math.imul(x, y) >>> 0;
  const above = ((high(x, y) << 1) | (product >>> 31)) >>> 0;
  const low = x + y + ((product << 1) >>> 0);
  v[a] = low;
  v[a + 1] = v[a + 1] + v[b + 1] + above + Math.floor(low / 0x100000000);
}

/** v[d] = (v[d] ⊕ v[a]) turned right by 32, 24, 16 or 63. */
function turn(v, d, a, by) {
  const low = v[d] ^ v[a];
  const top = v[d + 1] ^ v[a + 1];
  if (by === 32) {
    v[d] = top;
    v[d + 1] = low;
  } else if (by === 63) {
    v[d] = (low << 1) | (top >>> 31);
    v[d + 1] = (top << 1) | (low >>> 31);
  } else {
    v[d] = (low >>> by) | (top << (32 - by));
    v[d + 1] = (top >>> by) | (low << (32 - by));
  }
}

function mix(v, a, b, c, d) {
  blend(v, a, b);
  turn(v, d, a, 32);
  blend(v, c, d);
  turn(v, b, c, 24);
  blend(v, a, b);
  turn(v, d, a, 16);
  blend(v, c, d);
  turn(v, b, c, 63);
}

/** P over sixteen numbers: pairs at `start`, each pair `step` words after the one before. */
function permute(v, start, step) {
  const at = (n) => start + (n >> 1) * step + 2 * (n & 1);
  mix(v, at(0), at(4), at(8), at(12));
  mix(v, at(1), at(5), at(9), at(13));
  mix(v, at(2), at(6), at(10), at(14));
  mix(v, at(3), at(7), at(11), at(15));
  mix(v, at(0), at(5), at(10), at(15));
  mix(v, at(1), at(6), at(11), at(12));
  mix(v, at(2), at(7), at(8), at(13));
  mix(v, at(3), at(4), at(9), at(14));
}

const R = new Uint32Array(WORDS);
const Z = new Uint32Array(WORDS);

/** to = G(x, y), joined with what was there from the second pass on. */
function compress(to, x, y, join) {
  for (let at = 0; at < WORDS; at += 1) R[at] = x[at] ^ y[at];
  Z.set(R);
  for (let row = 0; row < 8; row += 1) permute(Z, 32 * row, 4);
  for (let column = 0; column < 8; column += 1) permute(Z, 4 * column, 32);
  for (let at = 0; at < WORDS; at += 1) to[at] = (join ? to[at] : 0) ^ R[at] ^ Z[at];
}

/** Where the blocks of a segment look back to, from places alone (Argon2i). */
class Addresses {
  constructor({ pass, lane, slice, blocks, passes }) {
    this.input = new Uint32Array(WORDS);
    [pass, lane, slice, blocks, passes, ARGON2ID].forEach((number, at) => {
      this.input[2 * at] = number;
    });
    this.block = new Uint32Array(WORDS);
    this.zero = new Uint32Array(WORDS);
  }

  /** The two halves for the block at a place of the segment; places come in order. */
  pair(place) {
    if (place % 128 === 0 || this.input[12] === 0) {
      this.input[12] += 1;
      compress(this.block, this.zero, this.input, false);
      compress(this.block, this.zero, this.block, false);
    }
    return [this.block[2 * (place % 128)], this.block[2 * (place % 128) + 1]];
  }
}

/** Which block of the lane is looked back to (RFC 9106 §3.4). */
function referred({ pass, slice, length }, place, half, sameLane) {
  const segment = length / SLICES;
  const done = pass === 0 ? slice * segment : length - segment;
  const area = sameLane ? done + place - 1 : done - (place === 0 ? 1 : 0);
  const start = pass === 0 || slice === SLICES - 1 ? 0 : (slice + 1) * segment;
  return (start + area - 1 - high(area, high(half, half))) % length;
}

function fill(memory, at) {
  const { pass, lane, slice, lanes, length } = at;
  const segment = length / SLICES;
  const block = (whichLane, place) => memory.subarray(WORDS * (whichLane * length + place), WORDS * (whichLane * length + place + 1));
  const addresses = pass === 0 && slice < SLICES / 2 ? new Addresses(at) : null;
  for (let place = pass === 0 && slice === 0 ? 2 : 0; place < segment; place += 1) {
    const here = slice * segment + place;
    const before = block(lane, (here + length - 1) % length);
    const [half, other] = addresses ? addresses.pair(place) : before;
    const from = pass === 0 && slice === 0 ? lane : other % lanes;
    const back = block(from, referred(at, place, half, from === lane));
    compress(block(lane, here), before, back, pass > 0);
  }
}

/**
 * @param {Uint8Array} passphrase
 * @param {Uint8Array} salt
 * @param {{memory_kib: number, passes: number, lanes: number}} how
 * @returns {Uint8Array} 32 octets
 */
export function argon2id(passphrase, salt, { memory_kib: memoryKib, passes, lanes }) {
  const length = SLICES * Math.floor(memoryKib / (SLICES * lanes));
  const blocks = length * lanes;
  const memory = new Uint32Array(WORDS * blocks);
  const seed = blake2b(
    64,
    little(lanes, 32, memoryKib, passes, VERSION, ARGON2ID, passphrase.length),
    passphrase,
    little(salt.length),
    salt,
    little(0, 0),
  );
  for (let lane = 0; lane < lanes; lane += 1) {
    for (const place of [0, 1]) {
      const first = long(1024, seed, little(place, lane));
      memory.set(new Uint32Array(first.buffer, 0, WORDS), WORDS * (lane * length + place));
    }
  }
  for (let pass = 0; pass < passes; pass += 1) {
    for (let slice = 0; slice < SLICES; slice += 1) {
      for (let lane = 0; lane < lanes; lane += 1) fill(memory, { pass, lane, slice, lanes, length, blocks, passes });
    }
  }
  const last = new Uint32Array(WORDS);
  for (let lane = 0; lane < lanes; lane += 1) {
    const from = WORDS * ((lane + 1) * length - 1);
    for (let at = 0; at < WORDS; at += 1) last[at] ^= memory[from + at];
  }
  memory.fill(0);
  return long(32, new Uint8Array(last.buffer));
}
