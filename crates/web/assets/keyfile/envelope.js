// The sealed key file of `yinxin subscriber new` (gm::passphrase): JSON, Argon2id, SM4-GCM.

import { argon2id } from './argon2.js';
import { concat, fromHex, fromInteger, utf8, wipe } from './bytes.js';
import { refuse } from './refusal.js';
import { hmac } from './sm3.js';
import { gcmOpen } from './sm4.js';

const FORMAT = 'yinxin-passphrase/1';
const PURPOSE = 'subscriber-key';
/** A page of a browser doesn't get more than this: four times what a file of ours asks for. */
const MOST_KIB = 256 << 10;
const MOST_PASSES = 16;
const MOST_LANES = 16;
const MEMBERS = ['argon2id', 'format', 'purpose', 'salt', 'sealed'];

/** @param {string} text @returns {{salt: Uint8Array, sealed: Uint8Array, argon2id: object}} */
function read(text) {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    refuse('file-not-key');
  }
  if (Object.keys(file ?? {}).sort().join() !== MEMBERS.join()) refuse('file-not-key');
  if (file.format !== FORMAT || file.purpose !== PURPOSE) refuse('file-not-key');
  const { memory_kib: memory, passes, lanes } = file.argon2id ?? {};
  const whole = [memory, passes, lanes].every((number) => Number.isInteger(number) && number > 0);
  if (!whole || memory < 8 * lanes) refuse('key-damaged');
  if (memory > MOST_KIB || passes > MOST_PASSES || lanes > MOST_LANES) refuse('key-too-slow');
  const [salt, sealed] = [fromHex(String(file.salt)), fromHex(String(file.sealed))];
  if (!salt || salt.length < 8 || !sealed) refuse('key-damaged');
  return { salt, sealed, argon2id: file.argon2id };
}

/**
 * @param {string} text of the file
 * @param {Uint8Array} passphrase
 * @returns {Uint8Array} PKCS #8 in the clear
 */
export function open(text, passphrase) {
  const file = read(text);
  if (passphrase.length === 0) refuse('passphrase-missing');
  const stretched = argon2id(passphrase, file.salt, file.argon2id);
  const parts = ['yinxin passphrase 1', PURPOSE].map(utf8);
  const uses = concat(...parts.flatMap((part) => [fromInteger(BigInt(part.length), 8), part]));
  const key = hmac(stretched, uses).slice(0, 16);
  const plain = gcmOpen(key, file.sealed.slice(0, 12), utf8(PURPOSE), file.sealed.subarray(12));
  wipe(stretched, key);
  return plain ?? refuse('passphrase-wrong');
}
