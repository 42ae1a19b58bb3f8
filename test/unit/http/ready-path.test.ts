import { expect, it } from 'vitest';
import { readinessAt } from '../../../src/http/ready-path.ts';
import { get, startEngine } from '../../support/http-engine.ts';

it('the ready path is the application’s until readiness is off, then it is answered with 503 on a kept connection', async () => {
  const readiness = readinessAt('/ready');
  const engine = await startEngine({
    handler: readiness.guard((request, response) => response.end(`app ${request.url}`)),
  });
  const wire = await engine.send(get('/ready'));
  await wire.until(/app \/ready/);
  readiness.turnOff();
  wire.write(get('/ready') + get('/ready?verbose'));
  await wire.until(/(503 Service Unavailable.*going away.*){2}/s);
  wire.write(get('/ready').replace('GET', 'HEAD'));
  await wire.until(/(503 Service Unavailable.*){3}/s);
  wire.write(get('/readyness') + get('/ready').replace('GET', 'POST'));
  await wire.until(/app \/readyness.*app \/ready$/s);
  expect(wire.text).not.toMatch(/Connection: close/i);
  expect(wire.text.match(/going away/g)).toHaveLength(2);
});
