// Where a page has forms over a key file: shows them and has them work. Without this script, and where
// the connection is not safe (no Web Cryptography then), they stay hidden and the other ways are there.

import { KeyFileForm, offer } from './form.js';
import { isInTheClear } from './keyfile.js';
import { refuse } from './refusal.js';

const chosen = async (form) => (await form.file('key')) ?? refuse('file-missing');

/** Signs what the assistant would be asked to sign, and goes where the assistant would lead. */
function signing(element) {
  const asked = document.querySelector('form[data-ask]');
  const value = (name) => asked.elements.namedItem(name).value;
  const back = new URL(value('return'), location.href);
  // A signature goes to this site alone.
  if (back.origin !== location.origin) return;
  const order = async (form) => ({
    certificate: await form.file('certificate'),
    key: await chosen(form),
    passphrase: form.text('passphrase'),
    purpose: value('purpose'),
    text: value('text'),
  });
  new KeyFileForm(element, 'sign', order, ({ signature, key }, form) => {
    form.empty();
    back.searchParams.set('signature', signature);
    back.searchParams.set('key', key);
    location.assign(back);
  });
}

/** Puts a request into the field of the page. @param {string} request */
function fillIn(request) {
  const field = document.getElementById('csr');
  field.value = request;
  field.focus();
}

function requesting(element) {
  const order = async (form) => ({ key: await chosen(form), passphrase: form.text('passphrase') });
  new KeyFileForm(element, 'request', order, ({ request }, form) => {
    form.empty();
    form.say('证书请求已填入下面的“粘贴请求内容”，请点“提交并签发证书”。');
    fillIn(request);
  });
}

/** Today as the name of a file has it. */
const today = () => new Date().toLocaleDateString('sv').replaceAll('-', '');

function making(element) {
  let ready = '';
  const saved = element.querySelector('[data-saved]');
  const link = element.querySelector('[data-offer] a');
  const order = async (form) => {
    if (!form.field('agreed').checked) refuse('not-agreed');
    return { passphrase: form.text('passphrase'), again: form.text('again') };
  };
  const form = new KeyFileForm(element, 'make', order, ({ file, request }) => {
    ready = request;
    saved.checked = false;
    saved.disabled = true;
    offer(link, `签名密钥-${today()}.key.pem`, file);
    form.say('密钥已经生成，还没有保存。请下载密钥文件。');
    link.focus();
  });
  link.addEventListener('click', () => {
    saved.disabled = false;
  });
  saved.addEventListener('change', () => {
    if (!saved.checked) return;
    const asksForRequest = document.getElementById('csr') !== null;
    form.say(element.dataset.then);
    if (asksForRequest) fillIn(ready);
  });
}

function opening(element) {
  const order = async (form) => ({
    response: (await form.file('response')) ?? refuse('response-missing'),
    key: await chosen(form),
    passphrase: form.text('passphrase'),
    again: form.text('again'),
  });
  const form = new KeyFileForm(element, 'open', order, ({ sign, encryption, file }, form) => {
    form.empty();
    again.hidden = true;
    const links = element.querySelectorAll('[data-offer] a');
    const files = [['签名证书.pem', sign], ['加密证书.pem', encryption], ['加密密钥.key.pem', file]];
    files.forEach(([name, text], at) => text && offer(links[at], name, text));
    form.say('签发结果已经打开，请保存下面的文件。');
    links[0].focus();
  });
  // A key file without a passphrase: the one for the new file is set here, and is typed twice.
  const again = element.querySelector('[data-again]');
  form.field('key').addEventListener('change', async () => {
    const key = await form.file('key').catch(() => null);
    again.hidden = !(key && isInTheClear(key));
    form.field('again').value = '';
  });
}

const WAYS = { sign: signing, request: requesting, make: making, open: opening };

if (globalThis.isSecureContext && globalThis.Worker && globalThis.crypto?.subtle) {
  for (const element of document.querySelectorAll('form[data-keyfile]')) WAYS[element.dataset.keyfile](element);
}
