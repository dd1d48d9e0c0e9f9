// Does what `keyfile.rs` orders, by the scripts of the pages: JSON in, JSON out.

import fs from 'node:fs';
import { fromHex, hex } from '../../assets/keyfile/bytes.js';
import { JOBS } from '../../assets/keyfile/jobs.js';
import { hmac, sm3 } from '../../assets/keyfile/sm3.js';

const answers = [];
for (const { key, passphrase, text, octets } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  const order = { passphrase, certificate: null, purpose: 'act', text };
  answers.push({
    ...(await JOBS.sign({ ...order, key: fromHex(key) })),
    ...(await JOBS.request({ ...order, key: fromHex(key) })),
    sm3: hex(sm3(fromHex(octets))),
    hmac: hex(hmac(fromHex(octets), fromHex(octets))),
  });
}
console.log(JSON.stringify(answers));
