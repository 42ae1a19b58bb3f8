// node:cluster as its documentation shows it, with a new worker for each that ends: argv[2] workers over operated.js.
import cluster from 'node:cluster';

if (cluster.isPrimary) {
  for (let started = 0; started < Number(process.argv[2]); started += 1) cluster.fork();
  cluster.on('exit', ({ process: { pid } }, status, signal) => {
    console.error(`worker ${pid} ended with ${signal ?? status}`);
    cluster.fork();
  });
} else {
  await import('./operated-program.js');
}
