import type { RawCase } from './case.ts';
import { fields } from './fields.ts';
import { framing } from './framing.ts';
import { lines } from './lines.ts';
import { protocols } from './protocols.ts';

/** Requests as bytes, with what must become of each and of what comes behind it (docs/edge.md). */
export const rawCases: readonly RawCase[] = [...lines, ...fields, ...framing, ...protocols];
