import { describe, expect, it } from 'vitest';
import { isSettingName, settingNames, settingOf } from '../../../src/settings/catalogue/catalogue.ts';
import { withoutEffect, withoutRestart } from '../../../src/settings/effects.ts';
import { loadedWith } from '../../support/fake-service.ts';
import { loading } from './loading.ts';

const { load, write } = loading();

async function remarks(args: string): Promise<readonly string[]> {
  return withoutEffect(await load(args)).map(({ line }) => line);
}

describe('a setting without effect', () => {
  it.each([
    ['--threads 4', '--threads has no effect in class async, only with --worker-class thread'],
    ['--threads 1 -k sync', '--threads has no effect in class sync, only with --worker-class thread'],
    ['--thread-queue 3', '--thread-queue has no effect in class async, only with --worker-class thread'],
    [
      '--thread-max-memory 64M',
      '--thread-max-memory has no effect in class async, only with --worker-class thread',
    ],
    [
      '--keep-alive 5 -k sync',
      '--keep-alive has no effect in class sync, only with --worker-class async or --worker-class thread',
    ],
    ['--max-requests-jitter 5', '--max-requests-jitter has no effect without --max-requests'],
    ['--max-lifetime-jitter 5', '--max-lifetime-jitter has no effect without --max-lifetime'],
    ['--access-logformat json', '--access-logformat has no effect without --access-logfile or --syslog'],
    ['--syslog-to udp://a', '--syslog-to has no effect without --syslog'],
    ['--syslog-prefix a', '--syslog-prefix has no effect without --syslog'],
    ['--syslog-facility daemon', '--syslog-facility has no effect without --syslog'],
    ['--reload-extra-file a', '--reload-extra-file has no effect without --reload'],
    ['--reload --reload-batch 2', '--reload-batch has no effect with --reload'],
  ])('is said of %s', async (args, line) => {
    expect(await remarks(args)).toEqual([line]);
  });

  it.each([
    '',
    '-k thread --threads 4 --thread-queue 3 --thread-max-memory 64M',
    '-k sync --threads 4 --thread-queue 3',
    '--thread-queue 512',
    '--max-requests 10 --max-requests-jitter 5',
    '--syslog --syslog-to udp://a --syslog-prefix a --syslog-facility daemon --access-logformat json',
    '--access-logfile - --access-logformat json',
    '--reload-batch 2',
  ])('is none with "%s"', async (args) => {
    expect(await remarks(args)).toEqual([]);
  });

  it('names the file where it is written there', async () => {
    write('tsunicorn.config.json', '{"threads": 2}');
    expect(await remarks('')).toEqual([
      expect.stringMatching(/^tsunicorn\.config\.json: threads has no effect/),
    ]);
  });
});

it('what a setting needs is in the catalogue', () => {
  const needed = settingNames.flatMap((name) => {
    const { needs } = settingOf(name);
    if (needs === undefined || 'classes' in needs) return [];
    return 'anyOf' in needs ? needs.anyOf : [needs.notWith];
  });
  expect(needed.filter((name) => !isSettingName(name))).toEqual([]);
});

describe('a setting that takes a restart', () => {
  it('stays as it is in force, and is named with both values', () => {
    const { settings } = loadedWith({ umask: 0o22 });
    const { loaded, remarks: said } = withoutRestart(loadedWith({ umask: 0o77, keepAlive: 3 }), settings);
    expect(loaded.settings).toMatchObject({ umask: 0o22, keepAlive: 3 });
    expect(said).toEqual([
      { setting: '--umask', line: '--umask needs a restart: it stays 022, and 077 is not applied' },
    ]);
  });

  it('is not mentioned where it did not change', () => {
    const { settings } = loadedWith({ umask: 0o22, reload: true });
    expect(withoutRestart(loadedWith({ umask: 0o22, reload: true }), settings).remarks).toEqual([]);
  });
});
