// Why something can't be done, as a code; `words.js` has the Chinese text of each.

/** Thrown wherever file, passphrase or certificate are not as they must be. */
export class Refusal extends Error {
  /** @param {string} code a key of `WORDS` */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {string} code @returns {never} */
export function refuse(code) {
  throw new Refusal(code);
}

/**
 * Runs a reader of DER; what it finds wrong is refused under the code of what was being read.
 * @template T @param {string} code @param {() => T} read @returns {T}
 */
export function reading(code, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal && error.code === 'der') refuse(code);
    throw error;
  }
}
