import type { Route } from './route.ts';
import { statusRoutes } from './routes/status.ts';

/** Everything that can be asked at the control socket. */
export const routes: readonly Route[] = [...statusRoutes];
