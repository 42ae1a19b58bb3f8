import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isEntry, ROOM_DOCS } from '../../../scripts/architecture-page.ts';
import { ROOMS } from '../../../scripts/arrows.ts';

const root = join(import.meta.dirname, '../../..');

it('the architecture page describes every room that there is, and no other', () => {
  const rooms = Object.keys(ROOMS).filter((room) => !isEntry(room));
  expect(Object.keys(ROOM_DOCS).toSorted()).toEqual(rooms.toSorted());
});

it('every folder of the source is a room, and every room is there', () => {
  const folders = ['src', 'workers'].flatMap((top) =>
    readdirSync(join(root, top), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${top}/${name}`),
  );
  expect(folders.filter((folder) => !(folder in ROOMS))).toEqual([]);
  const missing = Object.keys(ROOMS).filter(
    (room) => !existsSync(join(root, room)) && !existsSync(join(root, `${room}.ts`)),
  );
  expect(missing).toEqual([]);
});
