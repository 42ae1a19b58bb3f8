import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { built, type Candidate, server, tsunicorn } from './candidate.ts';

/** One file of a size, sent by two processes each; nginx is the peer that people know. `scratch` gets the file. */
export function staticCandidates(scratch: string, bytes: number): readonly Candidate[] {
  const directory = join(scratch, `static-${bytes}`);
  if (scratch !== '') {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'index.html'), 'x'.repeat(bytes));
  }
  return [
    {
      name: 'nginx',
      processes: 2,
      command: [process.execPath, server('nginx.js'), '2', directory],
      needs: { command: 'nginx', package: 'nginx' },
    },
    {
      name: 'tsunicorn static',
      processes: 2,
      command: [process.execPath, built, '-w', '2', '-b', '127.0.0.1:0', '--static', `/=${directory}`],
    },
    // For information: the same bytes from the memory of an application.
    {
      name: 'tsunicorn app',
      processes: 2,
      command: tsunicorn('static-app.js', 2, '--env', `STATIC=${directory}`),
    },
  ];
}
