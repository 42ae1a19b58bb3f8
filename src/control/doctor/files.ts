import { dirname, join, resolve } from 'node:path';
import { inMiB } from '../../process/available-memory.ts';
import { ownInstallation, versionOf } from '../../process/installation.ts';
import { fs } from '../../support/builtins.ts';
import { codeOf } from '../../support/errors.ts';
import { type Check, type Finding, fine, type Patient } from './finding.ts';

const LITTLE_BYTES = 64 * 1024 ** 2;
const NOTHING_BYTES = 1024 ** 2;
/** Counters and records need little more than a megabyte, and all of /dev/shm is 64 MB in a container. */
const LITTLE_SHARED_BYTES = 8 * 1024 ** 2;
const SHARED = '/dev/shm';

/** Whether the logs can be written, and where counters and heaps go. */
export const disks: Check = ({ service }) => {
  const { errorLogfile, accessLogfile, chdir } = service.loaded().settings;
  const files = [errorLogfile, accessLogfile].flatMap((file) =>
    file === null || file === '-' ? [] : [resolve(chdir ?? '.', file)],
  );
  const found = [...new Set(files)].flatMap(aboutLog);
  // What is in /dev is no file: /dev/stderr.
  const directories = files.map(dirname).filter((directory) => !directory.startsWith('/dev'));
  const full = [...new Set([...directories, SHARED])].flatMap(aboutDisk);
  return found.length + full.length === 0 ? fine('logs', 'can be written') : [...found, ...full];
};

function aboutLog(file: string): Finding[] {
  try {
    fs.accessSync(file, fs.constants.W_OK);
    return [];
  } catch (error) {
    const isGone = codeOf(error) === 'ENOENT';
    return [
      {
        check: 'logs',
        severity: 'warning',
        message: isGone
          ? `${file} is gone: what is logged goes to a file without a name, or the one it was renamed to`
          : `${file} cannot be written: ${codeOf(error)}`,
        cure: isGone
          ? 'tsunicornctl reopen, as the tool that rotates logs should'
          : 'mend its owner and mode',
      },
    ];
  }
}

function aboutDisk(directory: string): Finding[] {
  try {
    const { bavail, bsize } = fs.statfsSync(directory);
    const left = bavail * bsize;
    if (left >= (directory === SHARED ? LITTLE_SHARED_BYTES : LITTLE_BYTES)) return [];
    return [
      {
        check: 'disk',
        severity: left < NOTHING_BYTES ? 'critical' : 'warning',
        message: `only ${inMiB(left)} are left in ${directory}`,
        cure: `df ${directory}; du -x ${directory} | sort -n | tail`,
      },
    ];
  } catch {
    // It is not there, as /dev/shm on other systems.
    return [];
  }
}

/** Whether what runs is what lies on the disk. */
export const code: Check = (patient) => {
  const found = [...installation(patient), ...packages(patient), ...release(patient)];
  return found.length === 0 ? fine('code', 'what lies on the disk is what runs') : found;
};

function installation({ service: { version } }: Patient): Finding[] {
  const now = versionOf(ownInstallation);
  if (now === version) return [];
  const message =
    now === null
      ? `${ownInstallation}, from which this arbiter was started, is gone`
      : `tsunicorn ${now} is installed, and ${version} runs`;
  const cure = 'tsunicornctl upgrade --wait --finish starts the one that is installed now';
  return [{ check: 'code', severity: 'warning', message, cure }];
}

/** npm writes that file whenever it changes anything. */
function packages({ service, status, nowMs }: Patient): Finding[] {
  const { file } = service.journal;
  const changedMs = file === null ? null : changeOf(dirname(file));
  if (changedMs === null) return [];
  const started = status.processes.flatMap(({ state, uptimeSeconds }) =>
    state === 'ready' && uptimeSeconds !== null ? [nowMs - (uptimeSeconds + 1) * 1000] : [],
  );
  const before = started.filter((startedMs) => startedMs < changedMs).length;
  if (before === 0) return [];
  return [
    {
      check: 'code',
      severity: 'warning',
      message: `node_modules was changed at ${new Date(changedMs).toISOString()}, after ${before} of ${started.length} workers had been started: what they load later may not fit`,
      cure: 'tsunicornctl reload --wait',
    },
  ];
}

function changeOf(from: string): number | null {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      return fs.statSync(join(folder, 'node_modules/.package-lock.json')).mtimeMs;
    } catch {
      // Not at this depth.
    }
    if (folder === dirname(folder)) return null;
  }
}

/**
 * Whether the link by which the service was started leads elsewhere now. What the shell calls its directory is not read again
 * here: it may be that of whoever started the shell, and a path with a link of its own.
 */
function release({ service }: Patient): Finding[] {
  const { named, now } = service.directory();
  try {
    const led = fs.realpathSync(named);
    if (led === fs.realpathSync(now)) return [];
    const message = `${named} leads to ${led} now, and what serves was loaded in ${now}`;
    const cure = 'tsunicornctl reload --wait loads the release that the link leads to';
    return [{ check: 'code', severity: 'notice', message, cure }];
  } catch {
    // The link is gone: a reload says so.
    return [];
  }
}
