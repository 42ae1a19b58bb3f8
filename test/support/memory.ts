import { readFileSync, writeFileSync } from 'node:fs';

/** Forgets the most memory that the process has held so far; what it holds now, in bytes. */
export function startPeak(pid: number): number {
  // man 5 proc: 5 resets VmHWM.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return peakBytes(pid);
}

/** The most memory that the process has held, in bytes. */
export function peakBytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
