// Runs a job in a worker of its own, which ends with it: passphrase and key go with its memory.

/** No honest key file takes so long. */
const PATIENCE = 120_000;

/**
 * @param {'sign' | 'request' | 'make' | 'open'} job
 * @param {object} order as `jobs.js` has it; its octets move to the worker
 * @returns {Promise<{done?: object, code?: string}>}
 */
export function run(job, order) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    const end = (answer) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ code: 'too-long' }), PATIENCE);
    worker.addEventListener('message', ({ data }) => end(data));
    worker.addEventListener('error', () => end({ code: 'fault' }));
    const moved = Object.values(order).filter((part) => part instanceof Uint8Array);
    worker.postMessage({ job, order }, moved.map((octets) => octets.buffer));
  });
}
