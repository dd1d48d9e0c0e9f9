// PEM (RFC 7468): finding a block by its label, and writing one.

import { base64, fromBase64 } from './bytes.js';

/**
 * The first block of one of these labels.
 * @param {string} text @param {string[]} labels
 * @returns {{label: string, der: Uint8Array | null} | null} `der` is null where it is no base64
 */
export function find(text, labels) {
  for (const [, label, body] of text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)) {
    if (labels.includes(label)) return { label, der: fromBase64(body) };
  }
  return null;
}

/** @param {string} label @param {Uint8Array} der @returns {string} */
export function write(label, der) {
  const lines = base64(der).match(/.{1,64}/g).join('\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
