// What argv[2] threads can burn in argv[3] seconds with nothing around them: prints handlers a second.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { app } from './burn.js';

if (isMainThread) {
  const [threads, seconds] = process.argv.slice(2).map(Number);
  const counts = Array.from({ length: threads }, () => {
    const thread = new Worker(new URL(import.meta.url), { workerData: seconds });
    return new Promise((resolve) => thread.once('message', resolve));
  });
  const burnt = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  console.log(burnt / seconds);
} else {
  const until = performance.now() + workerData * 1000;
  let count = 0;
  for (; performance.now() < until; count += 1) app(null, { end() {} });
  parentPort.postMessage(count);
}
