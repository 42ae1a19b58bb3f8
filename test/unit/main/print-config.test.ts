import { expect, it } from 'vitest';
import { parseArguments } from '../../../src/main/options.ts';
import { renderConfig } from '../../../src/main/print-config.ts';
import { isSettingName, settingNames, settingOf } from '../../../src/settings/catalogue/catalogue.ts';
import { loadSettings } from '../../../src/settings/load.ts';

const input = { cwd: import.meta.dirname, parse: parseArguments, applyEnvironment: () => {} };

it('prints every setting once, in the order of the catalogue', async () => {
  const lines = renderConfig(await loadSettings({ ...input, argv: [], env: {} }))
    .trimEnd()
    .split('\n');
  const names = lines.map((line) => line.replace(/ .*/, ''));
  expect(names).toEqual(settingNames.filter((name) => settingOf(name).reach !== 'argumentsOnly'));
  expect(names.every(isSettingName)).toBe(true);
});

it('tells where each value comes from, and names the hooks last', async () => {
  const env = { PORT: '5000', TSUNICORN_CMD_ARGS: '-t 5' };
  const loaded = await loadSettings({ ...input, argv: ['-w', '2', 'a.ts'], env });
  const config = { source: 'config', name: '/srv/tsunicorn.config.ts' } as const;
  const text = renderConfig({
    ...loaded,
    configFile: config.name,
    origins: { ...loaded.origins, backlog: config },
    hookOrigins: { preFork: config, onExit: { ...config, owner: 'Production' } },
  });
  expect(text.replace(/ +/g, ' ').split('\n')).toEqual(
    expect.arrayContaining([
      'app = a.ts # command line module:export',
      'bind = 0.0.0.0:5000 # environment PORT',
      'backlog = 2048 # tsunicorn.config.ts',
      'workers = 2 # command line --workers',
      'timeout = 5 # TSUNICORN_CMD_ARGS --timeout',
      'umask = none # default',
    ]),
  );
  expect(
    text
      .trimEnd()
      .split('\n')
      .slice(-2)
      .map((line) => line.replace(/ +/g, ' ')),
  ).toEqual(['preFork = hook # tsunicorn.config.ts', 'onExit = hook # tsunicorn.config.ts:Production']);
});

it('aligns the origins of all but very long values', async () => {
  const text = renderConfig(await loadSettings({ ...input, argv: [], env: {} }));
  const columns = text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(accessLogformat|forwarderHeaders|secureSchemeHeaders) /.test(line));
  expect(new Set(columns.map((line) => line.indexOf('# '))).size).toBe(1);
});
