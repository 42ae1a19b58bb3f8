// process.argv[1] of a worker names this file. An application that forks process.argv[1] means itself, not a worker.
process.stderr.write(
  'tsunicorn: process.argv[1] names a worker of tsunicorn, which only its arbiter can start; fork a file by its name, such as fork(import.meta.filename)\n',
);
process.exit(1);
