import { WaitReader, type Waits } from '../../admin/waits.ts';
import type { Controlled } from '../controlled.ts';
import { fullStatus } from '../routes/status.ts';
import { WorkerLogs } from '../worker-logs.ts';
import { certificates } from './certificates.ts';
import { code, disks } from './files.ts';
import type { Check, Finding, Logged, Patient, Severity } from './finding.ts';
import { memory, openFiles, processors, rights } from './limits.ts';
import { conditions, failures, threads, timeouts } from './logged.ts';
import { clock, grace } from './platform.ts';
import { boots, changes, deaths, loops, workers } from './serving.ts';
import { answers, balance, queues, requests } from './waiting.ts';

const CHECKS: readonly Check[] = [
  ...[
    workers,
    boots,
    loops,
    deaths,
    threads,
    timeouts,
    conditions,
    requests,
    queues,
    memory,
    openFiles,
    disks,
    changes,
    code,
  ],
  ...[certificates, answers, balance, failures, processors, clock, rights],
];

/** To count open files the kernel has to list those of each worker, which may be ten thousands. */
const QUICK = CHECKS.filter((check) => check !== openFiles);

const ORDER: readonly Severity[] = ['critical', 'warning', 'notice', 'fine'];

/** Looks at everything that a person on call would look at, the worst first. */
export async function diagnose(service: Controlled): Promise<readonly Finding[]> {
  const patient = patientOf(service, await new WaitReader().read(service.listeners()));
  return sorted([...CHECKS.flatMap((check) => check(patient)), ...(await grace(patient))]);
}

/** As `diagnose`, of what can be seen soon and without asking another process: for who looks again and again. */
export function examine(service: Controlled, waits: Waits): readonly Finding[] {
  const patient = patientOf(service, waits);
  return sorted(QUICK.flatMap((check) => check(patient)));
}

function patientOf(service: Controlled, waits: Waits): Patient {
  let logged: Logged | null = null;
  return {
    ...{ service, status: fullStatus(service, waits), nowMs: Date.now() },
    logged() {
      logged ??= new WorkerLogs(service, { level: 'info', access: false }).recent();
      return logged;
    },
  };
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity));
}
