import { diagnose } from '../doctor/diagnose.ts';
import type { Route } from '../route.ts';

export const doctorRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/doctor',
    doc: 'What a person on call would look at: `findings`, the worst first, each with its `severity` (`critical`, `warning`, `notice`, `fine`), what was found (`message`) and what to do (`cure`).',
    handle: async (_asked, service) => ({ findings: await diagnose(service) }),
  },
];
