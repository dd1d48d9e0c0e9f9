// What the worker does, each job from files and passphrase to what the page needs. Nothing is kept.

import { base64url, hex, same, utf8, wipe } from './bytes.js';
import { publicKeyOf } from './certificate.js';
import { isInTheClear, openKeyFile } from './keyfile.js';
import { encrypt } from './pbes2.js';
import { write } from './pem.js';
import { writePrivateKeyInfo } from './pkcs8.js';
import { refuse } from './refusal.js';
import { requestOf } from './request.js';
import { openResponse } from './response.js';
import { KeyPair, sign as signOctets } from './sm2.js';

/** Longest text, in octets, as the signing assistant has it. */
const MOST_TEXT = 16 << 10;

/** Whether a text is of its purpose: nothing else is ever signed (docs/agent.md). */
function fits(purpose, text) {
  switch (purpose) {
    case 'sign-in':
      return text.startsWith('印信登录 yinxin-sign-in/1 ');
    case 'agreement':
      return text.startsWith('yinxin-agreement/1 ');
    case 'application':
      return text.startsWith('yinxin-application/1 ');
    case 'act':
      return isAct(text);
    default:
      return false;
  }
}

function isAct(text) {
  try {
    return JSON.parse(text)?.v === 'yinxin-act/1';
  } catch {
    return false;
  }
}

/**
 * @param {{key: Uint8Array, certificate: Uint8Array | null, passphrase: string, purpose: string, text: string}} order
 * @returns {Promise<{signature: string, key: string}>} as the signing assistant returns them
 */
async function sign({ key, certificate, passphrase, purpose, text }) {
  const octets = utf8(text.replaceAll('\r\n', '\n'));
  if (octets.length > MOST_TEXT || !fits(purpose, text)) refuse('text');
  const wanted = certificate && publicKeyOf(certificate);
  const pair = await openKeyFile(key, passphrase);
  try {
    if (wanted && !same(wanted, pair.publicKey)) refuse('certificate-other-key');
    return { signature: base64url(signOctets(pair, octets)), key: hex(pair.publicKey) };
  } finally {
    pair.wipe();
  }
}

/** @param {{key: Uint8Array, passphrase: string}} order @returns {Promise<{request: string}>} */
async function request({ key, passphrase }) {
  const pair = await openKeyFile(key, passphrase);
  try {
    return { request: requestOf(pair) };
  } finally {
    pair.wipe();
  }
}

/** @param {{passphrase: string, again: string}} order @returns {Promise<{file: string, request: string}>} */
async function make({ passphrase, again }) {
  fresh(passphrase, again);
  const pair = KeyPair.generate();
  const ready = requestOf(pair);
  return { file: await sealed(pair, passphrase), request: ready };
}

/** A key file is guarded by nothing but this. */
const LEAST_LETTERS = 12;

/** A passphrase that opens nothing yet: long enough, and typed the same twice. */
function fresh(passphrase, again) {
  if ([...passphrase].length < LEAST_LETTERS) refuse('passphrase-short');
  if (passphrase !== again) refuse('passphrase-differs');
}

/**
 * Opens the answer of the institution; the encryption key is sealed under the passphrase of the key file, or,
 * where that has none, under a new one.
 * @param {{key: Uint8Array, passphrase: string, again: string, response: Uint8Array}} order
 * @returns {Promise<{sign: string, encryption: string | null, file: string | null}>} certificates and key
 */
async function open({ key, passphrase, again, response }) {
  if (passphrase === '') refuse('passphrase-none');
  if (isInTheClear(key)) fresh(passphrase, again);
  const pair = await openKeyFile(key, passphrase);
  try {
    const { sign: own, encryption } = openResponse(response, pair);
    const certificate = (der) => write('CERTIFICATE', der);
    if (!encryption) return { sign: certificate(own), encryption: null, file: null };
    const file = await sealed(encryption.pair, passphrase);
    return { sign: certificate(own), encryption: certificate(encryption.certificate), file };
  } finally {
    pair.wipe();
  }
}

/** A key as a file under a passphrase; the key is wiped. */
async function sealed(pair, passphrase) {
  const plain = writePrivateKeyInfo(pair);
  const phrase = utf8(passphrase);
  try {
    return write('ENCRYPTED PRIVATE KEY', await encrypt(plain, phrase));
  } finally {
    pair.wipe();
    wipe(plain, phrase);
  }
}

export const JOBS = { sign, request, make, open };
