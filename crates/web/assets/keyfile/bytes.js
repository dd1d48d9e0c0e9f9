// Octets: joining, comparing, writing in hexadecimal and base64, and wiping.

/** @param {...Uint8Array} parts @returns {Uint8Array} all of them in a row */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {string} text @returns {Uint8Array} UTF-8 */
export const utf8 = (text) => new TextEncoder().encode(text);

/** @param {Uint8Array} octets @returns {string} lower case */
export const hex = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');

/** @param {string} text @returns {Uint8Array | null} null if it is no hexadecimal */
export function fromHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** @param {Uint8Array} octets @returns {string} base64 with padding */
export const base64 = (octets) => btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(''));

/** @param {Uint8Array} octets @returns {string} base64url without padding (RFC 4648 §5) */
export const base64url = (octets) => base64(octets).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** @param {string} text @returns {Uint8Array | null} null if it is no base64 */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, '')), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}

/** @param {Uint8Array} octets @returns {bigint} big-endian */
export const toInteger = (octets) => (octets.length === 0 ? 0n : BigInt(`0x${hex(octets)}`));

/** @param {bigint} integer @param {number} length @returns {Uint8Array} big-endian, in so many octets */
export function fromInteger(integer, length) {
  const octets = new Uint8Array(length);
  for (let at = length - 1, rest = integer; at >= 0; at -= 1, rest >>= 8n) octets[at] = Number(rest & 255n);
  return octets;
}

/** Compares without leaving early. @param {Uint8Array} a @param {Uint8Array} b @returns {boolean} */
export function same(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= a[at] ^ b[at];
  return difference === 0;
}

/** @param {number} length @returns {Uint8Array} from the browser's source */
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Overwrites what is needed no longer. @param {...(Uint8Array | null | undefined)} secrets */
export function wipe(...secrets) {
  for (const secret of secrets) secret?.fill(0);
}
