import { expect, it } from 'vitest';
import { importProcfile } from '../../../src/migrate/procfile.ts';

const entriesOf = (text: string) =>
  Object.fromEntries(importProcfile(text, 'Procfile').apps[0]?.entries ?? []);

it.each([
  ['web: node server.js', { app: 'node server.js' }],
  ['web: npm start', { app: 'npm start' }],
  ["web: node server.js --title 'my shop'", { app: "node server.js --title 'my shop'" }],
  ['web: node "my server.js"', { app: "node 'my server.js'" }],
  ['web: A=1 node --import tsx server.ts -v', { env: { A: '1' }, app: 'node --import tsx server.ts -v' }],
])('%s is the application', (text, entries) => {
  expect(entriesOf(text)).toEqual(entries);
});

it('makes companions of the other processes', () => {
  const text =
    '# a comment\nweb: node a.js\nworker: node jobs.js\nclock: A=$B node clock.js\nrelease: npm run migrate\n';
  expect(entriesOf(text).companions).toEqual({
    worker: { run: ['node', 'jobs.js'] },
    clock: { run: ['sh', '-c', 'A=$B node clock.js'] },
  });
  const remarks = importProcfile(text, 'Procfile').apps[0]?.remarks.map(({ what, how }) => `${what} ${how}`);
  expect(remarks).toEqual(['PORT differently', 'worker, clock differently', 'release not']);
});

it('says where a shell would be needed', () => {
  const [app] = importProcfile('web: cd app && node server.js', 'Procfile').apps;
  expect(app?.remarks[0]).toMatchObject({ what: 'web: cd app && node server.js', how: 'not' });
});

it.each([
  ['worker: node x.js', 'it has no web process'],
  ['web node x.js', 'expected name: command, got web node x.js'],
])('refuses %s', (text, message) => {
  expect(() => importProcfile(text, 'Procfile')).toThrow(message);
});
