// The worker: one job, one answer. The page ends it afterwards, and its memory with it.

import { JOBS } from './jobs.js';
import { Refusal } from './refusal.js';

addEventListener('message', async ({ data: { job, order } }) => {
  try {
    postMessage({ done: await JOBS[job](order) });
  } catch (error) {
    postMessage({ code: error instanceof Refusal ? error.code : 'fault' });
  }
});
