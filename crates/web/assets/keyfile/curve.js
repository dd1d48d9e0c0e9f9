// The curve of SM2 (GB/T 32918.5): y² = x³ - 3x + b over p.
//
// One complete addition formula for every pair of points and a ladder of fixed length, over a blinded
// scalar. BigInt itself takes longer for longer numbers: what that means is in ADR 9.

import { concat, fromInteger, random, toInteger } from './bytes.js';

export const P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;
export const N = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
export const A = P - 3n;
export const B = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;
/** The base point, projective. @type {Point} */
export const G = [
  0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
  1n,
];
/** @typedef {[bigint, bigint, bigint]} Point X : Y : Z */
/** @type {Point} */
const INFINITY = [0n, 1n, 0n];
/** Bits of a blinded scalar: 256 of N and 64 of the factor, and a carry. */
const LADDER = 321;

/** @param {bigint} x @param {bigint} modulus @returns {bigint} not negative */
export function mod(x, modulus) {
  const rest = x % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** By Fermat, over a prime. @param {bigint} x @param {bigint} modulus @returns {bigint} */
export function inverse(x, modulus) {
  let result = 1n;
  for (const bit of (modulus - 2n).toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * x) % modulus;
  }
  return result;
}

/**
 * Renes, Costello, Batina 2016, algorithm 4: complete, so doubling and infinity are no cases of their own.
 * @param {Point} one @param {Point} two @returns {Point}
 */
export function add([x1, y1, z1], [x2, y2, z2]) {
  const xx = (x1 * x2) % P;
  const yy = (y1 * y2) % P;
  const zz = (z1 * z2) % P;
  const xy = ((x1 + y1) * (x2 + y2) - xx - yy) % P;
  const yz = ((y1 + z1) * (y2 + z2) - yy - zz) % P;
  const xz = ((x1 + z1) * (x2 + z2) - xx - zz) % P;
  const u = (3n * (xz - B * zz)) % P;
  const v = (3n * (B * xz - 3n * zz - xx)) % P;
  const w = 3n * (xx - zz);
  const minus = yy - u;
  const plus = yy + u;
  return [mod(xy * plus - yz * v, P), mod(plus * minus + w * v, P), mod(yz * minus + xy * w, P)];
}

/** @param {bigint} scalar @param {Point} point @returns {Point} */
export function multiply(scalar, point) {
  const blinded = scalar + N * toInteger(random(8));
  const z = 1n + mod(toInteger(random(32)), P - 1n);
  /** @type {[Point, Point]} */
  const pair = [INFINITY, point.map((coordinate) => (coordinate * z) % P)];
  for (let bit = LADDER - 1; bit >= 0; bit -= 1) {
    const which = Number((blinded >> BigInt(bit)) & 1n);
    pair[1 - which] = add(pair[0], pair[1]);
    pair[which] = add(pair[which], pair[which]);
  }
  return pair[0];
}

/** @param {Point} point @returns {[bigint, bigint] | null} null for infinity */
export function affine([x, y, z]) {
  if (z === 0n) return null;
  const scale = inverse(z, P);
  return [(x * scale) % P, (y * scale) % P];
}

/** @param {[bigint, bigint]} point @returns {Uint8Array} `04 ‖ X ‖ Y` */
export const encode = ([x, y]) => concat(Uint8Array.of(4), fromInteger(x, 32), fromInteger(y, 32));

/** @param {Uint8Array} octets @returns {Point | null} null if it is no point of the curve */
export function decode(octets) {
  if (octets.length !== 65 || octets[0] !== 4) return null;
  const x = toInteger(octets.subarray(1, 33));
  const y = toInteger(octets.subarray(33));
  const on = x < P && y < P && mod(y * y - (x * x * x + A * x + B), P) === 0n;
  return on ? [x, y, 1n] : null;
}
