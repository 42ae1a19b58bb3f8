import { fs } from '../support/builtins.ts';
import { FIGURES, figureNames, HEADER } from './layout.ts';
import { BASE_BYTES, BLOCK_BYTES, HEAD_BYTES, positionOf } from './place.ts';
import { addSeries, BASE_SERIES, blockLength, usedOf, WORKER_SERIES } from './series.ts';

// A file of counters: its own description, then the block of an arbiter, then one block for each worker process.

const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
/** More than all processes of a service need. A worker has the file too, and might extend it. */
const MOST_BYTES = 64 * 1024 * 1024;
/** How often a block that changes is read again. */
const TRIES = 20;

/** How the blocks of a file are laid out, as the file itself says; `base` and `block` are numbers from one to the next. */
interface Form {
  readonly version: number;
  readonly base: number;
  readonly block: number;
  readonly figures: readonly string[];
}

const OURS: Form = {
  version: 1,
  base: BASE_BYTES / NUMBER_BYTES,
  block: BLOCK_BYTES / NUMBER_BYTES,
  figures: figureNames(),
};

/** Writes how the blocks are laid out. Throws where the file cannot be written. */
export function describeFile(fd: number): void {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(`${JSON.stringify(OURS)}\n`);
  fs.writeSync(fd, head, 0, head.length, 0);
}

/** The numbers of an arbiter's block, all 0. */
export function emptyBase(): Float64Array {
  return new Float64Array(blockLength(BASE_SERIES));
}

/** Writes the arbiter's block. */
export function writeBase(fd: number, base: Float64Array): void {
  const used = usedOf(base);
  fs.writeSync(fd, used, 0, used.byteLength, HEAD_BYTES);
}

/** Writes whether blocks are being changed: odd while they are. */
export function writeOwner(fd: number, state: number): void {
  fs.writeSync(fd, Float64Array.of(state), 0, NUMBER_BYTES, HEAD_BYTES);
}

/** Overwrites the block of a worker with zeros. */
export function clearBlock(fd: number, number: number): void {
  const zeros = new Uint8Array(BLOCK_BYTES);
  fs.writeSync(fd, zeros, 0, zeros.length, positionOf(number));
}

/** The block of one worker. */
export function readBlock(fd: number, number: number): Float64Array {
  const block = new Float64Array(blockLength(WORKER_SERIES));
  fs.readSync(fd, block, 0, block.byteLength, positionOf(number));
  return block;
}

/** What a file of counters holds; the figures are in our layout, whatever version has written them. */
export interface Blocks {
  readonly base: Block;
  /** Of the worker processes that count, or have ended and are not added to the base yet. */
  readonly workers: readonly Block[];
}

/** The numbers of a block up to FIGURES, and its series as [sum, …buckets] by key. */
export interface Block {
  readonly figures: Float64Array;
  readonly series: ReadonlyMap<number, Float64Array>;
}

/** A block in our own layout. */
export function decode(block: Float64Array): Block {
  const series = new Map<number, Float64Array>();
  addSeries(block, series);
  return { figures: block.subarray(0, FIGURES), series };
}

/**
 * The blocks of the workers in a file of our own: of its form nothing has to be read, and nobody moves numbers meanwhile. A
 * scrape waits for this, so that it does not take new memory each time.
 */
export class WorkerBlocks {
  #numbers = new Float64Array(0);

  /** Of those that count, or have ended and are not added to the base yet. Throws where the file cannot be read. */
  read(fd: number): readonly Block[] {
    const from = positionOf(0);
    const room = Math.min(fs.fstatSync(fd).size, MOST_BYTES) - from;
    if (room <= 0) return [];
    const length = Math.ceil(room / NUMBER_BYTES);
    if (this.#numbers.length < length) this.#numbers = new Float64Array(length);
    const bytes = fs.readSync(fd, this.#numbers, 0, length * NUMBER_BYTES, from);
    const numbers = this.#numbers.subarray(0, Math.floor(bytes / NUMBER_BYTES));
    const blocks: Block[] = [];
    for (let at = 0; at < numbers.length; at += OURS.block)
      if ((numbers[at + HEADER.owner] ?? 0) > 0)
        // A copy, as the memory is used again.
        blocks.push(decode(usedOf(numbers.subarray(at, at + OURS.block)).slice()));
    return blocks;
  }
}

/** Reads all blocks of a file; null where nothing of a form that we know is in it yet. */
export function readFile(fd: number): Blocks | null {
  const form = formOf(fd);
  if (form === null) return null;
  const numbers = readNumbers(fd);
  // The last one ends where its worker has written last.
  const count = Math.max(0, Math.ceil((numbers.length - form.base) / form.block));
  const translate = translator(form);
  const at = (from: number, length: number) => translate(numbers.subarray(from, from + length));
  const workers = Array.from({ length: count }, (_, number) =>
    at(form.base + number * form.block, form.block),
  );
  return {
    base: at(0, form.base),
    workers: workers.filter(({ figures }) => (figures[HEADER.owner] ?? 0) > 0),
  };
}

function formOf(fd: number): Form | null {
  const head = Buffer.alloc(HEAD_BYTES);
  fs.readSync(fd, head, 0, head.length, 0);
  try {
    const form = JSON.parse(head.toString('utf8', 0, Math.max(0, head.indexOf(10)))) as Form;
    return form.version === OURS.version ? form : null;
  } catch {
    // The arbiter that it was made for has not written it yet.
    return null;
  }
}

/** Reads again while the arbiter whose file it is moves numbers from one block to another. */
function readNumbers(fd: number): Float64Array {
  let numbers = new Float64Array(0);
  for (let tries = 0; tries < TRIES; tries++) {
    const bytes = Math.min(fs.fstatSync(fd).size, MOST_BYTES) - HEAD_BYTES;
    numbers = new Float64Array(Math.max(0, Math.floor(bytes / NUMBER_BYTES)));
    fs.readSync(fd, numbers, 0, numbers.byteLength, HEAD_BYTES);
    const state = new Float64Array(1);
    fs.readSync(fd, state, 0, NUMBER_BYTES, HEAD_BYTES);
    if (state[0] === numbers[0] && (state[0] ?? 0) % 2 === 0) break;
  }
  return numbers;
}

function translator(form: Form): (block: Float64Array) => Block {
  if (form.figures.join() === OURS.figures.join()) return decode;
  const from = new Map(form.figures.map((name, at) => [name, at]));
  const { length } = form.figures;
  return (block) => {
    const series = new Map<number, Float64Array>();
    addSeries(block, series, length);
    const figures = new Float64Array(FIGURES);
    for (const [at, name] of OURS.figures.entries()) {
      // The header has no names, and the same places in all versions.
      const source = name === '' ? at : from.get(name);
      if (source !== undefined) figures[at] = block[source] ?? 0;
    }
    return { figures, series };
  };
}
