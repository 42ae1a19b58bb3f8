import { WaitReader } from '../../admin/waits.ts';
import type { Controlled } from '../controlled.ts';
import { fullStatus } from '../routes/status.ts';
import { code, disks } from './files.ts';
import type { Check, Finding, Severity } from './finding.ts';
import { memory, openFiles, processors, rights } from './limits.ts';
import { conditions, failures } from './logged.ts';
import { clock, grace } from './platform.ts';
import { changes, deaths, loops, workers } from './serving.ts';
import { balance, queues, requests } from './waiting.ts';

const CHECKS: readonly Check[] = [
  ...[workers, loops, deaths, conditions, requests, queues, memory, openFiles, disks, changes, code],
  ...[balance, failures, processors, clock, rights],
];

const ORDER: readonly Severity[] = ['critical', 'warning', 'notice', 'fine'];

/** Looks at everything that a person on call would look at, the worst first. */
export async function diagnose(service: Controlled): Promise<readonly Finding[]> {
  const status = fullStatus(service, await new WaitReader().read(service.listeners()));
  const patient = { service, status, nowMs: Date.now() };
  const found = [...CHECKS.flatMap((check) => check(patient)), ...(await grace(patient))];
  return found.toSorted((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity));
}
