import type { Route } from './route.ts';
import { changeRoutes } from './routes/changes.ts';
import { doctorRoutes } from './routes/doctor.ts';
import { eventRoutes } from './routes/events.ts';
import { heapRoutes } from './routes/heap.ts';
import { inspectRoutes } from './routes/inspect.ts';
import { logRoutes } from './routes/logs.ts';
import { singleRoutes } from './routes/single.ts';
import { statusRoutes } from './routes/status.ts';
import { workerRoutes } from './routes/workers.ts';

/** Everything that can be asked at the control socket. */
export const routes: readonly Route[] = [
  ...statusRoutes,
  ...doctorRoutes,
  ...workerRoutes,
  ...eventRoutes,
  ...logRoutes,
  ...changeRoutes,
  ...singleRoutes,
  ...inspectRoutes,
  ...heapRoutes,
];
