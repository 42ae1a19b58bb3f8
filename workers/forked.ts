// What process.argv[1] names in a worker: an application that forks it means itself, and would get a worker.
process.stderr.write(
  'tsunicorn: process.argv[1] names a worker of tsunicorn, which only its arbiter can start; fork a file by its name, such as fork(import.meta.filename)\n',
);
process.exit(1);
