import type { Finding } from '../../control/doctor/finding.ts';
import { escapeControls } from '../../support/text.ts';
import type { Client } from '../client.ts';
import { STATUS } from '../failure.ts';
import type { Output } from '../output.ts';
import type { Verb } from '../verb.ts';

const STYLES = { critical: 'red', warning: 'yellow', notice: 'cyan', fine: 'green' } as const;
const WIDTH = 'critical'.length;

/** Everything that is looked at, the worst first. */
export async function findingsOf(client: Client, signal: AbortSignal): Promise<readonly Finding[]> {
  const { findings } = await client.get<{ readonly findings: readonly Finding[] }>('/v1/doctor', { signal });
  return findings;
}

/** What is wrong, a line or two each. */
export function findingLines(findings: readonly Finding[], out: Pick<Output, 'style'>): readonly string[] {
  return findings.flatMap(({ severity, check, message, cure }) => [
    `${out.style(STYLES[severity], severity.toUpperCase().padEnd(WIDTH))}  ${check}: ${escapeControls(message.split('\n', 1)[0] ?? '')}`,
    ...(cure === null ? [] : [`${' '.repeat(WIDTH)}  → ${escapeControls(cure)}`]),
  ]);
}

/** What a person on call would look at. */
export const doctor: Verb = {
  name: 'doctor',
  summary: 'what is wrong with the service, the worst first, and what to do about it',
  doc: 'Looks at workers, event loops, deaths and their causes, what the log says that lasts, requests without an answer, answers that are errors, queues, memory and open files against their limits, logs and disks, reloads and upgrades, whether what lies on the disk is what runs, certificates that expire, processor time, the clock, and whether systemd, Kubernetes or Docker waits for as long as requests may take. Nothing is changed.',
  exits: [
    { status: STATUS.warnings, doc: 'something is wrong, or soon will be' },
    { status: STATUS.critical, doc: 'clients suffer now' },
  ],
  async run({ service, json, out, signal }) {
    const client = await service();
    const findings = await findingsOf(client, signal);
    if (json) out.line(JSON.stringify({ schema: 1, findings }));
    else for (const line of findingLines(findings, out)) out.line(line);
    if (findings.some(({ severity }) => severity === 'critical')) return STATUS.critical;
    return findings.some(({ severity }) => severity === 'warning') ? STATUS.warnings : STATUS.done;
  },
};
