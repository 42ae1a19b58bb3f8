import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { Readers } from '../../../src/page/readers.ts';

/** A response whose client reads, or has stopped. */
class Response extends EventEmitter {
  writableNeedDrain = false;
  readonly written: string[] = [];

  write(text: Buffer | string): void {
    this.written.push(String(text));
  }

  destroy(): void {
    this.emit('close');
  }
}

it('a reader that does not read misses messages, and is let go after 10 of them', () => {
  const readers = new Readers();
  const [alive, dead] = [new Response(), new Response()];
  const left: string[] = [];
  for (const [name, response] of Object.entries({ alive, dead }))
    readers.add(response as unknown as ServerResponse, 'hello', () => void left.push(name));
  readers.send(Buffer.from('1'));
  dead.writableNeedDrain = true;
  for (let sent = 2; sent < 12; sent++) readers.send(Buffer.from(`${sent}`));
  expect(readers.count).toBe(2);
  expect(dead.written).toEqual(['hello', '1']);
  // One that reads again in time is none of them.
  dead.writableNeedDrain = false;
  readers.send(Buffer.from('12'));
  dead.writableNeedDrain = true;
  for (let sent = 13; sent < 24; sent++) readers.send(Buffer.from(`${sent}`));
  expect(left).toEqual(['dead']);
  expect(readers.count).toBe(1);
  expect(alive.written).toHaveLength(24);
});
