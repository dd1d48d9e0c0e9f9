// DER (GB/T 16263.1): strict reading within given octets, and writing.

import { concat, fromHex, fromInteger, hex, toInteger, utf8 } from './bytes.js';
import { refuse } from './refusal.js';

export const TAG = { INTEGER: 2, BITS: 3, OCTETS: 4, NULL: 5, OID: 6, UTF8: 12, PRINTABLE: 19, SEQUENCE: 0x30, SET: 0x31 };
/** The constructed, context-specific tag of a number. @param {number} number */
export const context = (number) => 0xa0 | number;

/** Reads one value after the other. Whatever is not as it must be is a refusal: `der`. */
export class DerReader {
  /** @param {Uint8Array} octets */
  constructor(octets) {
    this.octets = octets;
    this.at = 0;
  }

  /** The next tag, or -1 at the end. */
  get tag() {
    return this.at < this.octets.length ? this.octets[this.at] : -1;
  }

  /** The contents of the next value. @param {number} tag @returns {Uint8Array} */
  take(tag) {
    if (this.tag !== tag) refuse('der');
    const [start, length] = this.#length();
    if (length > this.octets.length - start) refuse('der');
    this.at = start + length;
    return this.octets.subarray(start, this.at);
  }

  /** The next value with tag and length. @returns {Uint8Array} */
  raw(tag) {
    const from = this.at;
    this.take(tag);
    return this.octets.subarray(from, this.at);
  }

  /** Where the contents begin and how many octets they have; at most three octets of length. */
  #length() {
    const first = this.octets[this.at + 1];
    if (first < 0x80) return [this.at + 2, first];
    const count = first - 0x80;
    const octets = this.octets.subarray(this.at + 2, this.at + 2 + count);
    if (!(count >= 1 && count <= 3) || octets.length !== count) refuse('der');
    const length = Number(toInteger(octets));
    if (octets[0] === 0 || length < 0x80) refuse('der');
    return [this.at + 2 + count, length];
  }

  /** A reader of the contents. @param {number} tag @returns {DerReader} */
  inner(tag) {
    return new DerReader(this.take(tag));
  }

  /** As `inner`, if the next value has this tag. @param {number} tag @returns {DerReader | null} */
  optional(tag) {
    return this.tag === tag ? this.inner(tag) : null;
  }

  /** A whole number that is not negative. @returns {bigint} */
  integer() {
    const octets = this.take(TAG.INTEGER);
    const minimal = octets.length === 1 || octets[0] !== 0 || octets[1] >= 0x80;
    if (octets.length === 0 || octets[0] >= 0x80 || !minimal) refuse('der');
    return toInteger(octets);
  }

  /** The octets of an object identifier in hexadecimal. @returns {string} */
  oid() {
    return hex(this.take(TAG.OID));
  }

  /** A bit string of whole octets. @returns {Uint8Array} */
  bits() {
    const octets = this.take(TAG.BITS);
    if (octets[0] !== 0) refuse('der');
    return octets.subarray(1);
  }

  /** Nothing may follow. */
  finish() {
    if (this.tag !== -1) refuse('der');
  }
}

/** @param {number} tag @param {...Uint8Array} contents @returns {Uint8Array} */
export function value(tag, ...contents) {
  const body = concat(...contents);
  const octets = fromHex(body.length.toString(16).padStart(body.length > 255 ? 4 : 2, '0'));
  const length = body.length < 0x80 ? octets : concat(Uint8Array.of(0x80 | octets.length), octets);
  return concat(Uint8Array.of(tag), length, body);
}

export const sequence = (...contents) => value(TAG.SEQUENCE, ...contents);
export const set = (...contents) => value(TAG.SET, ...contents);
export const octetString = (...contents) => value(TAG.OCTETS, ...contents);
export const bitString = (...contents) => value(TAG.BITS, Uint8Array.of(0), ...contents);
export const oid = (octets) => value(TAG.OID, fromHex(octets));
export const utf8String = (text) => value(TAG.UTF8, utf8(text));
export const printableString = (text) => value(TAG.PRINTABLE, utf8(text));

/** @param {bigint} number not negative @returns {Uint8Array} */
export function integer(number) {
  const octets = fromInteger(number, Math.floor(number.toString(2).length / 8) + 1);
  return value(TAG.INTEGER, octets);
}
