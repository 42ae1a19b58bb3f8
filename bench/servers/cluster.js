// node:cluster as its documentation shows it, round-robin: argv[2] workers on one port over the application argv[3].
import cluster from 'node:cluster';

function lead(count) {
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    listening += 1;
    if (listening === count) console.log(`listening at http://127.0.0.1:${port}`);
  });
  for (let started = 0; started < count; started += 1) cluster.fork();
}

if (cluster.isPrimary) {
  lead(Number(process.argv[2]));
} else {
  const { app } = await import(`./${process.argv[3]}`);
  const { createServer } = process.getBuiltinModule('node:http');
  createServer({ keepAliveTimeout: 75_000 }, app).listen(0, '127.0.0.1');
}
