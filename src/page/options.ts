import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Entrance } from '../admin/pages.ts';
import type { Controlled } from '../control/controlled.ts';
import type { RecordLog } from '../log/records.ts';
import type { Recorder } from './recorder.ts';

/** What the page is made of. */
export interface PageOptions {
  readonly service: Controlled;
  readonly recorder: Recorder;
  readonly log: RecordLog;
}

/** What answers, once it is loaded. */
export interface PageFront {
  answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): Promise<void>;
  close(): void;
}
