import { FlightTable } from '../src/flights/table.ts';
import { Connections } from '../src/http/connections.ts';
import type { Observer } from '../src/http/observer.ts';
import { createHttpServer, type HttpServerOptions } from '../src/http/server.ts';
import { systemClock } from '../src/support/clock.ts';
import { TrustedPeers } from '../src/support/trusted-peers.ts';
import { alternate, type CostRatio, costRatioOf, feed } from './alternate.ts';
import { findGenerator, runLoad } from './load.ts';
import { createProcesses } from './processes.ts';

const WARM_UP = 20;
const CONNECTIONS = 64;

/** Measures what an act costs that is done once more for each request. */
export interface ActBench {
  measure(act: Observer, options: { readonly seconds: number; readonly close: boolean }): Promise<CostRatio>;
}

/** An engine as a worker of class async has it by default, over a handler that answers "hello". */
export async function createActBench(options: Pick<HttpServerOptions, 'limits'> = {}): Promise<ActBench> {
  let act: Observer | null = null;
  let served = 0;
  const connections = new Connections(() => {}, new TrustedPeers(['127.0.0.1']));
  const engine = createHttpServer({
    application: {
      what: 'a handler',
      handler(_request, response) {
        served++;
        response.end('hello');
      },
    },
    ...{ connections, flights: new FlightTable(), clock: systemClock },
    observers: [(request, response, nowMs) => act?.(request, response, nowMs)],
    keepAliveMs: 5000,
    onError: (error) => console.error(error),
    ...options,
  });
  const url = await feed(engine, connections);
  return {
    async measure(once, { seconds, close }) {
      const processes = createProcesses();
      const load = { url, connections: CONNECTIONS, seconds: seconds + 1, close };
      const loaded = runLoad(findGenerator(), processes, load);
      const { ratios } = await alternate({
        seconds,
        warmUp: WARM_UP,
        served: () => served,
        set: (isOn) => {
          act = isOn ? once : null;
        },
      });
      await loaded;
      await processes.endAll();
      return costRatioOf(ratios);
    },
  };
}
