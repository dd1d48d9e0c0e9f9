// Verifying a signature without sending what was signed: the file is hashed here, and only its SM3, and
// where the signer's certificate was chosen SM3(Z ‖ file) too, go into the form. Without this script the
// form uploads the file.

import { hex, utf8 } from './bytes.js';
import { publicKeyOf } from './certificate.js';
import { DEFAULT_ID, digest } from './sm2.js';
import { sm3 } from './sm3.js';

const MOST_OCTETS = 100 << 20;

/** @param {File} file @returns {Promise<Uint8Array>} */
const octetsOf = async (file) => new Uint8Array(await file.arrayBuffer());

/** Lets the page show what was said before the processor is busy. */
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

function watch(form) {
  const field = (name) => form.elements.namedItem(name);
  const [content, upload] = [field('s_content'), form.querySelector('#s_upload')];
  const say = (text) => {
    form.querySelector('[data-status]').textContent = text;
  };
  form.querySelector('[data-upload]').hidden = false;

  /** What SM2 signs for the chosen certificate; nothing without one, or with one that is none. */
  async function signedValue(octets) {
    const [certificate] = field('s_certificate').files;
    if (!certificate) return '';
    try {
      const typed = field('s_user').value.trim();
      const key = publicKeyOf(await octetsOf(certificate));
      return hex(digest(key, typed ? utf8(typed) : DEFAULT_ID, octets));
    } catch {
      return '';
    }
  }

  form.addEventListener('submit', async (event) => {
    const [file] = content.files;
    field('s_e').value = '';
    if (!file || upload.checked) return;
    event.preventDefault();
    if (file.size > MOST_OCTETS) {
      say('原文超过 100 MB，不能在浏览器里计算。请用 openssl dgst -sm3 计算 SM3 值，填入“原文的 SM3 值”。');
      return;
    }
    say('正在您的电脑上计算杂凑值，请稍候……');
    await painted();
    try {
      const octets = await octetsOf(file);
      field('s_digest').value = hex(sm3(octets));
      field('s_e').value = await signedValue(octets);
    } catch {
      say('原文不能读取。请重新选择文件。');
      return;
    }
    // A disabled field is not sent.
    content.disabled = true;
    form.submit();
  });
  // Back from the report: everything can be chosen again.
  addEventListener('pageshow', () => {
    content.disabled = false;
    say('');
  });
}

for (const form of document.querySelectorAll('form[data-verify]')) watch(form);
