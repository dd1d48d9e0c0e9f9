// A form over a key file: reads its fields, says what is wrong beside them, and empties them after use.
// Its fields have no names, so nothing of them can be sent.

import { refuse, Refusal } from './refusal.js';
import { run } from './run.js';
import { WORDS } from './words.js';

/** Larger files are none of ours; they are not read at all. */
const MOST_OCTETS = 512 << 10;
const TOO_LARGE = { key: 'file-not-key', certificate: 'certificate-none', response: 'response-damaged' };

export class KeyFileForm {
  /**
   * @param {HTMLFormElement} form
   * @param {'sign' | 'request' | 'make' | 'open'} job
   * @param {(form: KeyFileForm) => Promise<object>} order what goes to the worker
   * @param {(done: object, form: KeyFileForm) => void} done
   */
  constructor(form, job, order, done) {
    this.form = form;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      this.#clear();
      this.#busy(true);
      const { answer, code } = await this.#work(job, order);
      this.#busy(false);
      for (const field of form.querySelectorAll('input[type=password]')) field.value = '';
      if (code) this.#complain(code);
      else done(answer, this);
    });
    form.hidden = false;
  }

  async #work(job, order) {
    try {
      const { done: answer, code } = await run(job, await order(this));
      return { answer, code };
    } catch (error) {
      return { code: error instanceof Refusal ? error.code : 'fault' };
    }
  }

  /** @param {string} name @returns {HTMLInputElement | null} */
  field(name) {
    return this.form.querySelector(`[data-field="${name}"]`);
  }

  /** What was typed. @param {string} name @returns {string} */
  text(name) {
    return this.field(name)?.value ?? '';
  }

  /** What was chosen; null without a choice. @param {string} name @returns {Promise<Uint8Array | null>} */
  async file(name) {
    const [file] = this.field(name)?.files ?? [];
    if (!file) return null;
    if (file.size > MOST_OCTETS) refuse(TOO_LARGE[name]);
    return file.arrayBuffer().then(
      (buffer) => new Uint8Array(buffer),
      () => refuse('file-unreadable'),
    );
  }

  /** Says how it goes. @param {string} text */
  say(text) {
    this.form.querySelector('[data-status]').textContent = text;
  }

  /** Forgets what was chosen and typed. */
  empty() {
    this.form.reset();
  }

  #busy(is) {
    this.form.setAttribute('aria-busy', String(is));
    this.form.querySelector('button:not([type=button])').disabled = is;
    this.say(is ? '正在您的电脑上运算，可能需要几秒钟，请稍候……' : '');
  }

  #clear() {
    for (const field of this.form.querySelectorAll('[data-field]')) {
      field.removeAttribute('aria-invalid');
      field.closest('.field').classList.remove('field--error');
      const error = document.getElementById(`${field.id}-error`);
      error.hidden = true;
      error.textContent = '';
    }
  }

  /** The mistake beside its field, and the field under the cursor. */
  #complain(code) {
    const { field: name, text } = WORDS[code] ?? WORDS.fault;
    const field = this.field(name) ?? this.form.querySelector('[data-field]');
    const error = document.getElementById(`${field.id}-error`);
    error.textContent = text;
    error.hidden = false;
    field.closest('.field').classList.add('field--error');
    field.setAttribute('aria-invalid', 'true');
    this.say('');
    field.focus();
  }
}

/** A link that saves a text as a file. @param {HTMLAnchorElement} link @param {string} name @param {string} text */
export function offer(link, name, text) {
  if (link.href.startsWith('blob:')) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
  link.download = name;
  link.closest('[data-offer]').hidden = false;
}
